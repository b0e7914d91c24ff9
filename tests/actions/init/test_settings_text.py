"""The text of the settings: the real reader takes it for every shape of an app, and reads what was decided."""

from __future__ import annotations

import tomllib

import pytest
from jsonschema import Draft4Validator

from rajee_deploy.actions.init.decide import decide
from rajee_deploy.actions.init.found import Found, FoundApp, FoundImage, FoundStack, LoneDockerfile, ReadEntry
from rajee_deploy.actions.init.settings_text import SCHEMA_NAME, settings_text
from rajee_deploy.actions.init.write import write_settings
from rajee_deploy.settings import load
from rajee_deploy.settings.schema import schema

HERE, THERE = ("123456789012", "us-east-1"), ("210987654321", "eu-west-1")
IMAGE = FoundImage("Api.web", ("Api",), "Dockerfile", "svc", entries=(ReadEntry("app.py"),), files=1204)


def found(*stacks: FoundStack, app="infra", **more) -> Found:
    return Found(FoundApp(app, "Python", (), "2.1148.1", is_own_cli=True), stacks, **more)


SHAPES = {
    "one stack": (found(FoundStack("Api")), ""),
    "here": (found(FoundStack("Api"), app="."), ""),
    "beside": (found(FoundStack("Api"), app="../cdk"), ""),
    "image assets": (found(FoundStack("Api"), images=(IMAGE,)), ""),
    "left to the CDK": (found(FoundStack("Api"), images=(FoundImage("a", ("Api",), "D", obstacle="a program"),)), ""),
    "many stacks": (found(*(FoundStack(f"Stack-number-{n}") for n in range(20))), ""),
    "one account": (found(FoundStack("Api", *HERE)), ""),
    "one account, two regions": (found(FoundStack("A", *HERE), FoundStack("B", HERE[0], THERE[1])), ""),
    "a stage": (found(FoundStack("Prod/Api", *HERE)), ""),
    "a stage of several": (found(FoundStack("Dev/Api", *HERE), FoundStack("Prod/Api", *THERE)), "Dev"),
    "all stages": (found(FoundStack("Dev/Api", *HERE), FoundStack("Prod/Api", *THERE)), ""),
    "a pipeline": (found(FoundStack("Pipe", is_pipeline=True), FoundStack("Dev/A"), FoundStack("Prod/A")), ""),
    "a tag's parameter": (
        found(
            FoundStack("Registry", repositories=("team/api",)),
            FoundStack("Api", parameters=("ImageTag",)),
            dockerfiles=(LoneDockerfile("svc/Dockerfile", "svc"),),
        ),
        "",
    ),
    "a tag's parameter, and no more": (found(FoundStack("Api", parameters=("ImageTag",))), ""),
    "both": (found(FoundStack("Api", parameters=("ImageTag",)), images=(IMAGE,)), ""),
    "lone Dockerfiles": (
        found(FoundStack("Api"), dockerfiles=tuple(LoneDockerfile(f"{n}/Dockerfile", f"{n}") for n in "abc")),
        "",
    ),
    "odd names": (
        found(
            FoundStack("Api"),
            app='in"fra\\ö',
            images=(FoundImage('a"\n[cdk]\n', ("Api",), 'Docker\nfile"', 'x\u2028"'),),
            dockerfiles=(LoneDockerfile("a\nb/Dockerfile", "a\nb"),),
        ),
        "",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_editor_finds_the_schema_and_has_nothing_to_mark(shape):
    seen, stage = SHAPES[shape]
    text = settings_text(seen, decide(seen, (), stage))
    assert text.split("\n")[0] == f"#:schema ./{SCHEMA_NAME}"
    assert [each.message for each in Draft4Validator(schema()).iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize("shape", SHAPES)
def test_the_reader_takes_it_and_reads_what_was_decided(shape, tmp_path):
    seen, stage = SHAPES[shape]
    chosen = decide(seen, (), stage)
    root = tmp_path / "project"
    for name in (seen.app.directory, "svc"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / seen.app.directory / "cdk.json").write_text("{}")
    path = root / "rajee-deploy.toml"
    write_settings(path, settings_text(seen, chosen), [guard.name for guard in chosen.guards])

    settings = load(path)
    assert settings.cdk.stacks == chosen.stacks
    assert settings.cdk.app.resolve() == (root / seen.app.directory).resolve()
    assert settings.cdk.adopts_images == bool(chosen.adopted)
    assert [image.name for image in settings.images] == [table.name for table in chosen.images if table.is_whole]
    for guard in chosen.guards:
        own = load(path, guard.name)
        assert (own.account or "", own.region or "") == (guard.account, guard.region)
        assert own.cdk.stacks == (guard.stacks or chosen.stacks)
    assert [each.name for each in root.iterdir() if each.name.startswith(".")] == [], "no draft is left"


@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_there_as_a_comment_is_toml_too(shape):
    """Whoever takes the # away gets a table, but where dots are to be filled in."""
    seen, stage = SHAPES[shape]
    text = settings_text(seen, decide(seen, (), stage))
    keys = [line.removeprefix("# ") for line in text.split("\n") if line.startswith(("# [", "# infra", "# approval"))]
    assert keys
    for key in keys:
        assert tomllib.loads(key)


def test_lines_are_short_and_comments_stand_under_each_other():
    seen, _ = SHAPES["image assets"]
    lines = settings_text(seen, decide(seen, ())).split("\n")
    assert max(map(len, lines)) <= 110
    assert "#   Api.web: svc/Dockerfile reads 1 of 1,204 files" in lines
