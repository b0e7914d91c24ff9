"""`report --trace`: which runs, and where they are written."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from past_runs import run_at

from rajee_deploy.actions.report_trace import write_trace
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.history import History


@pytest.fixture(autouse=True)
def _history(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    for run in (run_at(kind="noop"), run_at(1, seconds=200.0), run_at(2, project="/other", kind="infra")):
        History().append(run)


def written(path, last=None, project="/p", **how):
    """Whether nothing else may follow, and what is on both streams."""
    stdout, stderr = io.StringIO(), io.StringIO()
    console = Console(stdout=stdout, stderr=stderr)
    taken = write_trace(console, Path(project) if project else None, path, last, **how)
    return taken, stdout.getvalue(), stderr.getvalue()


def kinds(text):
    return [each["args"]["kind"] for each in json.loads(text)["traceEvents"] if each.get("cat") == "run"]


@pytest.mark.parametrize(
    ("last", "project", "expected"),
    [(None, "/p", ["code"]), (5, "/p", ["noop", "code"]), (2, None, ["code", "infra"]), (1, "/none", [])],
)
def test_the_last_runs_of_a_project(tmp_path, last, project, expected):
    path = tmp_path / "trace.json"
    taken, stdout, stderr = written(path, last, project)
    assert (taken, stdout, kinds(path.read_text())) == (False, "", expected)
    assert f"wrote {path}: " in stderr


@pytest.mark.parametrize("path", ["-", "/dev/stdout"])
def test_on_stdout_it_is_alone(path):
    taken, stdout, stderr = written(Path(path))
    assert (taken, kinds(stdout), stderr) == (True, ["code"], "")


@pytest.mark.parametrize(
    ("path", "how", "words"),
    [(None, {"last": 3}, "no --trace is given"), (Path("-"), {"is_taken": True}, "wants stdout")],
)
def test_flags_that_cannot_be_meant(path, how, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        written(path, **how)
    assert caught.value.code == "bad-flag"


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(DeployError) as caught:
        written(tmp_path / "no" / "trace.json")
    assert caught.value.code == "report-not-written"
