"""The tables of the page: figures → rows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.report.charts import share_bar
from rajee_deploy.report.facts import kind_name, short_revision, without_accounts
from rajee_deploy.report.markup import NOTHING, Markup, element, join, text
from rajee_deploy.report.saved import long
from rajee_deploy.report.timings import duration
from rajee_deploy.report.trend import minute_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.report.history import PastRun
    from rajee_deploy.report.metrics import Figures

MOST_PHASES = 12
_SHARE = "share"
_CLASSES = {"done": "", "accepted": "", "refused": "dim"}


def kinds_table(found: Figures) -> Markup:
    rows = [
        (
            _cell(kind_name(kind.kind)),
            _number(str(kind.count)),
            *(_number(duration(seconds)) for seconds in (kind.p50, kind.p95, kind.longest)),
            _cell(f"p95 ≤ {long(kind.target)}" if kind.target else "", "nowrap"),
            _cell(f"{'✓' if kind.verdict == 'met' else '✗'} {kind.verdict}", f"nowrap {kind.verdict}")
            if kind.verdict
            else _cell(""),
        )
        for kind in found.kinds
    ]
    return _table(("kind", ">runs", ">p50", ">p95", ">max", "goal", ""), rows)


def phases_table(found: Figures) -> Markup:
    """The phases that took the most of all finished runs; shares are of the sum, since some go on side by side."""
    whole = sum(phase.total for phase in found.phases)
    rows = [
        (
            _cell(phase.name, "name"),
            element("td", share_bar(phase.total / whole if whole else 0.0), class_="share"),
            _number(f"{phase.total / whole:.0%}" if whole else ""),
            _number(str(phase.count)),
            *(_number(duration(seconds)) for seconds in (phase.p50, phase.p95, phase.longest)),
        )
        for phase in found.phases[:MOST_PHASES]
    ]
    more = len(found.phases) - MOST_PHASES
    note = element("p", text(f"{more} more took less."), class_="note") if more > 0 else NOTHING
    return join(_table(("phase", _SHARE, ">of all", ">runs", ">p50", ">p95", ">max"), rows), note)


def runs_table(found: Figures) -> Markup:
    rows = [
        (
            _cell(minute_of(run), "nowrap"),
            _cell(kind_name(run.kind)),
            _cell(f"{run.outcome} {run.error}".rstrip(), _CLASSES.get(run.outcome, "bad")),
            _number(duration(run.seconds)),
            _cell(run.environment),
            _cell(what(run), "name"),
        )
        for run in found.last
    ]
    return _table(("when (UTC)", "kind", "end", ">time", "environment", "what"), rows)


def failures_table(found: Figures) -> Markup:
    """What ended runs, as they said it; accounts are nobody's business who is sent the page."""
    rows = [
        (
            _cell(minute_of(run), "nowrap"),
            _cell(run.environment),
            _cell(kind_name(run.kind)),
            _cell(run.error or run.outcome, "bad"),
            _cell(without_accounts(run.cause), "name"),
            _cell(short_revision(run)),
        )
        for run in found.failures
    ]
    return _table(("when (UTC)", "environment", "kind", "error", "cause", "commit"), rows)


def what(run: PastRun) -> str:
    """What a run did, in a few words."""
    parts = [f"build {', '.join(run.built)}" if run.built else "", f"deploy {', '.join(run.deployed)}"]
    return "; ".join(part for part in (parts if run.deployed else parts[:1]) if part)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Markup]]) -> Markup:
    """A table that moves in its own frame where it is too wide; a column whose name begins with `>` has numbers."""
    head = [element("th", text(name.lstrip(">")), scope="col", class_=_class_of(name)) for name in columns]
    body = [element("tr", *cells) for cells in rows]
    table = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", table, class_="wide")


def _class_of(column: str) -> str:
    return "n" if column.startswith(">") else "share" if column == _SHARE else ""


def _cell(words: str, class_: str = "") -> Markup:
    return element("td", text(words), class_=class_) if class_ else element("td", text(words))


def _number(words: str) -> Markup:
    return _cell(words, "n")
