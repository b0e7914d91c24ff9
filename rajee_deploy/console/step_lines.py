"""How a step looks while it goes on and when it is done: `✓ build   envoy   1m 12s   sha256:166e49ac07e8`.

Pure: values in, lines of styled pieces out. Its columns are those of `rows`, with the time between name and text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.console.rows import Piece, cells, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.console.rows import Line

_MARK = 2
_VERB = 4
NAME = 12
_LEAST_OF_A_NAME = 18
_TIME = 6
_LEAST_OF_A_TEXT = 20
_MOST_IN_A_CELL = 4  # characters: some have no width of their own


class StepColumns:
    """Where the columns of a run's steps begin, on a terminal of this width, for these names."""

    def __init__(self, width: int, names: Sequence[str] = ()) -> None:
        self.width = max(width, NAME + 8)
        room = self.width - NAME - _TIME - 5 - _LEAST_OF_A_TEXT
        longest = max((cells(name) for name in names), default=0)
        self.name = min(max(longest, _LEAST_OF_A_NAME), max(room, 8))
        self.time = NAME + self.name + 2
        self.text = self.time + _TIME + 3

    @property
    def is_narrow(self) -> bool:
        """Whether a text has no room beside the rest."""
        return self.width - self.text < _LEAST_OF_A_TEXT


def head(mark: Piece, verb: str, name: str, took: str, columns: StepColumns) -> Line:
    """The line of a step without its text."""
    gap = max(columns.name - cells(name), 0) + 2 + max(_TIME - len(took), 0)
    pieces = [Piece(" " * _MARK), mark, Piece(" ")]
    pieces += [Piece(f"{verb:<{NAME - _VERB - 1}} ", mark.style)] if verb else []
    if not verb:  # no step of a plan: its name takes the place of both
        gap = max(gap - NAME + _VERB, 2)
    return (*pieces, Piece(name, "bold"), Piece(" " * gap), Piece(took))


def done_lines(mark: Piece, words: tuple[str, str, str], text: str, columns: StepColumns) -> list[Line]:
    """A step that is over; `words` are its verb, its name and how long it took. The text wraps under its own column."""
    first = head(mark, *words, columns)
    column = NAME if columns.is_narrow else columns.text
    texts = wrap(text, columns.width - column)
    end = sum(cells(piece.text) for piece in first)
    if texts and end + 2 <= column:
        first = (*first, Piece(" " * (column - end)), Piece(texts.pop(0)))
    return [first, *((Piece(" " * column), Piece(each)) for each in texts)]


def crop(line: Line, width: int) -> Line:
    """The line, no wider than this: what moves must never wrap."""
    if sum(cells(piece.text) for piece in line) <= width:
        return line
    kept: list[Piece] = []
    room = max(width - 1, 0)
    for piece in line:
        text = piece.text[: _MOST_IN_A_CELL * room]  # a build's step may be a page, and this is done ten times a second
        while text and cells(text) > room:
            text = text[:-1]
        kept.append(Piece(text, piece.style))
        room -= cells(text)
        if text != piece.text:
            break
    return (*kept, Piece("…"))
