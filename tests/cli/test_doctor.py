"""`doctor` on the command line, without an engine, a network or settings: exit codes, the document, and flags."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from rajee_deploy.cli.line import command_line
from rajee_deploy.errors import ConfigurationError, Exit

SETTINGS = """
[images.api]
repository = "team/api"
[environments.prod]
region = "us-east-1"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A directory that a new user begins in; nobody answers."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    told = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_MAX_ATTEMPTS": "1",
        "DOCKER_HOST": "tcp://127.0.0.1:9",
        "RAJEE_DEPLOY_STATE_DIR": str(tmp_path / "state"),
        "RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "cache"),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def run(*words: str):
    return CliRunner().invoke(command_line(["doctor"]), ["doctor", *words])


def checks(ended) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for each in json.loads(ended.stdout)["checks"]:
        found.setdefault(each["check"], []).append(each)
    return found


def test_an_empty_directory(folder):
    ended = run("--json")
    found = checks(ended)
    assert ended.exit_code == Exit.FAILED
    assert found["settings"][0] | {"text": ""} == {
        "check": "settings",
        "subject": None,
        "health": "error",
        "text": "",
        "fix": "rajee-deploy init",
        "code": "no-settings",
        "detail": None,
    }
    assert {"engine", "node", "disk", "cache", "state", "credentials", "clock"} <= set(found)
    assert not list(folder.iterdir()), "nothing is made"


def test_what_cannot_be_reached_is_unknown(folder):
    (folder / "rajee-deploy.toml").write_text(SETTINGS)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    found = checks(run("--json", "-e", "prod"))
    assert [found[name][0]["health"] for name in ("settings", "credentials", "clock", "repository")] == [
        "ok",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert (found["credentials"][0]["code"], found["engine"][0]["health"]) == ("aws-unreachable", "error")
    assert "cdk" not in found, "these settings have no app"


def test_lines_end_with_a_count_and_with_more_they_have_codes(folder):
    (folder / "rajee-deploy.toml").write_text("[images]\nx = 1\n")
    ended = run()
    assert ended.exit_code == Exit.FAILED
    assert " ok" in ended.stdout.splitlines()[2]
    assert "[bad-settings]" not in ended.stdout
    assert "[bad-settings]" in run("-v").stdout


def test_an_app_that_is_near_is_looked_at_without_settings(folder):
    (folder / "infra").mkdir()
    (folder / "infra" / "cdk.json").write_text('{"app": "npx tsx app.ts"}')
    assert checks(run("--json"))["versions"][0]["health"] == "warning"
    (folder / "other").mkdir()
    (folder / "other" / "cdk.json").write_text('{"app": "npx tsx app.ts"}')
    assert "versions" not in checks(run("--json")), "which of the two is meant?"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-e", "prd"], "bad-settings"),
        (["--config", "none.toml"], "no-settings"),
        (["-e", "prod", "--region", "eu-west-1"], "wrong-region"),
    ],
)
def test_a_flag_that_names_what_is_not_there_is_refused(folder, words, code):
    (folder / "rajee-deploy.toml").write_text(SETTINGS)
    ended = run(*words)
    assert isinstance(ended.exception, ConfigurationError)
    assert (ended.exception.code, ended.exception.exit_code) == (code, Exit.USAGE)
