"""The page of the report: well-formed whatever the history says, and complete in itself."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from past_runs import SPITEFUL, any_runs, run_at

from rajee_deploy.report.document import of_figures
from rajee_deploy.report.facts import kind_name
from rajee_deploy.report.metrics import figures
from rajee_deploy.report.page import page
from rajee_deploy.report.parts import NAMES
from rajee_deploy.report.style import STYLE
from rajee_deploy.report.timings import Phase, duration

COLUMNS = ({"code", "no-op", "infra"}, {"done", "refused", "failed rollout-failed"})  # the third one
ELEMENTS = re.compile(
    r"html|head|meta|title|style|body|header|h[123]|p|div|span|b|figure|ul|li|table|thead|tbody|tr|th|td"
    r"|svg|g|path|line|rect|text"
)
ATTRIBUTES = re.compile(
    r"class|charset|http-equiv|content|name|lang|scope|viewBox|role|aria-label|aria-hidden|preserveAspectRatio"
    r"|d|transform|[xy][12]?|width|height|text-anchor"
)


def tree(runs, title="shop") -> ET.Element:
    return ET.fromstring(page(figures(runs), title))  # noqa: S314 -- our own page


def words(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(found: ET.Element) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in found.iter("tr")]


@given(any_runs)
def test_any_history_makes_a_well_formed_page_that_loads_nothing(runs):
    found = tree(runs, SPITEFUL[0])
    for element in found.iter():
        assert ELEMENTS.fullmatch(element.tag)
        assert all(map(ATTRIBUTES.fullmatch, element.attrib))
    assert found.findtext(".//style") == STYLE
    assert re.search(r"url\(|@import|<|&|//", STYLE) is None


@given(any_runs)
def test_all_that_is_drawn_has_a_place(runs):
    for element in tree(runs).iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "width", "height"):
            value = element.get(name)
            assert value is None or (0 <= float(value) <= 400), (element.tag, element.attrib)


def test_no_end_tag_is_missing_for_a_browser():
    """XML ends an empty element by itself; HTML does so with those alone that are never anything but empty."""
    assert set(re.findall(r"<(\w+)[^<>]*/>", page(figures([run_at()]), "shop"))) == {"meta"}


@pytest.mark.parametrize("name", SPITEFUL)
def test_a_name_is_shown_as_it_is(name):
    runs = [run_at(kind=name, environment=name, built=(name,), error=name, outcome="failed"), run_at(kind=name)]
    shown = words(tree(runs, name)).replace(" ", "")
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    assert shown.count(printable.replace(" ", "")) >= 5


def test_the_figures_are_those_of_the_document():
    runs = [run_at(day, kind, 0.3 + 50 * day) for day in range(6) for kind in ("noop", "code", "infra")]
    runs += [run_at(6, outcome="failed", error="rollout-failed"), run_at(6, outcome="refused")]
    found, document = figures(runs), of_figures(figures(runs), 0)
    shown = rows(ET.fromstring(page(found, "shop")))  # noqa: S314 -- our own page
    for kind in document["kinds"]:
        times = [duration(kind[name]) for name in ("p50", "p95", "max")]
        row = next(row for row in shown if row[0] == kind_name(kind["kind"]))
        assert row[1:5] == [str(kind["count"]), *times]
        assert (kind["verdict"] or "") in row[-1]
    for phase in document["phases"]:
        times = [duration(phase[name]) for name in ("p50", "p95", "max")]
        assert next(row for row in shown if row[0] == phase["name"])[3:] == [str(phase["count"]), *times]
    failures, ends = ([row for row in shown if row[0].startswith("2026-") and row[2] in names] for names in COLUMNS)
    assert [row[3] for row in failures] == [run["error"] for run in document["failures"]]
    assert [row[1:4] for row in ends] == [
        [kind_name(run["kind"]), " ".join(filter(None, (run["outcome"], run["error"]))), duration(run["seconds"])]
        for run in document["last"]
    ]


def test_the_tiles_say_met_and_missed_in_words():
    found = tree([run_at(kind="noop", seconds=0.3), run_at(seconds=200.0)])
    tiles = [[words(part) for part in tile] for tile in found.iter("div") if tile.get("class") == "tile"]
    assert tiles == [
        ["No-op, p50", "300ms", "goal: p95 at most 30s, and it is 300ms", "✓ met"],
        ["Code change, p95", "3m 20s", "goal: at most 3m; p50 3m 20s", "✗ missed"],
        ["Runs that built an image", "50%", "1 of 2"],
        ["Time saved", "2m 40s to 6m 40s", "against 3m to 5m a run before"],
        ["Deployments a week", "1", "1 in 1 day"],
        ["Lead time, p50", "none", "from commit to done; of 0 commits"],
        ["Changes that failed", "0%", "0 of 1"],
        ["Time to restore, p50", "none", "to the next run done; of 0"],
        ["Wrong skips", "?", "nobody has looked yet: rajee-deploy verify does"],
    ]


def test_what_was_compared_and_checked_is_in_the_tiles():
    runs = [run_at(layers={"envoy": "same"}, disagreed=("A",)), run_at(1, kind="noop", agreed=("A",), built=())]
    found = tree(runs)
    tiles = [[words(part) for part in tile] for tile in found.iter("div") if tile.get("class") == "tile"]
    assert ["Runs that built an image", "50%", "1 of 2; 1 of 1 images had the same layers as before"] in tiles
    assert tiles[-1] == ["Wrong skips", "1", "in 2 checks (2 by a synth)", "✗ missed"]


def test_without_a_run_the_page_says_so():
    found = tree([])
    assert "No run was recorded yet" in words(found)
    assert found.find(".//svg") is None
    assert found.find(".//table") is None


def test_the_kinds_that_have_goals_and_the_most_frequent_have_charts():
    runs = [run_at(kind=kind) for kind in ("noop", "code", "b", "b", "c", "d", "d")]
    heads = [words(head) for head in tree(runs).iter("h3")]
    assert heads[3:] == ["code, by the day", "no-op, by the day", "b, by the day", "d, by the day"]


def test_the_parts_of_a_code_change_are_bars_below_its_goal():
    phases = (Phase("synth", 0.0, 10.0), Phase("build and push envoy", 10.0, 50.0))
    found = tree([run_at(seconds=90.0, phases=phases), run_at(1)])
    chart = next(one for one in found.iter("svg") if one.get("aria-label") == "what a code change takes, by the day")
    titles = [words(one) for one in chart.iter("title")]
    assert titles[0] == "2026-01-01: 1m 30s: synth 10.00s; build 50.00s; the rest 30.00s"
    heights = [float(one.get("height")) for one in next(chart.iter("g")).iter("rect")]
    assert [round(height / heights[0], 1) for height in heights] == [1.0, 5.0, 3.0]
    assert chart.find("line[@class='goal']") is not None
    legend = [words(one) for one in found.iter("li")]
    assert [name for name in NAMES if name in legend] == ["plan", "synth", "build", "deploy", "the rest"]


def test_a_goal_far_above_all_code_changes_is_no_line():
    found = tree([run_at(seconds=2.0)])
    chart = next(one for one in found.iter("svg") if "code change" in one.get("aria-label", ""))
    assert chart.find("line[@class='goal']") is None
    assert "The goal, at most 3m, is far above the chart." in words(found)
    assert "The goal, at most 3m" not in words(tree([run_at(seconds=90.0)]))


def test_a_mark_says_which_commit_it_was_and_why():
    why = "123456789012.dkr.ecr has no c-123456789012"
    run = run_at(revision=f"{'a' * 40}-dirty", reason=why, tags={"envoy": "c-" + "1" * 40})
    titles = [words(one) for one in tree([run]).iter("title")]
    what = f"prod · {'a' * 12}-dirty · envoy c-{'1' * 12} · ….dkr.ecr has no c-123456789012"
    assert f"2026-01-01 12:00: code, done · 1m 30s · {what}" in titles


def test_a_failure_has_its_cause_and_no_account():
    run = run_at(outcome="failed", error="stack-failed", cause="arn:aws:iam::123456789012:role/x is not there")
    failure = next(row for row in rows(tree([run])) if row[0].startswith("2026-"))
    assert failure[3:5] == ["stack-failed", "arn:aws:iam::…:role/x is not there"]


def test_of_a_long_history_it_is_said_how_many_runs_are_marks():
    heads = [words(head) for head in tree([run_at()] * 401).iter("h3")]
    assert heads[0] == "How long each run took, of the last 400"


def test_a_goal_far_above_all_bars_is_said_in_words():
    shown = words(tree([run_at(kind="noop", seconds=0.3)]))
    assert "the goal, at most 30s, is far above the chart" in shown
    assert "the goal, at most 30s, is dashed" in words(tree([run_at(kind="noop", seconds=20.0)]))
