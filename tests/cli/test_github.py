"""An error for GitHub Actions: which file it is about, and what a step gets through the real command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rajee_deploy.cli.github import place_of

SETTINGS = '[images.app]\nrepository = "team/app"\nplatfrom = "linux/amd64"\n'


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("Dockerfile:3", ("service/Dockerfile", "3")),
        ("Dockerfile:3:7", ("service/Dockerfile", "3")),
        ("Dockerfile", ("service/Dockerfile", "")),
        ("../README.md:1", ("README.md", "1")),
        ("{top}/README.md:1", ("README.md", "1")),
        ("odd:2", ("service/odd:2", "")),
        ("", ("", "")),
        ("stack App", ("", "")),
        ("none:3", ("", "")),
        ("..", ("", "")),
        ("/etc/passwd:1", ("", "")),
        ("a\0b:1", ("", "")),
        ("x" * 5000, ("", "")),
    ],
)
def test_the_place_of_an_error(tmp_path, where, place):
    service = tmp_path / "service"
    service.mkdir()
    for path in (tmp_path / "README.md", service / "Dockerfile", service / "odd:2"):
        path.touch()
    found = place_of(where.replace("{top}", str(tmp_path)), service, {"GITHUB_WORKSPACE": str(tmp_path)})
    assert found == place


def run(directory, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rajee_deploy", *argv],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "rajee-deploy.toml").write_text(SETTINGS)
    return tmp_path / "app"


def test_an_error_of_plan_is_an_annotation_and_in_the_summary(tmp_path, project):
    summary = tmp_path / "summary"
    told = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(tmp_path)}
    ended = run(project, "plan", **told)
    plain = run(project, "plan", GITHUB_ACTIONS="")
    assert ended.returncode == plain.returncode == 64
    own = ended.stderr.splitlines()
    (command,) = [line for line in own if line.startswith("::")]
    assert command.startswith("::error file=app/rajee-deploy.toml,")
    assert "title=" in command
    assert "platfrom" in command
    assert [line for line in own if line != command] == plain.stderr.splitlines()
    assert summary.read_text().startswith("### ✗ rajee-deploy plan: ")


def test_an_error_of_another_verb_is_no_summary(tmp_path, project):
    ended = run(project, "fingerprint", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    assert "\n::error " in f"\n{ended.stderr}"
    assert not (tmp_path / "summary").exists()


def test_a_name_of_a_file_is_no_command(tmp_path):
    odd = tmp_path / "a\n::set-env name=PATH::x,line=9%0A"
    odd.mkdir()
    (odd / "rajee-deploy.toml").write_text(SETTINGS)
    told = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "s")}
    ended = run(tmp_path, "plan", "--config", str(odd / "rajee-deploy.toml"), **told)
    commands = [line for line in ended.stderr.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == 1
    head = commands[0].removeprefix("::error ").partition("::")[0]
    assert dict(one.partition("=")[::2] for one in head.split(",")).keys() <= {"file", "line", "title"}
    assert "<code>" in (tmp_path / "s").read_text()


def test_a_summary_that_cannot_be_written_is_one_warning(tmp_path, project):
    ended = run(project, "plan", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "no" / "summary"))
    assert ended.returncode == 64
    assert ended.stderr.count("[github-not-told]") == 1


def test_elsewhere_nothing_of_it_is_even_imported(project):
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "rajee_deploy", "plan"],
        cwd=project,
        env={name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    modules = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")}
    assert "rajee_deploy.cli.ending" in modules
    assert not {name for name in modules if name.endswith((".github", ".markdown", ".workflow_commands", ".summary"))}
