"""`init` as it is typed: with a CDK CLI that gives a made assembly, and without AWS. The real ones: tests/e2e."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from assemblies import install_copying_cli, write_assembly
from typer.testing import CliRunner

from rajee_deploy.actions.init.settings_text import SCHEMA_NAME
from rajee_deploy.cli.line import command_line
from rajee_deploy.errors import ConfigurationError, DeployError, Exit
from rajee_deploy.settings import load
from rajee_deploy.settings.schema import text as schema_text

NARROW = "FROM scratch\nCOPY app.py /\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with a service, and nobody who is logged in."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": tmp_path,
        "AWS_CONFIG_FILE": tmp_path / "none",
        "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "RAJEE_DEPLOY_STATE_DIR": tmp_path / "state",
        "RAJEE_DEPLOY_CACHE_DIR": tmp_path / "cache",
    }.items():
        monkeypatch.setenv(name, str(value))
    made = tmp_path / "project"
    (made / ".git").mkdir(parents=True)
    write(made, {"svc/Dockerfile": NARROW, "svc/app.py": "1", "svc/README.md": "x"})
    monkeypatch.chdir(made)
    return made


def write(root, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def app(root, name="infra", **stacks) -> None:
    """A CDK app with these stacks; without any it has one with an image of svc."""
    write(root, {f"{name}/cdk.json": '{"app": "node app.js"}'})
    images = {"images": {"a" * 64: (root / "svc", {"displayName": "Web"})}}
    assembly = root.parent / "assemblies" / name
    write_assembly(assembly, stacks or {"Api": images})
    install_copying_cli(root / name, assembly)


def run(*words: str):
    argv = ["init", *words]
    return CliRunner().invoke(command_line(argv), argv)


def refused(*words: str) -> DeployError:
    error = run(*words).exception
    assert isinstance(error, DeployError), error
    return error


def test_it_writes_what_the_reader_takes_and_says_what_it_saw(root):
    app(root)
    ended = run()
    assert ended.exit_code == 0, ended.stderr
    settings = load(root / "rajee-deploy.toml")
    assert (settings.cdk.app.name, settings.cdk.stacks, settings.cdk.adopts_images) == ("infra", ("Api",), True)
    assert ended.stdout == ""
    for said in (
        "JavaScript, the project's aws-cdk 2.1148.1",
        "svc/Dockerfile reads 1 of 3 files",
        'image-assets = "adopt"',
        "no .deployignore in svc: nothing that surely churns is read",
        "the app names none for Web: linux/amd64 is taken",
        "left out: no AWS region is set",
        "rajee-deploy plan",
    ):
        assert said in ended.stderr
    assert not (root / "svc" / ".deployignore").exists()


def test_an_app_at_the_top_and_a_broad_copy(root):
    write(root, {"svc/Dockerfile": "FROM scratch\nCOPY . /srv\n", "svc/docs/a": "1"})
    app(root, ".")
    assert run().exit_code == 0
    assert load(root / "rajee-deploy.toml").cdk.app == root / "."
    assert "\n/README*\n/docs/\n" in (root / "svc" / ".deployignore").read_text()


def test_from_below_the_app_it_writes_beside_the_app(root, monkeypatch):
    app(root, ".")
    monkeypatch.chdir(root / "svc")
    assert run().exit_code == 0
    assert (root / "rajee-deploy.toml").exists()
    assert not (root / "svc" / "rajee-deploy.toml").exists()


def test_without_credentials_but_with_a_region(root, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    app(root)
    ended = run()
    assert ended.exit_code == 0
    assert "left out: AWS credentials were not found" in ended.stderr
    assert '# region = "us-east-1"' in (root / "rajee-deploy.toml").read_text()


def test_the_document(root):
    app(root)
    ended = run("--json")
    document = json.loads(ended.stdout)
    assert document["schema"] == "rajee-deploy.init/1"
    assert document["app"]["cdkCli"] == {"version": "2.1148.1", "ofTheProject": True}
    assert document["stacks"] == [{"id": "Api", "account": "", "region": "", "chosen": True}]
    [image] = document["images"]
    assert {**image, "name": "Web", "context": "svc", "reads": 1, "files": 3, "adopted": True, "reason": ""} == image
    assert document["settings"]["text"] == (root / "rajee-deploy.toml").read_text()
    assert document["settings"]["written"] is True
    assert document["settingsSchema"] == {"path": str(root / SCHEMA_NAME), "written": True}
    assert (document["plan"], document["planError"]) == (None, None)
    assert [warning["code"] for warning in document["warnings"]] == ["image-asset"]


def test_print_writes_nothing_and_takes_no_offence_at_settings(root):
    app(root)
    write(root, {"rajee-deploy.toml": "# mine\n"})
    ended = run("--print")
    assert ended.exit_code == 0
    assert "\n# Written by `rajee-deploy init`" in ended.stdout
    assert (root / "rajee-deploy.toml").read_text() == "# mine\n"
    printed = json.loads(run("--print", "--json").stdout)
    assert printed["settings"]["written"] is False
    assert printed["settings"]["text"] == ended.stdout
    assert printed["settingsSchema"]["written"] is False
    assert not (root / SCHEMA_NAME).exists()


def test_the_schema_lies_beside_the_settings(root):
    app(root)
    ended = run()
    assert f"{SCHEMA_NAME} (" in ended.stderr
    assert (root / SCHEMA_NAME).read_text() == run("--schema").stdout == schema_text()


def test_a_schema_that_is_there_stays(root):
    app(root)
    write(root, {SCHEMA_NAME: "mine\n"})
    ended = run()
    assert ended.exit_code == 0
    assert f"= kept   {SCHEMA_NAME}: there already" in ended.stderr
    assert (root / SCHEMA_NAME).read_text() == "mine\n"


def test_the_schema_is_printed_where_there_is_no_app(root):
    ended = run("--schema")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert not (root / SCHEMA_NAME).exists()


@pytest.mark.parametrize("name", ["rajee-deploy.toml", "pyproject.toml"])
def test_settings_that_are_there_are_named_before_anything_is_done(root, name):
    write(root, {"infra/cdk.json": "{}", name: "[tool.rajee-deploy.images]\n"})
    error = refused()
    assert (error.code, error.exit_code, error.where) == ("settings-exist", Exit.USAGE, str(root / name))


def test_an_ignore_file_that_is_there_stays(root):
    write(root, {"svc/Dockerfile": "FROM scratch\nCOPY . /srv\n", "svc/.deployignore": "mine\n"})
    app(root)
    ended = run()
    assert ended.exit_code == 0
    assert "no .deployignore in svc: it is there already, and stays as it is" in ended.stderr
    assert (root / "svc" / ".deployignore").read_text() == "mine\n"


def test_without_an_app(root):
    error = refused()
    assert (error.code, error.exit_code, error.where) == ("no-cdk-json", Exit.USAGE, str(root))


def test_several_apps_are_told_apart_by_a_flag(root):
    app(root, "a")
    app(root, "b")
    error = refused()
    assert (error.code, error.exit_code) == ("several-apps", Exit.USAGE)
    assert error.hint.split("\n") == ["rajee-deploy init --app a", "rajee-deploy init --app b"]
    assert run("--app", "b").exit_code == 0
    assert load(root / "rajee-deploy.toml").cdk.app == root / "b"


def test_several_stages_are_told_apart_by_a_flag(root):
    app(root, **{"Dev/Api": {}, "Prod/Api": {"account": "123456789012", "region": "us-east-1"}})
    error = refused()
    assert (error.code, error.exit_code) == ("several-stages", Exit.USAGE)
    assert run("--stacks", "Prod/**").exit_code == 0
    settings = load(root / "rajee-deploy.toml", "prod")
    assert (settings.cdk.stacks, settings.account) == (("Prod/**",), "123456789012")


def test_an_app_that_fails_shows_its_own_words_and_leaves_nothing(root):
    app(root)
    cli = root / "infra" / "node_modules" / ".bin" / "cdk"
    cli.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'aws_cdk'\" >&2\nexit 1\n")
    error = refused()
    assert (error.code, error.exit_code) == ("synth-failed", Exit.FAILED)
    assert "No module named 'aws_cdk'" in error.cause
    assert "pip install aws-cdk-lib" in error.hint
    assert not (root / "rajee-deploy.toml").exists()


def test_an_app_that_looks_something_up_says_to_log_in(root):
    app(root)
    cli = root / "infra" / "node_modules" / ".bin" / "cdk"
    cli.write_text(
        "#!/bin/sh\n"
        'test -z "$AWS_ACCESS_KEY_ID$AWS_PROFILE" -a "$AWS_EC2_METADATA_DISABLED" = true || exit 0\n'
        "echo 'Need to perform AWS calls for account 1, but no credentials have been configured' >&2\nexit 1\n"
    )
    error = refused()
    assert error.code == "synth-failed"
    assert "log in first" in error.hint


def test_a_directory_that_is_closed_is_told_before_a_synth(root):
    app(root)
    # root may write everywhere, unless it gives up the capability that lets it
    drop = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-all", "--"] if os.geteuid() == 0 else []
    root.chmod(0o555)
    try:
        program = [*drop, sys.executable, "-m", "rajee_deploy", "init"]
        ended = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    finally:
        root.chmod(0o755)
    assert ended.returncode == Exit.FAILED
    assert "settings-not-written" in ended.stderr
    assert "rajee-deploy init --print" in ended.stderr
    assert "synth" not in ended.stderr


def test_an_app_without_stacks(root):
    app(root, Api={})
    manifest = root.parent / "assemblies" / "infra" / "manifest.json"
    manifest.write_text('{"artifacts": {}}')
    assert refused().code == "no-stacks"


def test_flags_that_cannot_be_meant_are_refused(root):
    app(root)
    assert refused("--profile", "nope").code == "no-profile"
    assert isinstance(refused("--stacks", "Nope"), ConfigurationError)
    assert not (root / "rajee-deploy.toml").exists()
