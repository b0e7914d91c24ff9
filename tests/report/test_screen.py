"""The report in a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from past_runs import any_runs, run_at

from rajee_deploy.console import printable
from rajee_deploy.console.rows import cells, plain
from rajee_deploy.report.checks import Check
from rajee_deploy.report.metrics import figures
from rajee_deploy.report.screen import screen

_LONGEST_DURATIONS = 110  # four columns of years, in minutes
CHECKS = [Check("2026-01-02T00:00:00+00:00", str(n), "/p", "", "", 1, 0) for n in range(9)]


def shown(runs, width=80, checks=(), *, has_phases=False) -> list[str]:
    return [plain(line) for line in screen(figures([*runs], checks=checks), width, has_phases=has_phases)]


def many():
    for day in range(0, 40, 2):
        yield run_at(day, "noop", 0.3, environment="dev")
        made = {"revision": f"{day:040}", "committed": run_at(day).at.replace("T12:00", "T11:46")}
        yield run_at(day, seconds=170.0 + day, layers={"envoy": "same" if day == 20 else "other"}, **made)
    yield run_at(41, "infra", 70.0, built=(), deployed=("RajeeEnvoyStack",), agreed=("A", "B", "C"))
    yield run_at(42, outcome="failed", error="rollout-failed")
    yield run_at(43, "rollback", 41.0, deployed=("RajeeEnvoyStack",))


def test_the_picture():
    assert shown(many(), checks=CHECKS) == [
        "report · 43 runs since 1 Jan                                           dev, prod",
        "",
        "  kind      runs     p50     p95     max  goal of p95    trend",
        "  code        20  3m 08s  3m 26s  3m 28s  ≤ 3m   missed  ▇▇▇███",
        "  no-op       20   300ms   300ms   300ms  ≤ 30s  met     ██████",
        "  infra        1  1m 10s  1m 10s  1m 10s                       █",
        "  rollback     1  41.00s  41.00s  41.00s                       █",
        "",
        "  images built    20 of 42 that finished (48%); 1 of 20 made the same layers as",
        "                  before",
        "  wrong skips     0 in 12 checks (9 by verify, 3 by a synth)",
        "  saved           1h 01m to 2h 25m against 3m to 5m a run before",
        "  deployments     3.3 a week; lead time 17m 08s; failed 5%, back in 23h 59m",
        "  did not finish  1 of 43 runs: rollout-failed",
    ]


def test_phases_are_a_table_of_their_own():
    lines = shown([run_at(seconds=90.0)], has_phases=True)
    assert lines[6:8] == [
        "  deploy RajeeEnvoyStack     1  45.00s  45.00s  45.00s    100%",
        "  start                      1   100ms   100ms   100ms      0%",
    ]
    assert not any("deploy RajeeEnvoyStack" in line for line in shown([run_at()]))


def test_a_name_that_is_too_long_has_a_line_for_itself():
    lines = shown([run_at(kind="infra+parameters+" + "x" * 60)], 60)
    assert lines[3].strip() == "infra+parameters+" + "x" * 60
    assert lines[4].split() == ["1", "1m", "30s", "1m", "30s", "1m", "30s"]


def test_without_a_run_it_says_how_to_make_one():
    assert shown([]) == ["report · 0 runs", "", "  No run was recorded yet; rajee-deploy up makes the first."]


def test_that_nobody_looked_for_wrong_skips_is_not_none():
    assert "  wrong skips   nobody has looked yet: rajee-deploy verify does" in shown([run_at()])


def test_a_wrong_skip_is_a_wrong_skip_whoever_found_it():
    lines = shown([run_at(disagreed=("A",), agreed=("B",))], checks=[replace(CHECKS[0], disagreed=2)])
    assert "  wrong skips   3 in 5 checks (3 by verify, 2 by a synth): please report it" in lines


@pytest.mark.parametrize("width", [80, 200])
@given(any_runs, st.booleans())
def test_whatever_the_history_nothing_breaks_and_names_alone_are_wider(width, runs, has_phases):
    lines = shown(runs, width, has_phases=has_phases)
    names = [*(name for run in runs for name in (run.kind, run.environment, run.error, run.outcome))]
    names += [phase.name for run in runs for phase in run.phases]
    longest = max(cells(printable(name)) for name in ["", *names])
    for line in lines:
        assert "\n" not in line
        assert cells(line) <= max(width, longest + 20, _LONGEST_DURATIONS)
