"""However a run ends, and whatever its streams are: its own exit code, no traceback, a sentence where one arrives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sampled import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Collection

DRIVER = Path(__file__).with_name("endings.py")
SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["App"]
"""
NOBODY = {
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
# Each verb with its exit code where all is well, and whether it writes to stdout then.
VERBS = {
    "--version": (0, True),
    "--help": (0, True),
    "plan --help": (0, True),
    "completion bash --print": (0, True),
    "fingerprint": (0, True),
    "fingerprint --json": (0, True),
    "explain": (0, True),
    "explain --json": (0, True),
    "explain app": (0, True),
    "replay": (1, False),
    "lock --check": (0, None),
    "permissions plan": (0, True),
    "report": (0, True),
    "report --json": (0, True),
    "explain-error": (0, True),
    "explain-error no-region": (0, True),
    "explain-error no-region --json": (0, True),
    "explain-error nope": (64, False),
    "sandbox status": (0, True),
    "sandbox status --json": (0, True),
    "sandbox env": (1, False),
    "plan": (1, False),
    "plan --json": (1, True),
    "up": (1, False),
    "up --json": (1, True),
    "status": (1, False),
    "rollback": (1, False),
    "doctor": (1, True),
    "doctor --json": (1, True),
    "nope": (64, False),
    "plan --nope": (64, False),
    "plan --nope --json": (64, True),
    "verify": (0, None),
}

# They end as `plan` and `plan --json` do where AWS is asked nothing.
ALIKE = {"up", "up --json", "status", "rollback", "explain app", "sandbox status --json"}


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "cdk").mkdir(parents=True)
    (root / "cdk" / "cdk.json").write_text("{}")
    (root / "rajee-deploy.toml").write_text(SETTINGS)
    (root / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
    (root / "app").mkdir()
    (root / "app" / "größe ✓").write_text("one")
    return root


def ended(project: Path, cases: list[dict]) -> list[dict]:
    """How the command ends in each case; see `endings`."""
    files = project.parent / "files"
    files.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_", "DOCKER_"))}
    own = {
        "HOME": str(project.parent),
        "PATH": "/nowhere",  # neither docker nor git
        "RAJEE_DEPLOY_STATE_DIR": str(project.parent / "state"),
        "COLUMNS": "100",
    }
    ran = subprocess.run(
        [sys.executable, str(DRIVER), str(files)],
        input=json.dumps([{"cwd": str(project), **case} for case in cases]),
        env={**kept, **own, **NOBODY},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return json.loads(ran.stdout)


# No UTF-8, and none that Python makes of it by itself.
NO_UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_in_a_locale_that_is_no_utf8_names_are_what_they_are_elsewhere(project):
    (project / "Dockerfile").write_text("FROM scratch\nCOPY app/größe* /app\n")
    command = [str(Path(sys.executable).with_name("rajee-deploy"))]

    def said(*words: str, **more: str) -> str:
        kept = {**os.environ, "RAJEE_DEPLOY_STATE_DIR": str(project.parent / "state"), **more}
        ran = subprocess.run([*command, *words], cwd=project, env=kept, capture_output=True, check=False, timeout=60)
        assert ran.returncode == 0, ran
        return ran.stdout.decode()

    for words in (["fingerprint"], ["explain", "--json"], ["fingerprint", "--file", "Dockerfile", "."]):
        assert said(*words, **NO_UTF8) == said(*words)
    assert said("explain", "app/größe ✓", **NO_UTF8).isascii()
    module = [sys.executable, "-P", "-m", "rajee_deploy"]
    command[:] = module
    assert said("fingerprint", **NO_UTF8) == said("fingerprint")


def table(project: Path, verbs: Collection[str], **situation) -> dict[str, dict]:
    found = dict(zip(verbs, ended(project, [{"argv": verb.split(), **situation} for verb in verbs]), strict=True))
    for verb, one in found.items():
        assert "Traceback" not in one["stderr"], f"{verb}: {one['stderr']}"
        assert one["code"] in {0, 1, 2, 64}, f"{verb}: {one}"
    return found


def test_all_verbs_where_nobody_listens(project):
    """A reader that went away changes no exit code."""
    for verb, one in table(project, {*VERBS}, stdout="gone", stderr="gone").items():
        assert VERBS[verb][0] in {None, one["code"]}, f"{verb}: {one}"


def third(number: int) -> list[str]:
    """The verbs that a kind of situation is tried with in its first, second or third form; the proof takes all."""
    verbs = [verb for verb in VERBS if verb not in ALIKE]
    return verbs if VARIABLE in os.environ else verbs[number::3]


@pytest.mark.parametrize(
    ("number", "situation"),
    list(enumerate([{"encoding": "ascii"}, {"stderr": "full"}, {"stderr": "hung up", "stdin": "closed"}])),
    ids=str,
)
def test_what_becomes_of_stderr_changes_nothing_nor_does_ascii(project, number, situation):
    for verb, one in table(project, third(number), **situation).items():
        code, writes = VERBS[verb]
        assert code in {None, one["code"]}, f"{verb}: {one}"
        assert writes in {None, bool(one["stdout"])}, verb
        if "encoding" in situation:
            assert (one["stdout"] + one["stderr"]).isascii()


@pytest.mark.parametrize(
    ("number", "situation", "cause"),
    [
        (0, {"stdout": "full", "encoding": "ascii"}, "No space left on device"),
        (1, {"stdout": "closed", "stdin": "closed"}, "it is closed"),
        (2, {"stdout": "hung up"}, "Input/output error"),
    ],
    ids=str,
)
def test_a_result_that_nobody_got_is_a_failure_and_said(project, number, situation, cause):
    for verb, one in table(project, third(number), **situation).items():
        code, writes = VERBS[verb]
        if writes is not None:
            assert one["code"] == (code or (1 if writes else 0)), f"{verb}: {one}"
        if writes and not code:
            assert " output-lost " in one["stderr"], verb
            assert cause in one["stderr"], verb


def test_without_any_stream(project):
    for verb, one in table(project, {*VERBS}, stdin="closed", stdout="closed", stderr="closed").items():
        code, writes = VERBS[verb]
        if writes is not None:
            assert one["code"] == (code or (1 if writes else 0)), verb
    kept = [path for path in (project.parent / "state").rglob("*") if path.is_file()]
    assert not any("✗" in path.read_text("utf-8", "replace") for path in kept), "what is said got into a file of ours"


# What else a run may find itself in: the verb, the situation, the exit code, and what must be said.
SOMEBODY = {"rights": "few", "set": {"HOME": "HERE/locked"}, "unset": ["RAJEE_DEPLOY_STATE_DIR"]}
COMPLETING = {
    "set": {"_RAJEE_DEPLOY_COMPLETE": "bash", "_RAJEE_DEPLOY_LINE": "rajee-deploy pl"},
}
ODD = {
    "the working directory was removed": (["plan"], {"cwd": "HERE/gone", "removed": True}, 1, "cd to one that exists"),
    "its name is no argument": (["fingerprint", "nowhere\udcff"], {}, 1, "context-missing"),
    "an image that is no text": (["plan", "--image", "\udcff"], {}, 64, "unknown-image"),
    "an environment that is no text": (["plan", "-e", "\udcff"], {}, 64, "bad-settings"),
    "settings that are no text": (["plan", "--config", "\udcff.toml"], {}, 64, "no-settings"),
    "a profile that is no text": (["plan", "--profile", "\udcff"], {}, 64, "no-profile"),
    "a tag that is no text": (["plan", "--also-tag", "\udcff"], {}, 64, "bad-tag"),
    "a region that is no text": (["plan", "--region", "\udcff"], {}, 64, ""),
    "a parameter that is no text": (["plan", "--parameters", "A:\udcff=\udcff"], {}, 64, ""),
    "an argument that is no text": (["fingerprint", ".", "--build-arg", "A=\udcff"], {}, 0, ""),
    "a target that is no text": (["fingerprint", ".", "--target", "\udcff"], {}, 1, "target-not-found"),
    "a revision that is no text": (["explain", "--since", "\udcff"], {}, 1, ""),
    "a path that is no text": (["explain", "\udcff"], {}, 0, ""),
    "no temporary directory": (["fingerprint"], {"set": {"TMPDIR": "/nowhere"}}, 0, ""),
    "no home": (["plan"], {"unset": ["HOME", "RAJEE_DEPLOY_STATE_DIR"]}, 1, "no-credentials"),
    "few files": (["fingerprint", "--no-cache"], {"files": 4}, 1, "ulimit -n"),
    "a home of somebody else": (["fingerprint"], SOMEBODY, 0, ""),
    "plan in a home of somebody else": (["plan"], SOMEBODY, 1, "no-credentials"),
    "report in a home of somebody else": (["report"], SOMEBODY, 1, "set HOME"),
    "status in a home of somebody else": (["sandbox", "status"], SOMEBODY, 0, ""),
    "up in a home of somebody else": (["up"], SOMEBODY, 1, "no-credentials"),
    "start in a home of somebody else": (["sandbox", "start"], SOMEBODY, 1, "set HOME"),
    "a terminal without columns": (["explain"], {"set": {"COLUMNS": "0", "FORCE_COLOR": "1"}}, 0, ""),
    "a shell that completes a line": ([], COMPLETING, 0, ""),
    "a shell that asks for what nobody can do": ([], {"set": {"_RAJEE_DEPLOY_COMPLETE": "what"}}, 1, ""),
    "a flag that would clear the screen": (["plan", "--\x1b[2Ja"], {}, 64, "No such option: --\\x1b[2Ja"),
    "a region that is none": (["plan", "--region", "us east"], {}, 64, ""),
}


def test_odd_places_and_words(project):
    (project.parent / "gone").mkdir()
    (project.parent / "locked").mkdir(mode=0)
    cases = [
        json.loads(json.dumps({"argv": argv, **more}).replace("HERE", str(project.parent)))
        for argv, more, _, _ in ODD.values()
    ]
    wrong = {}
    for (name, (_, _, code, words)), one in zip(ODD.items(), ended(project, cases), strict=True):
        if one["code"] != code or words not in one["stderr"] or "Traceback" in one["stderr"]:
            wrong[name] = one
    assert wrong == {}
