"""Durations with bars, as the last block of a run shows them:

  time        3m 18s   goal 3m 00s: missed by 18 s
  build       1m 12s   ███████████
  rollout     1m 49s   █████████████████   start 38s, health 52s, drain 19s

Pure: values in, lines of styled pieces out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.console.rows import Piece, cells, wrap
from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.durations import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.console.rows import Line

_MARGIN = 2
_NAME = 10
_TIME = 8
_GAP = 3
_TEXT = _MARGIN + _NAME + _TIME + _GAP
_LONGEST = 20
_LEAST_OF_A_TEXT = 20
_BAR = "█"


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: what, for how many seconds, and what is said of it. `of` is what a whole bar stands for; 0 for no bar."""

    name: str
    seconds: float
    text: str = ""
    of: float = 0.0
    style: str = ""


def bar_lines(rows: Sequence[Bar], width: int) -> list[Line]:
    """The lines; texts behind bars share a column, or stand below where there is no room."""
    longest = max((_length(row, width) for row in rows), default=0)
    return [line for row in rows for line in _lines(row, width, _TEXT + longest + _GAP)]


def _lines(row: Bar, width: int, column: int) -> list[Line]:
    name = max(_NAME, cells(row.name) + 1)
    first = [Piece(" " * _MARGIN), Piece(f"{row.name:<{name}}", row.style), Piece(f"{duration(row.seconds):>{_TIME}}")]
    first[-1] = Piece(first[-1].text, row.style)
    length = _length(row, width)
    if not length:
        column = _TEXT
    else:
        first += [Piece(" " * _GAP), Piece(_BAR * length, "cyan")]
    if not row.text.strip():
        return [tuple(first)]
    if width - column < _LEAST_OF_A_TEXT:
        below = wrap(row.text, max(width - _MARGIN - _NAME, _LEAST_OF_A_TEXT))
        return [tuple(first), *((Piece(" " * (_MARGIN + _NAME)), Piece(text, row.style or "dim")) for text in below)]
    texts = wrap(row.text, width - column)
    end = sum(cells(piece.text) for piece in first)
    first += [Piece(" " * (column - end)), Piece(texts[0], row.style or "dim")]
    return [tuple(first), *((Piece(" " * column), Piece(text, row.style or "dim")) for text in texts[1:])]


def _length(row: Bar, width: int) -> int:
    if not row.of:
        return 0
    most = max(min(_LONGEST, width - _TEXT - 1), 1)
    return min(max(round(most * row.seconds / row.of), 1), most)
