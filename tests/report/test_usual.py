"""How long a run usually takes: the median of those that were like it, or nothing."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from past_runs import run_at

from rajee_deploy.report.timings import Phase
from rajee_deploy.report.usual import usual_phase, usual_seconds

HERE = Path("/p")


@pytest.mark.parametrize(
    ("runs", "usual"),
    [
        ([], None),
        ([90.0, 100.0], None),
        ([100.0, 90.0, 300.0], 100.0),
        ([100.0, 90.0, 300.0, 120.0], 110.0),
        ([1000.0] * 30 + [90.0] * 20, 90.0),
    ],
)
def test_the_median_of_the_last_runs_where_there_are_three(runs, usual):
    assert usual_seconds([run_at(day, seconds=each) for day, each in enumerate(runs)], HERE, "prod", "code") == usual


@pytest.mark.parametrize(
    "others",
    [{"kind": "infra"}, {"outcome": "failed"}, {"outcome": "accepted"}, {"environment": "dev"}, {"project": "/q"}],
)
def test_other_runs_say_nothing(others):
    runs = [run_at(seconds=60.0), run_at(seconds=60.0), *(run_at(seconds=9.0, **others) for _ in range(9))]
    assert usual_seconds(runs, HERE, "prod", "code") is None
    assert usual_seconds([*runs, run_at(seconds=60.0)], HERE, "prod", "code") == 60.0


@given(st.lists(st.floats(0.001, 1e6), min_size=3, max_size=20))
def test_it_is_the_median_of_the_standard_library(seconds):
    assert usual_seconds([run_at(seconds=each) for each in seconds], HERE, "prod", "code") == median(seconds)


def test_of_a_phase_the_pieces_are_one_and_runs_without_it_do_not_count():
    pieces = (Phase("build", 0.0, 1.0), Phase("push", 1.0, 5.0), Phase("build", 6.0, 2.0))
    runs = [run_at(phases=pieces), run_at(), run_at(phases=pieces), run_at(kind="infra", phases=pieces)]
    assert usual_phase(runs, HERE, "prod", "build") == 3.0
    assert usual_phase(runs, HERE, "prod", "wait") is None
