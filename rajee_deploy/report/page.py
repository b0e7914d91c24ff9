"""Figures → one page that needs nothing beside itself: no script, and nothing that a browser would load. Pure.

What stands on it is what `report` says on the screen and in --json: it computes nothing but places and shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.report.charts import (
    goal_is_shown,
    kind_by_period,
    parts_by_period,
    parts_have_goal,
    runs_by_period,
    runs_over_time,
    shown_runs,
)
from rajee_deploy.report.facts import kind_name
from rajee_deploy.report.marks import places, sample
from rajee_deploy.report.markup import NOTHING, Markup, element, join, text
from rajee_deploy.report.metrics import summary
from rajee_deploy.report.page_tables import failures_table, kinds_table, phases_table, runs_table
from rajee_deploy.report.parts import KIND, NAMES
from rajee_deploy.report.saved import long
from rajee_deploy.report.style import STYLE
from rajee_deploy.report.targets import TARGETS
from rajee_deploy.report.tiles import WORDS, Tile, dora_tiles, tiles

if TYPE_CHECKING:
    from rajee_deploy.report.metrics import Figures, KindFigures

_MOST_KINDS = 4  # charts of their own
# A browser that keeps to it loads nothing, whatever a mistake of ours let in.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(found: Figures, title: str) -> str:
    """The report as HTML; `title` is whose runs these are."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", text(f"rajee-deploy report · {title}")),
        element("style", Markup(STYLE)),
    )
    body = element("body", _top(found, title), _charts(found), _tables(found))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _top(found: Figures, title: str) -> Markup:
    return element(
        "header",
        element("h1", text(f"Deployments of {title}")),
        element("p", text(_when(found)), class_="dim"),
        element("p", text(summary(found))),
        element("div", *map(_tile, tiles(found)), class_="tiles"),
        element("div", *map(_tile, dora_tiles(found)), class_="tiles") if found.runs else NOTHING,
        element("p", text(WORDS), class_="note") if found.runs else NOTHING,
    )


def _when(found: Figures) -> str:
    """From when until when, and where to; empty without a run."""
    days = dict.fromkeys(str(day) for day in (found.since, found.until) if day)
    return " · ".join(filter(None, (" to ".join(days), ", ".join(found.environments))))


def _tile(tile: Tile) -> Markup:
    return element(
        "div",
        element("span", text(tile.name)),
        element("b", text(tile.value)),
        element("span", text(tile.note), class_="note"),
        verdict(tile.verdict),
        class_="tile",
    )


def verdict(word: str) -> Markup:
    """Met or missed, by a mark, a word and a colour."""
    if not word:
        return NOTHING
    return element("div", text(f"{'✓' if word == 'met' else '✗'} {word}"), class_=word)


def _charts(found: Figures) -> Markup:
    if not found.periods:
        return NOTHING
    kinds = sorted(found.kinds, key=lambda kind: (kind.target is None, -kind.count, kind.kind))[:_MOST_KINDS]
    return join(
        element("h2", text("Trend")),
        element(
            "div",
            _figure(_how_long(found), runs_over_time(found), _legend_of_kinds(found)),
            _parts(found),
            _figure(f"Runs by the {found.unit}", runs_by_period(found), _LEGEND_OF_BARS),
            *(
                _figure(f"{kind_name(kind.kind)}, by the {found.unit}", kind_by_period(found, kind), _note(found, kind))
                for kind in kinds
            ),
            class_="charts",
        ),
    )


def _parts(found: Figures) -> Markup:
    chart = parts_by_period(found)
    if not chart:
        return NOTHING
    there = {part.name for period in found.periods for part in period.parts if part.seconds > 0}
    places = [(place, name) for place, name in enumerate(NAMES) if name in there]
    items = [element("li", element("span", class_=f"p{place}"), text(name)) for place, name in places]
    legend = element("ul", *items, class_="legend")
    far = f"The goal, at most {long(TARGETS[KIND])}, is far above the chart."
    note = NOTHING if parts_have_goal(found) else element("p", text(far), class_="note")
    return _figure(f"What a code change takes, on average, by the {found.unit}", chart, join(legend, note))


def _how_long(found: Figures) -> str:
    all_runs = found.runs + found.failed + found.refused + found.accepted
    return "How long each run took" + ("" if all_runs == len(found.recent) else f", of the last {len(found.recent)}")


def _figure(head: str, chart: Markup, legend: Markup) -> Markup:
    return element("figure", element("h3", text(head)), chart, legend)


def _note(found: Figures, kind: KindFigures) -> Markup:
    """What the chart of one kind has."""
    words = "Bars: p50; lines: p95"
    if kind.target:
        place = "dashed" if goal_is_shown(found, kind) else "far above the chart"
        words += f"; the goal, at most {long(kind.target)}, is {place}"
    return element("p", text(f"{words}."), class_="note")


def _legend_of_kinds(found: Figures) -> Markup:
    runs = shown_runs(found)
    kinds = places(run.kind for run in runs)
    done = {run.kind for run in runs if run.outcome == "done"}
    items = [element("li", sample(place), text(kind_name(kind))) for kind, place in kinds.items() if kind in done]
    if any(run.outcome != "done" for run in runs):
        items.append(element("li", sample(None), text("did not finish")))
    return element("ul", *items, class_="legend")


_LEGEND_OF_BARS = element(
    "ul",
    *(
        element("li", element("span", class_=class_), text(words))
        for class_, words in (("built", "built an image"), ("kept", "built none"), ("failed", "did not finish"))
    ),
    class_="legend",
)


def _tables(found: Figures) -> Markup:
    if not found.recent:
        return NOTHING
    return join(
        element("h2", text("Kinds of runs")),
        kinds_table(found),
        element("h2", text("Where the time goes")),
        phases_table(found),
        _failures(found),
        element("h2", text("The last runs")),
        runs_table(found),
    )


def _failures(found: Figures) -> Markup:
    if not found.failures:
        return NOTHING
    return join(element("h2", text("The last runs that did not finish")), failures_table(found))
