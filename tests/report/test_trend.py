"""Runs by the day, the week or the month."""

from __future__ import annotations

import pytest
from hypothesis import given
from past_runs import any_runs, run_at

from rajee_deploy.report.metrics import figures
from rajee_deploy.report.trend import MOST, Unit, by_period


def test_days_without_a_run_are_days_too():
    unit, periods = by_period([run_at(0), run_at(2), run_at(2)])
    assert unit is Unit.DAY
    assert [(str(day), len(runs)) for day, runs in periods] == [("2026-01-01", 1), ("2026-01-02", 0), ("2026-01-03", 2)]


def test_weeks_begin_on_mondays():
    unit, periods = by_period([run_at(0), run_at(3), run_at(4), run_at(30)])  # a Thursday, a Sunday, a Monday
    assert unit is Unit.WEEK
    assert [(str(day), len(runs)) for day, runs in periods[:2]] == [("2025-12-29", 2), ("2026-01-05", 1)]
    assert len(periods) == 5


def test_months_begin_on_their_first():
    unit, periods = by_period([run_at(0), run_at(31), run_at(364), run_at(365)])
    assert unit is Unit.MONTH
    assert [str(day) for day, runs in periods if runs] == ["2026-01-01", "2026-02-01", "2026-12-01", "2027-01-01"]


@pytest.mark.parametrize(("day", "unit"), [(20, Unit.DAY), (21, Unit.WEEK), (181, Unit.WEEK), (182, Unit.MONTH)])
def test_the_unit_grows_with_the_history(day, unit):
    assert by_period([run_at(0), run_at(day)])[0] is unit


def test_of_a_long_history_the_last_periods_count():
    _, periods = by_period([run_at(0), run_at(40 * 365), run_at(50 * 365)])
    assert len(periods) == MOST
    assert sum(len(runs) for _, runs in periods) == 1


@given(any_runs)
def test_periods_follow_each_other_and_their_figures_are_those_of_their_runs(runs):
    found = figures(runs)
    assert [period.begins for period in found.periods] == sorted({period.begins for period in found.periods})
    counted = sum(period.runs + period.failed for period in found.periods)
    assert counted == found.runs + found.failed or len(found.periods) == MOST
