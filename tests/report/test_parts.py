"""Where the time of a code change goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from past_runs import any_runs, run_at

from rajee_deploy.report.parts import NAMES, parts
from rajee_deploy.report.timings import Phase

BUILD, OTHER = "build and push app", "build and push other"


@pytest.mark.parametrize(
    ("phases", "seconds"),
    [
        ([], (0, 0, 0, 0, 100)),
        ([("ask AWS", 0, 2), ("synth", 2, 3), (BUILD, 5, 40), ("deploy App", 50, 45)], (2, 3, 40, 45, 10)),
        ([("deploy App", 0, 60), ("look at what App runs", 60, 5)], (0, 0, 0, 65, 35)),
        ([(BUILD, 0, 40), (OTHER, 10, 40)], (0, 0, 50, 0, 50)),  # at a time
        ([("deploy A", 0, 60), ("deploy B", 60, 60)], (0, 0, 0, 120, 0)),
        ([("builder", 0, 40)], (0, 0, 0, 0, 100)),
    ],
)
def test_each_phase_is_of_one_part_and_what_goes_on_at_a_time_counts_once(phases, seconds):
    run = run_at(seconds=100.0, phases=tuple(Phase(name, float(start), float(took)) for name, start, took in phases))
    assert tuple(part.seconds for part in parts([run])) == seconds


def test_several_runs_have_the_mean_and_other_kinds_do_not_count():
    runs = [run_at(seconds=100.0, phases=()), run_at(seconds=50.0, phases=()), run_at(kind="noop", seconds=1.0)]
    assert [part.seconds for part in parts(runs)] == [0, 0, 0, 0, 75.0]
    assert parts(runs[2:]) == ()


@given(any_runs)
def test_no_part_is_less_than_nothing(runs):
    sound = [run for run in runs if all(phase.seconds >= 0 for phase in run.phases)]
    assert all(part.name in NAMES and part.seconds >= 0 for part in parts(sound))
