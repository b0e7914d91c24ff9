"""`report`: one computation, shown in four ways."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from past_runs import run_at

from rajee_deploy.actions.report import ReportRequest, find_entries, show_report
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.checks import Check
from rajee_deploy.report.history import History, line_of


@pytest.fixture(autouse=True)
def _history(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    for run in (run_at(kind="noop", seconds=0.3), run_at(seconds=200.0), run_at(project="/other")):
        History().append(run)


ID = "0123456789abcdef"


def shown(project="/p", **how) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    wanted = ReportRequest(project=Path(project) if project else None, **how)
    console = Console(stdout=stdout, stderr=stderr)
    show_report(console, wanted, find_entries(console, wanted, lambda _root: ID))
    return stdout.getvalue(), stderr.getvalue()


def test_the_screen_says_what_was_saved():
    stdout, stderr = shown()
    assert "3m 20s  3m 20s  3m 20s  ≤ 3m   missed" in stdout
    assert "saved         2m 40s to 6m 40s against 3m to 5m a run before" in stdout
    assert stderr == ""


def test_the_screen_has_the_trend_of_more_than_a_day():
    assert "trend" not in shown()[0]
    History().append(run_at(1, seconds=100.0))
    stdout, _ = shown()
    assert "trend" in stdout
    assert next(line for line in stdout.split("\n") if line.startswith("  code")).rstrip().endswith("█▅")


def test_phases_are_shown_where_they_are_asked_for():
    assert "of all" not in shown()[0]
    assert "of all" in shown(has_phases=True)[0]


def test_one_environment_alone():
    History().append(run_at(environment="dev"))
    assert [json.loads(shown(as_json=True, environment=name)[0])["runs"] for name in (None, "dev", "prod")] == [3, 1, 2]


def others(tmp_path, *runs) -> tuple[Path]:
    path = tmp_path / "ci.jsonl"
    path.write_text("".join(f"{line_of(run)}\n" for run in runs))
    return (path,)


def test_runs_of_other_machines_count_for_once_and_are_not_kept(tmp_path):
    path = others(tmp_path, run_at(1, project="/ci", id="1"), run_at(kind="noop", seconds=0.3))  # the latter is ours
    before = History().path.read_bytes()
    assert json.loads(shown(as_json=True, others=path)[0])["runs"] == 3
    assert History().path.read_bytes() == before


def test_runs_of_other_machines_are_kept_once(tmp_path):
    ours, strange = run_at(1, project="/ci", id="1", project_id=ID), run_at(2, project="/ci/other", id="2")
    path = others(tmp_path, ours, strange, run_at(seconds=200.0))
    check = Check(ours.at, "3", "/ci", ID, "prod", 1, 0)
    with path[0].open("a") as file:
        file.write(f"{line_of(check)}\ntorn\n")
    stdout, stderr = shown(as_json=True, imports=path)
    assert (json.loads(stdout)["runs"], json.loads(stdout)["wrong_skips"]["checks"]) == (3, 1)
    assert "imported 2 of 3 runs; 1 here already; 1 of other projects count with --all alone" in stderr
    assert "1 line of" in stderr
    assert "imported 0 of 3 runs; 3 here already\n" in shown(imports=path)[1]
    assert json.loads(shown(None, as_json=True)[0])["runs"] == 5
    assert History().entries().checks == (check,)


def test_a_run_that_found_nothing_to_do_is_its_projects_on_every_machine(tmp_path):
    path = others(tmp_path, run_at(1, project="/ci", id="1", project_id=ID), run_at(2, "noop", project="/ci", id="2"))
    shown(imports=path)
    assert json.loads(shown(as_json=True)[0])["runs"] == 4


def test_a_history_that_cannot_be_written_is_said(tmp_path):
    path = others(tmp_path, run_at(1, project="/ci", id="1"))
    History().path.unlink()
    History().path.symlink_to(tmp_path / "missing" / "history.jsonl")
    with pytest.raises(DeployError, match="cannot be written") as caught:
        shown(imports=path)
    assert caught.value.code == "history-not-written"


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
    assert shown(as_markdown=True)[0].startswith("## Deployments\n\n2 runs finished, of which 1 built an image (50%)")


def test_two_results_want_one_stdout():
    with pytest.raises(ConfigurationError, match="both want stdout"):
        shown(as_json=True, as_markdown=True)


@pytest.mark.parametrize("name", ["missing/report.html", ".", "a" * 300, "loop"])
def test_a_page_that_cannot_be_written_is_said(tmp_path, name):
    os.symlink("loop", tmp_path / "loop")  # noqa: PTH211 -- to itself
    with pytest.raises(DeployError, match="could not be written") as caught:
        shown(html=tmp_path / name)
    assert caught.value.code == "report-not-written"
