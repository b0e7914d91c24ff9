"""Histories of other machines: read whole, and no run of them counted twice."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from past_runs import run_at

from rajee_deploy.errors import DeployError
from rajee_deploy.report.checks import Check
from rajee_deploy.report.history import History, HistoryEntries, document_of, line_of
from rajee_deploy.report.others import identity, join, of_environment, of_project, read_others, unknown_of, with_ids

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = run_at(0, id="1"), run_at(1, id="2", environment="dev")
OLD = run_at(2)  # of a release that gave runs no ids
CHECK = Check("2026-01-01T00:00:00+00:00", "3", "/p", "", "prod", 1, 0)


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_files_are_joined_by_time_and_a_copy_counts_once(tmp_path):
    first = write(tmp_path / "a.jsonl", line_of(TWO), line_of(OLD), line_of(CHECK), "torn")
    second = write(tmp_path / "b.jsonl", line_of(OLD), line_of(ONE), line_of(CHECK))
    assert read_others([first, second]) == HistoryEntries((ONE, TWO, OLD), (CHECK,), 1)
    assert read_others([]) == HistoryEntries()


def test_a_directory_holds_histories_and_documents_at_whatever_depth(tmp_path):
    write(tmp_path / "job-1/state/history.jsonl", line_of(ONE))
    document = {"schema": "rajee-deploy.up/1", "run": document_of(TWO)}
    write(tmp_path / "job-2/up.json", json.dumps(document, indent=2))
    write(tmp_path / "job-2/one.json", line_of(OLD))  # a history of a single line
    write(tmp_path / "job-2/plan.json", json.dumps({"schema": "rajee-deploy.plan/1"}))
    write(tmp_path / "job-2/list.json", "[1]")
    write(tmp_path / "job-2/notes.txt", "no history")
    os.mkfifo(tmp_path / "job-2/pipe.json")
    write(tmp_path / "job-3/up.json", json.dumps({"schema": "rajee-deploy.up/1"}))  # of an older release
    write(tmp_path / "job-3/bad.json", json.dumps({**document, "run": {}}))
    assert read_others([tmp_path]) == HistoryEntries((ONE, TWO, OLD), (), 3)


@pytest.mark.parametrize("text", ["{}", "[]", "1"])
def test_a_file_that_was_named_and_holds_no_run_is_said(tmp_path, text):
    assert read_others([write(tmp_path / "x.json", text)]).unreadable == 1


@pytest.mark.parametrize("name", ["missing", "pipe"])
def test_a_file_that_was_named_has_to_be_one(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DeployError) as caught:
        read_others([tmp_path / name])
    assert (caught.value.code, caught.value.where) == ("history-unreadable", str(tmp_path / name))
    assert "directory that holds such files" in caught.value.hint


def test_too_many_files_are_no_place_for_histories(tmp_path):
    for name in "abc":
        write(tmp_path / f"{name}.json", line_of(ONE))
    with pytest.raises(DeployError, match="more than 2 files"):
        read_others([tmp_path], most_files=2)
    assert read_others([tmp_path], most_files=3).runs == (ONE,)


def test_a_run_is_itself_wherever_its_line_is():
    assert identity(ONE) == identity(replace(ONE, project="/elsewhere")) != identity(TWO)
    assert identity(OLD) == identity(replace(OLD, cause="x")) != identity(replace(OLD, seconds=91.0))


def test_what_others_have_and_we_do_not():
    others = HistoryEntries((ONE, TWO), (CHECK, replace(CHECK, id="4")), 5)
    assert unknown_of(others, HistoryEntries((TWO,), (CHECK,))) == HistoryEntries((ONE,), (replace(CHECK, id="4"),), 0)


def test_a_project_is_known_by_its_path_here_and_by_its_id_everywhere(tmp_path):
    here, there = replace(ONE, project=str(tmp_path)), replace(TWO, project="/ci", project_id="5f")
    stranger = replace(OLD, project="/ci/other")
    entries = HistoryEntries((here, there, stranger), (CHECK, replace(CHECK, project_id="5f")), 2)
    assert of_project(entries, tmp_path, "5f") == HistoryEntries((here, there), (replace(CHECK, project_id="5f"),), 2)
    assert of_project(entries, tmp_path, "").runs == (here,)
    assert of_environment(entries, "dev").runs == (there,)


def test_a_run_that_did_not_look_for_its_project_has_the_id_that_others_of_its_file_found():
    entries = HistoryEntries((OLD, replace(ONE, project_id="5f"), replace(TWO, project="/q")))
    assert [run.project_id for run in with_ids(entries).runs] == ["5f", "5f", ""]
    assert with_ids(HistoryEntries((OLD,), (replace(CHECK, project_id="6e"),))).runs[0].project_id == "6e"


def test_join_orders_by_the_moment_and_not_by_its_text():
    early = replace(ONE, at="2026-01-01T13:00:00+05:00")
    assert [run.id for run in join([HistoryEntries((ONE, replace(early, id="9")))]).runs] == ["9", "1"]


def test_a_history_may_be_read_while_it_is_none(tmp_path):
    assert History(tmp_path / "none.jsonl").entries() == HistoryEntries()
