"""How a kind of run went, in one word of blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from past_runs import any_runs, run_at

from rajee_deploy.report.metrics import figures
from rajee_deploy.report.sparkline import sparkline, trends


@pytest.mark.parametrize(
    ("values", "blocks"),
    [([], ""), ([None], ""), ([0.0, 0.0], "▁▁"), ([1.0, None, 7.0], "▂ █"), ([-5.0, 5.0], "▁█"), ([3.0, None], "█")],
)
def test_blocks(values, blocks):
    assert sparkline(values) == blocks


def test_medians_by_kind_in_their_periods():
    runs = [run_at(0, seconds=10.0), run_at(1, "noop"), run_at(2, seconds=5.0), run_at(2, seconds=70.0)]
    assert trends(figures(runs)) == {"code": "█ ▅", "noop": " █"}
    assert trends(figures(runs[:1])) == {}


@given(any_runs)
def test_no_more_blocks_than_a_screen_has_room_for(runs):
    assert all(len(blocks) <= 12 for blocks in trends(figures(runs)).values())
