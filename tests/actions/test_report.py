"""`report`: one computation, shown in four ways."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from past_runs import run_at

from rajee_deploy.actions.report import show_report
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.history import History


@pytest.fixture(autouse=True)
def _history(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    for run in (run_at(kind="noop", seconds=0.3), run_at(seconds=200.0), run_at(project="/other")):
        History().append(run)


def shown(project="/p", **how) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    show_report(Console(stdout=stdout, stderr=stderr), Path(project) if project else None, **how)
    return stdout.getvalue(), stderr.getvalue()


def test_the_screen_says_what_was_saved():
    stdout, stderr = shown()
    assert "3m 20s   p95 ≤ 3m    missed" in stdout
    assert "2m 40s to 6m 40s saved, against 3m to 5m a run before" in stderr


def test_the_screen_has_the_trend_of_more_than_a_day():
    assert "p50 by" not in shown()[0]
    History().append(run_at(1, seconds=100.0))
    stdout, _ = shown()
    assert "p50 by day" in stdout
    assert next(line for line in stdout.split("\n") if line.startswith("code")).rstrip().endswith("█▅")


def test_the_baseline_is_the_users():
    assert json.loads(shown(as_json=True, baseline="4m")[0])["saved"] == {
        "baseline": [240.0, 240.0],
        "low": 279.7,
        "high": 279.7,
    }


def test_the_document_has_all_that_the_page_has():
    document = json.loads(shown(as_json=True)[0])
    assert document["schema"] == "rajee-deploy.report/1"
    assert [kind["kind"] for kind in document["kinds"]] == ["code", "noop"]
    assert [phase["name"] for phase in document["phases"]] == ["deploy RajeeEnvoyStack", "start"]
    assert (document["period"], [period["runs"] for period in document["periods"]]) == ("day", [2])
    assert (document["since"], document["until"], document["environments"]) == ("2026-01-01", "2026-01-01", ["prod"])
    assert [run["seconds"] for run in document["last"]] == [200.0, 0.3]
    assert len(json.loads(shown(None, as_json=True)[0])["last"]) == 3


def test_the_page_is_written_beside_what_is_shown(tmp_path):
    stdout, stderr = shown(html=tmp_path / "report.html", as_json=True)
    assert json.loads(stdout)["runs"] == 2
    assert f"wrote {tmp_path / 'report.html'}" in stderr
    text = (tmp_path / "report.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert "<h1>Deployments of p</h1>" in text
    shown(None, html=tmp_path / "report.html")
    assert "<h1>Deployments of all projects</h1>" in (tmp_path / "report.html").read_text()


def test_a_page_on_stdout_has_nothing_behind_it(tmp_path):
    (tmp_path / "link").symlink_to("/dev/stdout")
    for path in (Path("/dev/stdout"), tmp_path / "link"):
        stdout, _ = shown(html=path)
        assert stdout.startswith("<!DOCTYPE html>")
        assert stdout.endswith("</html>\n")


def test_markdown_goes_to_stdout():
    assert shown(as_markdown=True)[0].startswith("## Deployments\n\n2 runs, of which 1 built an image (50%)")


def test_two_results_want_one_stdout():
    with pytest.raises(ConfigurationError, match="both want stdout"):
        shown(as_json=True, as_markdown=True)


@pytest.mark.parametrize("name", ["missing/report.html", ".", "a" * 300, "loop"])
def test_a_page_that_cannot_be_written_is_said(tmp_path, name):
    os.symlink("loop", tmp_path / "loop")  # noqa: PTH211 -- to itself
    with pytest.raises(DeployError, match="could not be written") as caught:
        shown(html=tmp_path / name)
    assert caught.value.code == "report-not-written"
