"""Runs as a trace: what its readers need, for any history."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from past_runs import any_runs, run_at

from rajee_deploy.report.timings import Phase
from rajee_deploy.report.trace_events import lanes_of, trace

PHASES = (
    Phase("start", 0.0, 0.1),
    Phase("build a", 1.0, 9.0),
    Phase("build b", 2.0, 3.0),
    Phase("record b", 5.0, 1.0),
    Phase("build c", 2.5, 20.0),
    Phase("deploy", 10.0, 5.0),
)


def events(*runs):
    return json.loads(trace(runs))["traceEvents"]


def slices(found):
    return [each for each in found if each["ph"] == "X"]


def test_what_overlaps_is_on_a_thread_of_its_own():
    lanes = [[phase.name for phase, _, _ in lane] for lane in lanes_of(PHASES)]
    assert lanes == [["start", "build a", "deploy"], ["build b", "record b"], ["build c"]]


def test_a_run_is_a_process_and_all_begin_at_zero():
    found = events(run_at(phases=PHASES), run_at(1, kind="noop", seconds=0.3, phases=PHASES[:1]))
    names = {each["pid"]: each["args"]["name"] for each in found if each["name"] == "process_name"}
    assert names == {10: "2026-01-01 12:00 UTC prod code 1m 30s", 20: "2026-01-02 12:00 UTC prod noop 300ms"}
    threads = [(each["tid"], each["args"]["name"]) for each in found if each["name"] == "thread_name"]
    assert threads == [(10, "run"), (11, "at the same time"), (12, "at the same time"), (20, "run")]
    whole = [each for each in slices(found) if each["cat"] == "run"]
    assert [(each["tid"], each["ts"], each["dur"], each["name"]) for each in whole] == [
        (10, 0, 90_000_000, "code, done"),
        (20, 0, 300_000, "noop, done"),
    ]
    deploy = next(each for each in found if each["name"] == "deploy")
    assert (deploy["pid"], deploy["tid"], deploy["ts"], deploy["dur"]) == (10, 10, 10_000_000, 5_000_000)


def test_what_is_known_of_a_run_is_beside_it():
    (facts,) = (
        each["args"]
        for each in slices(events(run_at(outcome="failed", error="deploy-failed", project="/home/me/app")))
        if each["cat"] == "run"
    )
    assert facts == {
        "kind": "code",
        "outcome": "failed",
        "error": "deploy-failed",
        "environment": "prod",
        "project": "app",
        "at": "2026-01-01T12:00:00+00:00",
        "built": "envoy",
        "deployed": "RajeeEnvoyStack",
        "tag of envoy": "c-1",
    }


def test_no_run_is_a_trace_too():
    assert json.loads(trace([]))["traceEvents"] == []


@pytest.mark.parametrize("name", ["é · ü", "half \udcff", "a\x00\x1b[31m"])
def test_names_are_not_escaped_where_perfetto_would_show_it(name):
    text = trace([run_at(environment=name)])
    text.encode("utf-8")
    assert name.replace("\udcff", "?") in json.loads(text)["traceEvents"][0]["args"]["name"]
    assert ("é" in text) == ("é" in name)


@given(any_runs)
def test_slices_of_a_thread_never_overlap_but_for_the_run_around_them(runs):
    by_thread: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for each in slices(events(*runs)):
        assert (each["ts"] >= 0, each["dur"] >= 0) == (True, True)
        by_thread.setdefault((each["pid"], each["tid"]), []).append((each["ts"], each["ts"] + each["dur"]))
    for (process, thread), edges in by_thread.items():
        if process == thread:
            begin, end = edges.pop(0)
            assert begin == 0
            assert all(stop <= end for _, stop in edges)
        assert all(former[1] <= later[0] for former, later in pairwise(edges))
