"""`lock` as users and scripts meet it: exit codes, messages, documents. Registries are real HTTP on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from forked import run_command
from lock_rows import changes, row
from small_registry import BASIC, SmallRegistry

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '[images.app]\nrepository = "team/app"\n[environments.prod.images.app.build-args]\nTAG = "2"\n'


@pytest.fixture
def registry():
    with SmallRegistry("bearer").running() as running:
        running.push("1", {"Env": ["P=a"]})
        running.push("2", {"Env": ["P=b"]})
        yield running


@pytest.fixture
def project(tmp_path, registry):
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "docker").mkdir()
    config = {"auths": {registry.host: {"auth": BASIC.removeprefix("Basic ")}}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps(config))
    (root / "rajee-deploy.toml").write_text(SETTINGS)
    (root / "Dockerfile").write_text(f"ARG TAG=1\nFROM {registry.host}/team/base:$TAG\nCOPY $P /\n")
    for name in ("a", "b"):
        (root / name).write_text(name)
    return root


def command(project: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_", "DOCKER_"))}
    own = {"HOME": str(project.parent), "DOCKER_CONFIG": str(project.parent / "docker")}
    ended = run_command(*arguments, cwd=project, environment={**kept, **own})
    assert ended.returncode == code, ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr
    return ended


def test_it_teaches_by_example(project):
    assert "rajee-deploy lock --upgrade busybox:1.37" in command(project, "lock", "--help").stdout


def test_what_changed_is_data_and_the_rest_is_talk(project, registry):
    digest = json.loads(command(project, "lock", "--json").stdout)["changes"][0]["after"]
    name = f"{registry.host}/team/base:1"
    (project / "rajee-deploy.lock").unlink()
    assert changes(command(project, "lock").stdout) == [row(f"+ add {name}", digest)]
    again = command(project, "lock")
    assert again.stdout == ""
    assert "as it was" in again.stderr
    document = json.loads(command(project, "lock", "--check", "--json").stdout)
    assert (document["schema"], document["locked"], document["changes"]) == ("rajee-deploy.lock-changes/1", 1, [])
    moved = registry.push("1", {"Env": ["P=b"]})
    document = json.loads(command(project, "lock", "--upgrade", name, "--json").stdout)
    assert document["changes"] == [{"reference": name, "before": digest, "after": moved}]


def test_check_asks_nobody_and_names_what_is_wrong(project, registry):
    ended = command(project, "lock", "--check", "--json", code=1)
    document = json.loads(ended.stdout)
    assert (document["code"], document["where"]) == ("lock-stale", "rajee-deploy.lock")
    assert document["cause"] == f"missing: {registry.host}/team/base:1 (linux/amd64)"
    assert sum(registry.asked.values()) == 0


def test_the_lines_of_other_environments_stay(project, registry):
    command(project, "lock")
    command(project, "lock", "--check", "-e", "prod", code=1)
    command(project, "lock", "-e", "prod")
    command(project, "lock", "--check")
    command(project, "lock", "--check", "-e", "prod")
    assert (project / "rajee-deploy.lock").read_text().count("\n") == 3
    (project / "rajee-deploy.toml").write_text(SETTINGS.replace('TAG = "2"', ""))
    assert "not needed any more" in command(project, "lock", "--check", code=1).stderr
    assert changes(command(project, "lock").stdout)[0].startswith(f"- remove {registry.host}/team/base:2 ")


def test_a_context_has_its_lock_in_itself(project):
    assert command(project, "lock", "--context", ".", "--build-arg", "TAG=2").stdout.startswith("  + add ")
    document = json.loads(command(project, "fingerprint", ".", "--build-arg", "TAG=2", "--json").stdout)
    assert [use["selector"]["path"] for use in document["uses"]] == ["/b"]
    assert document["warnings"] == []


def test_without_settings_and_lock_all_is_as_before(project):
    document = json.loads(command(project, "fingerprint", ".", "--json").stdout)
    assert [warning["code"] for warning in document["warnings"]] == ["base-unpinned", "base-config-unknown", "superset"]
    assert document["precision"] == "superset"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["lock", "busybox"], "bad-flag"),
        (["lock", "--check", "--upgrade"], "bad-flag"),
        (["lock", "--upgrade", "No:pe:"], "bad-flag"),
        (["lock", "--upgrade", "busybox"], "unknown-base"),
        (["lock", "-e", "nothing"], "bad-settings"),
    ],
)
def test_wrong_usage(arguments, code, project):
    assert f"explain-error {code}\n" in command(project, *arguments, code=64).stderr


@pytest.mark.parametrize("verb", ["lock", "fingerprint", "explain"])
def test_a_lock_that_was_not_merged_is_named_with_its_line(verb, project):
    command(project, "lock")
    path = project / "rajee-deploy.lock"
    path.write_text(path.read_text() + "<<<<<<< HEAD\n")
    ended = command(project, verb, "--json", code=64)
    document = json.loads(ended.stdout)
    assert (document["code"], document["where"]) == ("lock-malformed", "rajee-deploy.lock:3")
    assert "merge" in document["problem"]


def test_the_users_docker_configuration_is_only_read(project):
    folder = project.parent / "docker"
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*")}
    command(project, "lock")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*")} == before


def test_a_fingerprint_with_a_lock_meets_no_network_library(project):
    command(project, "lock")
    heavy = {"requests", "urllib3", "http.client", "docker", "boto3", "rich", "socket", "ssl"}
    code = (
        "import sys\nfrom pathlib import Path\nfrom rajee_deploy.settings import load\n"
        "from rajee_deploy.image.inputs import read_inputs\n"
        "(image,) = load(Path('rajee-deploy.toml').absolute()).images\n"
        f"assert read_inputs(image).fingerprint.precision == 'exact'\nprint(*sorted({heavy!r} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == ""


# Every verb that takes a build context in place of the settings' images.
WITH_A_CONTEXT = (
    ("fingerprint", "."),
    ("explain", "app", "--context", "."),
    ("verify", "."),
    ("lock", "--context", "."),
    ("lock", "--check", "--context", "."),
    ("replay", "--context", "."),
)


@pytest.mark.parametrize("words", WITH_A_CONTEXT)
def test_an_image_of_the_settings_and_a_build_context_exclude_each_other(tmp_path, words):
    (tmp_path / "docker").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    told = command(tmp_path, *words, "--image", "nope", code=64).stderr
    assert "--image nope" in told
    assert "give one of the two" in told
