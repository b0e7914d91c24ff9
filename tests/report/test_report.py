"""Timings, history and figures."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace

import pytest

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.checks import Check
from rajee_deploy.report.history import (
    History,
    HistoryEntries,
    PastRun,
    document_of,
    is_of_project,
    line_of,
    outcome_of,
    real_project,
)
from rajee_deploy.report.metrics import figures, percentile, summary
from rajee_deploy.report.timings import Phase, Timings, duration


def run(kind="noop", seconds=0.5, outcome="done", built=()) -> PastRun:
    return PastRun(
        "2026-01-01T00:00:00+00:00", "/p", "", kind, outcome, seconds, built, (), {"a": "c-1"}, (Phase("x", 0.0, 0.1),)
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.1404, "140ms"),
        (0.9996, "1.00s"),
        (1.234, "1.23s"),
        (59.99, "59.99s"),
        (59.996, "1m 00s"),
        (125.2, "2m 05s"),
        (3600, "60m 00s"),
    ],
)
def test_one_duration_format(seconds, text):
    assert duration(seconds) == text


def test_phases_are_kept_also_when_they_fail():
    clock = iter([0.0, 1.0, 3.0, 4.0]).__next__
    timings = Timings(clock)
    with pytest.raises(ValueError, match="x"), timings.phase("a"):
        raise ValueError("x")
    assert timings.phases == [Phase("a", 1.0, 2.0)]
    assert timings.total == 4.0


def test_runs_come_back_as_they_were_kept(tmp_path):
    history = History(tmp_path / "state" / "history.jsonl")
    assert history.runs() == ((), 0)
    history.append(run())
    history.append(run("code", 100.0, built=("app",)))
    assert history.runs() == ((run(), run("code", 100.0, built=("app",))), 0)


@pytest.mark.parametrize(
    "torn", ['{"schema": "rajee-deploy.run/1", "at"', "[]", "x" * 10, '{"schema": "other/1"}', "\x00\xff"]
)
def test_a_torn_or_foreign_line_costs_itself_alone(tmp_path, torn):
    history = History(tmp_path / "history.jsonl")
    history.append(run())
    with history.path.open("a", errors="surrogateescape") as file:
        file.write(torn)
    history.append(run("code"))
    runs, unreadable = history.runs()
    assert ([r.kind for r in runs], unreadable) == (["noop", "code"], 1)


def test_every_field_is_guarded_against_a_bad_line(tmp_path):
    history = History(tmp_path / "history.jsonl")
    history.append(run())
    document = json.loads(history.path.read_text())
    for key in document:
        broken = {k: v for k, v in document.items() if k != key}
        history.path.write_text(json.dumps(broken) + "\n")
        assert history.runs()[1] == (0 if key == "error" else 1), key


def test_lines_of_older_and_of_newer_releases_are_read(tmp_path):
    history = History(tmp_path / "history.jsonl")
    whole = replace(
        run("code", built=("app",)),
        cause="it broke",
        id="1f",
        project_id="2e",
        revision="3" * 40,
        committed="2026-01-01T00:00:00+00:00",
        reason="app changed",
        layers={"app": "same"},
        agreed=("App",),
        disagreed=("Other",),
    )
    history.append(whole)
    newer = json.loads(history.path.read_text()) | {"more": {"of": [1]}}
    newer["phases"][0]["more"] = 1
    older = {key: newer[key] for key in ("schema", *(one.name for one in fields(PastRun)[:10]))}
    history.path.write_text("".join(f"{json.dumps(line)}\n" for line in (newer, older)))
    (read, bare), unreadable = history.runs()
    assert (read, unreadable) == (whole, 0)
    assert (bare.id, bare.cause, bare.layers, bare.seconds) == ("", "", {}, whole.seconds)


def test_what_is_not_known_takes_no_room_in_a_line():
    document = document_of(run())
    assert "layers" not in document
    assert "committed" not in document
    assert document["error"] == ""


def test_checks_lie_beside_runs(tmp_path):
    history = History(tmp_path / "history.jsonl")
    check = Check("2026-01-01T00:00:00+00:00", "1f", "/p", "", "prod", 2, 0)
    history.append(run())
    history.append_lines([line_of(check)])
    assert history.entries() == HistoryEntries((run(),), (check,), 0)
    for key, value in (("agreed", -1), ("agreed", True), ("at", "x"), ("id", None)):
        history.append_lines([json.dumps({**json.loads(line_of(check)), key: value})])
    history.append_lines([line_of(check).replace("agreed", "other")])
    assert history.entries().unreadable == 5


def test_a_cause_is_one_line_of_some_length():
    assert outcome_of(DeployError("x", "a\nb  c"))[2] == "a b c"
    assert len(outcome_of(DeployError("x", "a" * 999))[2]) == 300


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", None),
        ("kind", 1),
        ("seconds", "NaN"),
        ("seconds", None),
        ("seconds", 10**30),
        ("seconds", True),
        ("at", "yesterday"),
        ("at", "2026-11-25T10:00:00"),
        ("at", 5),
        ("project", []),
        ("environment", None),
        ("outcome", {}),
        ("error", 0),
        ("built", "app"),
        ("built", [1]),
        ("deployed", [None]),
        ("deployed", 1),
        ("tags", []),
        ("tags", {"app": 1}),
        ("phases", [{"name": 1, "start": 0, "seconds": 0}]),
        ("phases", [{"name": "a", "start": 0, "seconds": "1"}]),
        ("phases", {"name": 1}),
        ("phases", [1]),
        ("agreed", [1]),
        ("disagreed", "App"),
        ("layers", []),
        ("layers", {"app": 1}),
        ("committed", "yesterday"),
        ("revision", None),
        ("cause", 1),
        ("id", []),
        ("project_id", 5),
        ("reason", {}),
        ("schema", None),
        ("error", "half \ud800"),
    ],
)
def test_a_line_with_a_field_of_another_type_costs_itself_alone(tmp_path, key, value):
    history = History(tmp_path / "history.jsonl")
    history.append(run())
    document = json.loads(history.path.read_text()) | {key: value}
    history.path.write_text(json.dumps(document).replace('"NaN"', "NaN") + "\n")
    history.append(run("code"))
    runs, unreadable = history.runs()
    assert ([one.kind for one in runs], unreadable) == (["code"], 1)
    figures(runs)


def test_a_history_that_is_no_file_is_said_and_nothing_waits_for_it(tmp_path):
    history = History(tmp_path / "history.jsonl")
    os.mkfifo(history.path)
    with pytest.raises(DeployError, match="cannot be read") as caught:
        history.runs()
    assert (caught.value.code, caught.value.where) == ("history-unreadable", str(history.path))
    assert "a FIFO" in caught.value.cause
    with pytest.raises(OSError, match=r"FIFO|No such device"):
        history.append(run())


def test_of_a_history_that_is_too_long_the_last_runs_count(tmp_path):
    history = History(tmp_path / "history.jsonl")
    for seconds in (1.0, 2.0, 3.0):
        history.append(run(seconds=seconds))
    short = History(history.path, history.path.stat().st_size // 3 + 10)
    assert [one.seconds for one in short.runs()[0]] == [3.0]


def test_percentiles_are_values_that_were_seen():
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([1.0, 2.0], 95) == 2.0
    assert percentile([1.0], 50) == 1.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_figures_by_kind_against_targets():
    runs = [run(), run(seconds=40.0), run("code", 90.0, built=("app",)), run("infra", 5.0), run("code", 1.0, "failed")]
    found = figures(runs)
    assert [(k.kind, k.count, k.p50, k.p95, k.longest, k.verdict) for k in found.kinds] == [
        ("code", 1, 90.0, 90.0, 90.0, "met"),
        ("infra", 1, 5.0, 5.0, 5.0, ""),
        ("noop", 2, 0.5, 40.0, 40.0, "missed"),
    ]
    assert (found.runs, found.builds, found.failed) == (4, 1, 1)


def test_the_last_runs_are_twenty_with_the_newest_first():
    found = figures([run(seconds=float(number)) for number in range(25)])
    assert [one.seconds for one in found.last] == [float(number) for number in range(24, 4, -1)]
    assert len(found.recent) == 25


def test_phases_that_took_the_most_come_first():
    runs = [
        replace(
            run(), phases=(Phase("a", 0.0, seconds), Phase("b", 0.0, 4.0), Phase("c", 4.0, 0.5), Phase("b", 6.0, 1.0))
        )
        for seconds in (1.0, 2.0)
    ]
    found = figures([*runs, replace(run(outcome="failed"), phases=(Phase("d", 0.0, 99.0),))])
    assert [(one.name, one.count, one.p50, one.longest, one.total) for one in found.phases] == [
        ("b", 2, 5.0, 5.0, 10.0),
        ("a", 2, 1.0, 2.0, 3.0),
        ("c", 2, 0.5, 0.5, 1.0),
    ]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([], "No run was recorded yet; rajee-deploy up makes the first."),
        (["failed", "interrupted"], "0 runs finished; 2 did not finish"),
        (["refused"], "0 runs finished; 0 did not finish; 1 was refused for settings or flags"),
        (
            ["done", "refused", "refused"],
            "1 run finished, of which 1 built an image (100%); 0 did not finish; 2 were refused",
        ),
        (["accepted"], "0 runs finished; 0 did not finish; 1 was accepted and not waited for (--no-wait)"),
    ],
)
def test_runs_count_as_what_they_were(outcomes, said):
    found = figures([run(outcome=outcome, built=("app",)) for outcome in outcomes])
    assert summary(found).startswith(said)
    counted = (found.runs, found.failed, found.refused, found.accepted)
    assert sum(counted) == len(outcomes)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyboardInterrupt(), ("interrupted", "", "")),
        (ConfigurationError("no-such-parameter", "x"), ("refused", "no-such-parameter", "x")),
        (DeployError("stack-failed", "x"), ("failed", "stack-failed", "x")),
        (OSError(28, "full"), ("failed", "machine", "")),
        (MemoryError(), ("failed", "machine", "")),
        (ZeroDivisionError(), ("failed", "bug", "")),
        (SystemExit(1), ("failed", "bug", "")),
    ],
)
def test_whatever_ends_a_run_it_is_kept_as_what_it_was(error, told):
    assert outcome_of(error) == told


def test_a_project_is_one_whatever_path_leads_to_it(tmp_path):
    project = tmp_path / "project"
    (project / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(project)
    ways = [project, tmp_path / "link", project / "below" / "..", tmp_path / "link" / "below" / ".."]
    for kept in [real_project(project), *map(str, ways)]:
        made = replace(run(), project=kept)
        assert all(is_of_project(made, way) for way in ways), kept
        assert not is_of_project(made, project / "below")


def test_a_project_whose_path_is_no_text_has_runs(tmp_path):
    history = History(tmp_path / "history.jsonl")
    kept = replace(run(), project="/p\udcff")
    history.append(kept)
    assert history.runs() == ((kept,), 0)


def test_what_follows_a_phase_of_its_name_goes_on_with_it():
    now = iter([0.0, 1.0, 2.0, 5.0, 9.0, 9.0, 10.0])
    timings = Timings(lambda: next(now))
    for name in ("ask", "ask", "build"):
        with timings.phase(name):
            pass
    assert timings.phases == [Phase("ask", 1.0, 5.0), Phase("build", 9.0, 1.0)]
