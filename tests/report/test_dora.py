"""The DORA figures, by what docs/deploying.md says they count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from past_runs import any_runs, run_at

from rajee_deploy.report.dora import dora, is_failed_deployment
from rajee_deploy.report.timings import Phase

if TYPE_CHECKING:
    from rajee_deploy.report.history import PastRun

DAY = 86400.0
STACK = "RajeeEnvoyStack"


def done(day: int, **more: object) -> PastRun:
    return run_at(day, **more)


def failed(day: int, **more: object) -> PastRun:
    return run_at(day, outcome="failed", error="rollout-failed", **more)


def back(day: int, **more: object) -> PastRun:
    return run_at(day, kind="rollback", deployed=(STACK,), **more)


def noop(day: int, **more: object) -> PastRun:
    return run_at(day, kind="noop", deployed=(), **more)


NOT_BEGUN = failed(1, phases=(Phase("build and push envoy", 0.0, 9.0),))


@pytest.mark.parametrize(
    ("runs", "counts", "restores"),
    [
        ([], (0, 0, 0), ()),
        ([done(0), noop(1), done(2)], (2, 0, 2), ()),
        # A run that failed while it deployed, until the next that is done, whatever it had to do.
        ([done(0), failed(1), done(2)], (2, 1, 3), (DAY,)),
        ([failed(1), failed(2), noop(4)], (0, 2, 2), (3 * DAY,)),
        ([failed(1)], (0, 1, 1), ()),
        # One that failed before that changed nothing for anybody.
        ([done(0), NOT_BEGUN, done(2)], (2, 0, 2), ()),
        # What was rolled back had failed: from its end to the rollback's.
        ([done(0), noop(1), back(2)], (1, 1, 1), (2 * DAY,)),
        ([done(0), back(1), back(2)], (1, 1, 1), (DAY,)),
        ([back(0)], (0, 0, 0), ()),
        # A rollback after a failure is the way back from that one.
        ([done(0), failed(1), back(2)], (1, 1, 2), (DAY,)),
        # Each environment and each project for itself.
        ([failed(1), done(2, environment="dev"), done(3)], (2, 1, 3), (2 * DAY,)),
        ([failed(1, project_id="1"), done(2, project_id="2")], (1, 1, 2), ()),
        # What nobody knows the end of is none, and what somebody ended is no failure.
        (
            [run_at(0, outcome="accepted"), run_at(1, outcome="interrupted"), run_at(2, outcome="refused")],
            (0, 0, 0),
            (),
        ),
    ],
)
def test_deployments_failures_and_ways_back(runs, counts, restores):
    found = dora(runs, 7)
    assert (found.deployments, found.failed, found.attempts) == counts
    assert found.restores == restores


def test_a_failure_counts_where_its_deployment_began():
    assert is_failed_deployment(failed(0))
    assert not is_failed_deployment(NOT_BEGUN)
    assert not is_failed_deployment(failed(0, deployed=("Other",)))
    assert not is_failed_deployment(done(0))


def test_the_lead_time_is_from_the_commit_to_the_end_of_its_first_deployment():
    runs = [
        done(1, revision="a" * 40, committed="2026-01-01T12:00:00+00:00"),
        done(2, revision="a" * 40, committed="2026-01-01T12:00:00+00:00"),
        done(3, revision="b" * 40, committed="2026-01-04T11:00:00+00:00"),
        done(4, revision="c" * 40, committed="2026-01-05T13:00:00+01:00"),
        done(5, revision="d" * 40, committed="2026-01-09T12:00:00+00:00"),  # made afterwards
        done(6, revision=f"{'e' * 40}-dirty", committed="2026-01-01T12:00:00+00:00"),
        done(7, revision="f" * 40),
        done(8, environment="dev", revision="a" * 40, committed="2026-01-09T11:00:00+00:00"),
    ]
    found = dora(runs, 9)
    assert found.leads == (90.0, 3690.0, 3690.0, DAY + 90.0)
    assert found.lead == 3690.0


@pytest.mark.parametrize(("days", "a_week"), [(1, 2.0), (7, 2.0), (14, 1.0), (28, 0.5)])
def test_deployments_a_week_are_over_all_days_of_the_history(days, a_week):
    assert dora([done(0), done(0)], days).per_week == a_week


def test_of_nothing_there_are_no_rates():
    found = dora([noop(0)], 1)
    assert (found.failure_rate, found.lead, found.restore) == (None, None, None)
    assert dora([done(0), failed(1)], 2).failure_rate == 0.5


@given(any_runs)
def test_no_rate_is_more_than_all_and_no_time_is_below_none(runs):
    found = dora(runs, 1)
    assert found.failed <= found.attempts
    assert all(seconds >= 0 for seconds in (*found.leads, *found.restores))
