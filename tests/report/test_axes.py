"""Where values come to lie in a chart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.report.axes import BOTTOM, TOP, ends, linear, logarithmic

ANY = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("most", "unit", "ticks"),
    [
        (0.8, 1.0, [0, 0.2, 0.4, 0.6, 0.8]),
        (4, 1.0, [0, 1, 2, 3, 4]),
        (23, 1.0, [0, 10, 20, 30]),
        (310, 60.0, [0, 120, 240, 360]),
        (90, 1.0, [0, 50, 100]),
        (7, 1.0, [0, 2, 4, 6, 8]),
    ],
)
def test_ticks_are_round_and_reach_above_all(most, unit, ticks):
    scale = linear(most, str, unit)
    assert [tick for tick, _ in scale.ticks] == pytest.approx(ticks)
    assert [scale.place(ticks[0]), scale.place(ticks[-1])] == [BOTTOM, pytest.approx(TOP)]
    assert scale.place(ticks[-1] / 2) == pytest.approx((BOTTOM + TOP) / 2)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], ["1s", "10s"]),
        ([1.0], ["1s", "10s"]),
        ([0.3, 130.0], ["100ms", "1s", "10s", "1m", "10m"]),
        ([0.0], ["10ms", "100ms"]),
        ([1e9], ["116d", "32y"]),
        ([60.0, 599.0], ["1m", "10m"]),
    ],
)
def test_a_scale_of_powers_holds_all_values(values, words):
    assert [word for _, word in logarithmic(values).ticks] == words


@given(st.lists(ANY, max_size=5), ANY)
def test_whatever_the_value_it_lies_in_the_chart_and_more_is_not_lower(values, value):
    for scale in (logarithmic(values), linear(max(values, default=0.0), str)):
        assert TOP - 1e-6 <= scale.place(value) <= BOTTOM + 1e-6
        assert scale.place(value + 1) <= scale.place(value) + 1e-6
        places = [scale.place(tick) for tick, _ in scale.ticks]
        assert places == sorted(places, reverse=True)
        assert len(places) <= 11


def test_a_chart_of_one_day_has_one_end():
    assert ends("2026-01-01", "2026-01-01").count("<text") == 1
    assert ends("2026-01-01", "2026-01-02").count("<text") == 2
