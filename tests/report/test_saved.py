"""Time saved, and the baseline that it is measured by."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.report.saved import PROPOSAL, Baseline, long, parse_baseline, saved


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("4m", 240, 240),
        ("240", 240, 240),
        ("240s", 240, 240),
        ("3m30s", 210, 210),
        ("3m 30s", 210, 210),
        ("1h", 3600, 3600),
        ("1h5m", 3900, 3900),
        ("3m-5m", 180, 300),
        ("5m - 3m", 180, 300),
    ],
)
def test_a_baseline_as_one_writes_it(words, low, high):
    assert parse_baseline(words) == Baseline(low, high)


@pytest.mark.parametrize(
    "words", ["", "0", "m", "-", "-4m", "4m-", "1-2-3", "4 minutes", "٤m", "4.5m", "0m-5m", "9" * 99]
)
def test_what_is_no_duration_is_said(words):
    with pytest.raises(ConfigurationError, match="no duration") as caught:
        parse_baseline(words)
    assert caught.value.code == "bad-flag"


def test_each_finished_run_counts_also_one_that_took_longer():
    found = saved([10.0, 400.0], PROPOSAL)
    assert (found.low, found.high) == (-50.0, 190.0)
    assert str(found) == "-50s to 3m 10s"
    assert str(saved([60.0], Baseline(240, 240))) == "3m"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (-0.2, "0s"), (59.6, "1m"), (125, "2m 05s"), (3600, "1h 00m"), (34800, "9h 40m"), (-7260, "-2h 01m")],
)
def test_sums_of_durations(seconds, words):
    assert long(seconds) == words
