"""Figures → the lines of `report` in a terminal: the kinds of runs with their goals, then what is to be said in words.
Pure: it knows a width, and neither files nor colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.console import printable
from rajee_deploy.console.rows import Line, Piece, Row, cells, headline_of, lay_out
from rajee_deploy.dataclass import dataclass
from rajee_deploy.report.facts import day_in_words, facts, kind_name, runs_in_words
from rajee_deploy.report.metrics import NOTHING_YET
from rajee_deploy.report.saved import long
from rajee_deploy.report.sparkline import trends
from rajee_deploy.report.timings import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.report.metrics import Figures, KindFigures, PhaseFigures

_MARGIN, _GAP = 2, 2
_VERDICTS = {"met": "green", "missed": "bold red"}
_MOST_PHASES = 40


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    style: str = ""


def screen(found: Figures, width: int, *, has_phases: bool) -> list[Line]:
    """All lines; none is wider than the width unless a name is."""
    lines = _head(found, width)
    if not found.since:
        return [*lines, (), *headline_of(NOTHING_YET, "", width, indent=_MARGIN, style="")]
    if found.kinds:
        lines += [(), *_kinds(found, width)]
    if has_phases and found.phases:
        lines += [(), *_phases(found, width)]
    rows = [Row("", "", each.name, printable(each.text), style="red" if each.is_bad else "") for each in facts(found)]
    return [*lines, (), *lay_out(rows, width)]


def _head(found: Figures, width: int) -> list[Line]:
    since = f" since {day_in_words(found.since, found.until)}" if found.since and found.until else ""
    where = ", ".join(map(printable, found.environments))
    return headline_of(f"report · {runs_in_words(found.runs + found.failed)}{since}", where, width)


def _kinds(found: Figures, width: int) -> Iterator[Line]:
    trend = trends(found)
    kinds = sorted(found.kinds, key=lambda kind: (kind.target is None, -kind.count, kind.kind))
    goals = max((len(_goal(kind)) for kind in kinds), default=0)
    rows = [
        (
            _Cell(printable(kind_name(kind.kind)), "bold"),
            *map(_Cell, _numbers(kind)),
            _Cell(f"{_goal(kind):<{goals}}  {kind.verdict}".rstrip(), _VERDICTS.get(kind.verdict, "")),
            _Cell(trend.get(kind.kind, "")),
        )
        for kind in kinds
    ]
    columns = ["kind", ">runs", ">p50", ">p95", ">max", "goal of p95" if goals else "", "trend" if trend else ""]
    if _width(columns, rows) > width:  # the trend gives way
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    yield from _table(columns, rows, width)


def _goal(kind: KindFigures) -> str:
    return f"≤ {long(kind.target)}" if kind.target else ""


def _phases(found: Figures, width: int) -> Iterator[Line]:
    whole = sum(phase.total for phase in found.phases)
    rows = [
        (
            _Cell(printable(phase.name), "bold"),
            *map(_Cell, _numbers(phase)),
            _Cell(f"{phase.total / whole:.0%}" if whole else ""),
        )
        for phase in found.phases[:_MOST_PHASES]
    ]
    yield from _table(("phase", ">runs", ">p50", ">p95", ">max", ">of all"), rows, width)
    more = len(found.phases) - _MOST_PHASES
    if more > 0:
        yield (Piece(" " * _MARGIN), Piece(f"{more} more took less", "dim"))


def _numbers(one: KindFigures | PhaseFigures) -> tuple[str, str, str, str]:
    return str(one.count), duration(one.p50), duration(one.p95), duration(one.longest)


def _table(columns: Sequence[str], rows: Sequence[Sequence[_Cell]], width: int) -> Iterator[Line]:
    """Columns of which the first gives way: a name that is too long has a line for itself."""
    sizes = _sizes(columns, rows)
    others = sum(size + _GAP for size in sizes[1:] if size)
    sizes[0] = max(min(sizes[0], width - _MARGIN - others), cells(columns[0]))
    yield _line(columns, [_Cell(name.lstrip(">"), "dim") for name in columns], sizes)
    for row in rows:
        if cells(row[0].text) > sizes[0]:
            yield (Piece(" " * _MARGIN), Piece(row[0].text, row[0].style))
            yield _line(columns, [_Cell(""), *row[1:]], sizes)
        else:
            yield _line(columns, row, sizes)


def _sizes(columns: Sequence[str], rows: Sequence[Sequence[_Cell]]) -> list[int]:
    sizes = [max(cells(row[place].text) for row in rows) for place in range(len(columns))]
    return [max(size, cells(name.lstrip(">"))) for size, name in zip(sizes, columns, strict=True)]


def _width(columns: Sequence[str], rows: Sequence[Sequence[_Cell]]) -> int:
    return _MARGIN - _GAP + sum(size + _GAP for size in _sizes(columns, rows) if size)


def _line(columns: Sequence[str], row: Sequence[_Cell], sizes: Sequence[int]) -> Line:
    pieces = [Piece(" " * _MARGIN)]
    for column, cell, size in zip(columns, row, sizes, strict=True):
        space = " " * (size - cells(cell.text))
        before, after = (space, "") if column.startswith(">") else ("", space)
        pieces += [Piece(before), Piece(cell.text, cell.style), Piece(after + " " * _GAP * bool(size))]
    while pieces and not pieces[-1].text.strip():
        pieces.pop()
    return tuple(pieces)
