"""What is drawn of the figures, and how high."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from past_runs import run_at

from rajee_deploy.report.axes import BOTTOM, TOP
from rajee_deploy.report.charts import kind_by_period, runs_by_period, runs_over_time
from rajee_deploy.report.metrics import figures


def test_each_run_that_was_carried_out_is_a_mark():
    runs = [run_at(0), run_at(1, "noop"), run_at(2, outcome="failed"), run_at(3, outcome="refused")]
    chart = ET.fromstring(runs_over_time(figures(runs)))  # noqa: S314 -- our own
    assert [mark.get("class") for mark in chart.iter("path")] == ["m c1", "m c0", "x"]


def test_bars_have_the_heights_of_their_counts():
    found = figures([run_at(0), run_at(0, "noop"), run_at(0, "noop"), run_at(1)])
    chart = ET.fromstring(runs_by_period(found))  # noqa: S314 -- our own
    heights = [float(bar.get("height")) for bar in chart.iter("rect")]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.1)
    assert heights[2] == pytest.approx(heights[0], abs=0.1)


def test_a_kind_has_a_bar_up_to_its_median_and_a_line_up_to_its_95th_percentile():
    found = figures([run_at(0, seconds=seconds) for seconds in (60.0, 120.0, 240.0)] + [run_at(2, seconds=60.0)])
    chart = ET.fromstring(kind_by_period(found, found.kinds[0]))  # noqa: S314 -- our own
    bars = [float(bar.get("height")) / (BOTTOM - TOP) for bar in chart.iter("rect")]
    assert bars == pytest.approx([0.5, 0.25], abs=0.01)  # of four minutes
    lines = [line for line in chart.iter("line") if line.get("class") == "p95"]
    assert float(lines[0].get("y2")) == pytest.approx(TOP)
    assert [title.text for title in chart.iter("title")] == [
        "2026-01-01: 3 of code, p50 2m 00s, p95 4m 00s",
        "2026-01-03: 1 of code, p50 1m 00s, p95 1m 00s",
    ]
    assert [line.get("class") for line in chart.iter("line")].count("goal") == 1


def test_what_rests_below_the_pointer():
    chart = ET.fromstring(runs_over_time(figures([run_at(outcome="failed", error="x-y")])))  # noqa: S314 -- our own
    assert chart.findtext(".//title") == "2026-01-01 12:00: code, failed x-y · 1m 30s · prod · envoy c-1"
