"""What may stand where the cursor is."""

from __future__ import annotations

import pytest

from rajee_deploy.cli import ending
from rajee_deploy.cli.line import VERBS
from rajee_deploy.cli.shells.scripts import completed, split_line
from rajee_deploy.report.history import History, PastRun
from rajee_deploy.report.timings import Phase

SETTINGS = """
[images.api]
stack = "ApiStack"
[images.web]
[cdk]
stacks = ["ApiStack"]
parameters.ApiStack = { Size = "1" }
[environments.dev]
region = "eu-west-1"
[environments.prod]
cdk.stacks = ["LiveStack"]
[environments."two words"]
[environments."esc\\u001b[31m"]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("RAJEE_DEPLOY_CONFIG", "RAJEE_DEPLOY_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "rajee-deploy.toml").write_text(SETTINGS)
    (tmp_path / "other.toml").write_text("[environments.other]")
    (tmp_path / "rajee-deploy.lock").write_text(f"# rajee-deploy.lock/1\nbusybox:1.37 sha256:{'a' * 64} 2026-11-25 -\n")
    (tmp_path / "AWS_CONFIG_FILE").write_text("[default]\n[profile work]\n[sso-session x]\n[profile 'my own']\n[")
    (tmp_path / "AWS_SHARED_CREDENTIALS_FILE").write_text("[work]\n[keys]\naws_secret_access_key = [no]\n")
    return tmp_path


def words(line):
    """What completes a line, where | is the cursor."""
    before, word = split_line(line)
    return [each.split("\t")[0] for each in completed("fish", [*before, word]).splitlines()]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pla", ["plan"]),
        ("nope ", []),
        ("--v", ["--version"]),
        ("sandbox st", ["start", "stop", "status"]),
        ("sandbox start --p", ["--port"]),
        ("sandbox nope ", []),
        ("plan --env", ["--environment"]),
        ("plan -e dev --env", []),
        ("plan --image api --ima", ["--image"]),
        ("plan --json --js", []),
        ("plan -e ", ["dev", "prod"]),
        ("plan --environment=p", ["--environment=prod"]),
        ("plan --config other.toml -e ", ["other"]),
        ("plan --json=", []),
        ("plan --nope=", []),
        ("plan --image w", ["web"]),
        ("plan --profile ", ["default", "work", "keys"]),
        ("plan --region eu-west-1", ["eu-west-1"]),
        ("plan --parameters A", ["ApiStack:Size="]),
        ("plan --infra-check ", ["auto", "hash", "synth"]),
        ("plan --config ", [":files"]),
        ("plan --config=r", [":files"]),
        ("plan x", []),
        ("init --stacks ", ["ApiStack", "LiveStack"]),
        ("init --app ", [":directories"]),
        ("fingerprint ", [":directories"]),
        ("fingerprint --platform linux/am", ["linux/amd64", "linux/amd64,linux/arm64"]),
        ("explain ", [":files"]),
        ("explain --since d", ["deployed"]),
        ("lock --upgrade b", ["busybox:1.37"]),
        ("lock --upgrade a b", ["busybox:1.37"]),
        ("permissions ", ["plan", "up"]),
        ("permissions plan ", []),
        ("permissions -- --", []),
        ("explain-error no-reg", ["no-region"]),
        ("completion z", ["zsh"]),
    ],
)
def test_what_completes_a_line(line, found):
    assert words(line) == found


@pytest.mark.usefixtures("project")
def test_every_verb_completes():
    assert words("") == [*VERBS, "sandbox"]
    for verb in VERBS:
        assert "--help" in words(f"{verb} -")


def test_tags_are_those_that_were_deployed_from_here(project):
    for at, environment, tags in (
        ("2026-11-01T10:00:00+00:00", "", {"api": "c-1", "web": "c-2"}),
        ("2026-11-02T10:00:00+00:00", "", {"api": "c-3"}),
        ("2026-11-03T10:00:00+00:00", "prod", {"api": "c-4"}),
    ):
        phases = (Phase("build", 0.0, 1.0),)
        run = PastRun(at, str(project), environment, "code", "done", 1.0, (), (), tags, phases)
        History().append(run)
    assert words("rollback ") == ["c-3", "c-1", "c-2"]
    assert words("rollback --image web ") == ["c-2"]
    assert words("rollback -e prod ") == ["c-4"]
    assert completed("zsh", ["rollback", "c-3"]) == "c-3\tapi, 2026-11-02 10:00\n"


@pytest.mark.parametrize("text", ["[images", "images = 3\ncdk = []\nenvironments = {dev = 1}", "\0\xff"])
@pytest.mark.parametrize("line", ["plan -e ", "plan --image ", "plan --parameters ", "init --stacks ", "rollback "])
def test_settings_that_are_broken_have_no_names(project, capsys, monkeypatch, text, line):
    (project / "rajee-deploy.toml").write_bytes(text.encode("latin-1"))
    before, word = split_line(line)
    monkeypatch.setattr("sys.argv", ["rajee-deploy", *before, word])
    ending._complete("fish")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


@pytest.mark.parametrize(
    ("line", "stages"),
    [
        ("fingerprint --target ", ["build", "run"]),
        ("fingerprint --image web --target ", []),
        ("fingerprint -f other --target ", ["only"]),
        ("fingerprint . --target r", ["run"]),
        ("explain --context . --target b", ["build"]),
        ("fingerprint -f absent --target ", None),
    ],
)
def test_stages_are_those_of_the_dockerfile(project, line, stages):
    (project / "Dockerfile").write_text("FROM a AS build\nRUN x\nFROM build as Run\nFROM scratch\n")
    (project / "other").write_text("FROM a AS only")
    (project / "web").mkdir()
    (project / "web" / "Dockerfile").write_text("FROM a")
    text = (project / "rajee-deploy.toml").read_text()
    (project / "rajee-deploy.toml").write_text(text.replace("[images.web]", '[images.web]\ncontext = "web"'))
    if stages is None:
        with pytest.raises(FileNotFoundError):
            words(line)
    else:
        assert words(line) == stages


@pytest.mark.parametrize("more", ["", "nope = 1"])
def test_images_that_the_app_declares_are_asked_for_and_may_be_unknown(project, more):
    """They are known from a synth, and from settings that are whole."""
    (project / "cdk.json").write_text("{}")
    (project / "Dockerfile").write_text("FROM scratch")
    cdk = f'stacks = ["ApiStack"]\nimage-assets = "adopt"\n{more}\n'
    (project / "rajee-deploy.toml").write_text(f'[images.api]\nrepository = "a"\nstack = "ApiStack"\n[cdk]\n{cdk}')
    assert words("plan --image ") == ["api"]


def test_without_settings_regions_are_there_all_the_same(project):
    (project / "rajee-deploy.toml").unlink()
    assert "eu-central-1" in words("plan --region eu-")


@pytest.mark.parametrize(
    ("line", "before", "word"),
    [
        ("", [], ""),
        ("a", [], "a"),
        ("a ", ["a"], ""),
        ("a b", ["a"], "b"),
        ("a 'b c", ["a"], "b c"),
        ('a "b ', ["a"], "b "),
        (r"a b\ ", ["a"], "b "),
        (r"a b\ c", ["a"], "b c"),
        ("a # b", ["a", "#"], "b"),
    ],
)
def test_a_line_as_bash_has_it(line, before, word):
    assert split_line(line) == (before, word)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rajee-deploy plan --environment=p", "prod\n"),
        ("rajee-deploy plan --parameters ApiStack:", "Size=\n"),
        ("rajee-deploy plan -e d", "dev\n"),
        ("rajee-deploy plan --config ", ":files\n"),
    ],
)
def test_bash_gets_what_stands_behind_its_breaks(monkeypatch, line, said):
    monkeypatch.setenv("_RAJEE_DEPLOY_LINE", line)
    monkeypatch.setenv("COMP_WORDBREAKS", " \t\n\"'><=;|&(:")
    assert completed("bash", []) == said
