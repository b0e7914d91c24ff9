"""Figures → Markdown for a pull request or a job summary, as GitHub and GitLab read it. Pure.

Names from a history stand in code spans alone: there they mention nobody, link nowhere and are no markup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.console import printable
from rajee_deploy.report.facts import kind_name
from rajee_deploy.report.metrics import summary
from rajee_deploy.report.page_tables import what
from rajee_deploy.report.saved import long
from rajee_deploy.report.tiles import WORDS, dora_tiles, tiles
from rajee_deploy.report.timings import duration
from rajee_deploy.report.trend import minute_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.report.metrics import Figures

_MOST_PHASES = 8
_MOST_RUNS = 10


def markdown(found: Figures) -> str:
    """The report; of phases and runs the first few."""
    parts = ["## Deployments", summary(found)]
    if found.recent:
        parts += [_metrics(found), WORDS, "### Kinds of runs", _kinds(found)]
        parts += ["### Where the time goes", _phases(found)] if found.phases else []
        parts += [f"### By the {found.unit}", _periods(found), "### The last runs", _runs(found)]
    return "\n\n".join(parts)


def code(words: str) -> str:
    """Words that stand for themselves, also in a cell of a table."""
    # A pipe ends a cell but behind one backslash; behind two it does again.
    words = re.sub(r"(\\?)\|", lambda found: f"{found[1]} \\|" if found[1] else "\\|", printable(words))
    if not words.strip():
        return ""
    fence = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    space = " " if words.startswith(("`", " ")) or words.endswith(("`", " ")) else ""
    return f"{fence}{space}{words}{space}{fence}"


def _metrics(found: Figures) -> str:
    rows = [(tile.name, tile.value, tile.note, _verdict(tile.verdict)) for tile in (*tiles(found), *dora_tiles(found))]
    return _table(("", ">", "", ""), rows)


def _kinds(found: Figures) -> str:
    rows = [
        (
            code(kind_name(kind.kind)),
            str(kind.count),
            *map(duration, (kind.p50, kind.p95, kind.longest)),
            f"p95 ≤ {long(kind.target)}" if kind.target else "",
            _verdict(kind.verdict),
        )
        for kind in found.kinds
    ]
    return _table(("kind", ">runs", ">p50", ">p95", ">max", "goal", ""), rows)


def _phases(found: Figures) -> str:
    rows = [
        (code(phase.name), str(phase.count), *map(duration, (phase.p50, phase.p95, phase.longest)))
        for phase in found.phases[:_MOST_PHASES]
    ]
    return _table(("phase", ">runs", ">p50", ">p95", ">max"), rows)


def _periods(found: Figures) -> str:
    rows = [
        (str(period.begins), str(period.runs), str(period.builds), str(period.failed))
        for period in found.periods[-_MOST_RUNS:]
    ]
    return _table((str(found.unit), ">finished", ">built an image", ">did not finish"), rows)


def _runs(found: Figures) -> str:
    rows = [
        (
            minute_of(run),
            code(run.environment),
            code(kind_name(run.kind)),
            code(f"{run.outcome} {run.error}".rstrip()),
            duration(run.seconds),
            code(what(run)),
        )
        for run in found.last[:_MOST_RUNS]
    ]
    return _table(("when (UTC)", "environment", "kind", "end", ">time", "what"), rows)


def _verdict(word: str) -> str:
    return {"met": "✅ met", "missed": "❌ missed"}.get(word, "")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = [f"| {' | '.join(name.lstrip('>') for name in columns)} |"]
    rule = [f"|{'|'.join('--:' if name.startswith('>') else '---' for name in columns)}|"]
    return "\n".join(head + rule + [f"| {' | '.join(cells)} |" for cells in rows])
