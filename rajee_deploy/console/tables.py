"""Tables for logs: the very lines that rich makes of plain ones, without importing it, which costs more than a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NARROW = "█"  # one place wide wherever it is shown


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], limit: int) -> list[str] | None:
    """The lines, no wider than `limit`. None where characters may be wider
    than one place, spaces stand at an edge, or a line does not fit."""
    heads = [column.lstrip(">") for column in columns]
    cells = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    total = sum(widths) + 3 * (len(widths) - 1)
    every = [cell for row in cells for cell in row]
    if total > limit or not all(_is_narrow(cell) for cell in every):
        return None
    aligned = [
        "   ".join(
            cell.rjust(width) if column.startswith(">") else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        )
        for row in cells
    ]
    return [aligned[0], "─" * total, *aligned[1:]]


def _is_narrow(cell: str) -> bool:
    return all(c.isascii() or c in _NARROW for c in cell) and cell == cell.strip()
