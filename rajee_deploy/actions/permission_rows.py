"""The CDK CLI's tables of what a deployment would allow, as rows: its tables are wider than a terminal, which breaks
them in pieces. Pure: lines in, rows out. It must never lose a word of theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.console.rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAR = "│"
_EDGES = ("┌", "├", "└")


def rows_of(lines: Sequence[str]) -> list[Row]:
    """A row for each entry, below the title of its table; a line that is of no table stands as it is."""
    found: list[Row] = []
    entry: list[list[str]] = []
    is_head = False
    for line in lines:
        if line.startswith(_EDGES):
            is_head = line.startswith("┌")
            continue
        if not line.startswith(_BAR):
            found += [*_row(entry), *([Row(name=line)] if line.strip() else [])]
            entry = []
            continue
        cells = [cell.strip() for cell in line.strip(_BAR).split(_BAR)]
        if is_head:  # "Resource │ Effect │ …": the entries speak for themselves
            continue
        if cells[0]:
            found += _row(entry)
            entry = [[] for _ in cells]
        for number, cell in enumerate(cells[: len(entry)]):
            entry[number] += [cell] if cell else []
    return [*found, *_row(entry)]


def _row(entry: Sequence[Sequence[str]]) -> list[Row]:
    """An entry: its mark, what it is about, and the rest in the order of the columns."""
    if not entry:
        return []
    mark, name, *others = (", ".join(cells) for cells in entry)
    return [Row(mark, "", name, "  ".join(filter(None, others)))]
