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

RUNS = (run_at(kind="noop"), run_at(1, seconds=200.0), run_at(2, kind="infra"))


def written(path, last=None, runs=RUNS[:2], **how):
    """Whether nothing else may follow, and what is on both streams."""
    stdout, stderr = io.StringIO(), io.StringIO()
    taken = write_trace(Console(stdout=stdout, stderr=stderr), runs, path, last, **how)
    return taken, stdout.getvalue(), stderr.getvalue()


def kinds(text):
    return [each["args"]["kind"] for each in json.loads(text)["traceEvents"] if each.get("cat") == "run"]


@pytest.mark.parametrize(
    ("last", "count", "expected"),
    [(None, 2, ["code"]), (5, 2, ["noop", "code"]), (2, 3, ["code", "infra"]), (1, 0, [])],
)
def test_the_last_runs(tmp_path, last, count, expected):
    path = tmp_path / "trace.json"
    taken, stdout, stderr = written(path, last, RUNS[:count])
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
