"""How a screen is laid out: rows with their details, and headlines. Pure: values in, lines of styled pieces out.

A row is `  + build   envoy   c-ebb2bba14535`: mark, verb, name, and the text in the column that all rows of a block
share. Its details begin under the name. What is too long wraps at words under its own column; a `right` text is flush
right where it fits, else it has a line of its own under the text. It must never lose a word, and never decide anything.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_MARGIN = 2
_VERB = 7  # "confirm", "replace": one width for every block, so that blocks of one screen align
_GAP = 2  # between columns, at least
_MOST_OF_A_NAME = 40  # cells; a longer one has its line for itself
_LEAST_OF_A_TEXT, _ENOUGH_OF_A_TEXT = 24, 36
_RIGHT_EDGE = 100  # on a wider screen the eye would lose the line on its way to the edge

# What a mark says is never said by its colour alone.
STYLES = {
    "+": "green",
    "✓": "green",
    "~": "yellow",
    "!": "yellow",
    "?": "yellow",
    "±": "bold red",
    "-": "red",
    "✗": "bold red",
    "→": "cyan",
    "=": "dim",
}

DANGER = ("red", "bold red")  # the styles of what may lose something, or opens it to others

# Characters of ours that take one cell everywhere; whatever else there is gets measured.
_NARROW = re.compile(
    r"[\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u2013\u2014\u2018-\u201d\u2026\u2190-\u2193\u2264\u2265\u2500-\u259f\u2713\u2717\u2800-\u28ff]*"
)


@dataclass(frozen=True, slots=True)
class Detail:
    """A line below a row, under its name. Without a name its text stands in the column of texts."""

    mark: str = ""
    name: str = ""
    text: str = ""
    right: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing: what is or will be done with it, and why. `style` is rich's, for the mark and the text; without one
    the mark has its colour."""

    mark: str = ""
    verb: str = ""
    name: str = ""
    text: str = ""
    right: str = ""
    details: tuple[Detail, ...] = field(default=())
    style: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line, with rich's style."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def lay_out(rows: Sequence[Row], width: int) -> list[Line]:
    """The lines of a block; none is wider than `width` unless a single word is."""
    places = _Places(rows, width)
    return [line for row in rows for line in (*_of_row(row, places), *_of_details(row, places))]


def headline_of(left: str, right: str, width: int, *, indent: int = 0, style: str = "bold") -> list[Line]:
    """A line that stands for itself, or for what follows."""
    lines = wrap(left, width - indent)
    pieces = [_line([(indent, Piece(text, style))]) for text in lines]
    return _with_right(pieces, right, indent, min(width, _RIGHT_EDGE), width)


def plain(line: Line) -> str:
    """The characters of a line."""
    return "".join(piece.text for piece in line)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if _NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len  # rarely needed, and it takes longer to import than a plan to show

    return cell_len(text)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken between words; a word is never broken. Spaces within a line
    stay as they are."""
    lines, line = [], ""
    for space, word in re.findall(r"( *)([^ ]+)", text.strip(" ")):
        longer = f"{line}{space}{word}"
        if line and cells(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


class _Places:
    """Where the columns of a block begin."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self.width = width
        self.edge = min(width, _RIGHT_EDGE)
        self.mark = _MARGIN
        self.verb = self.mark + (2 if any(row.mark for row in rows) else 0)
        verb = max((cells(row.verb) for row in rows), default=0)
        self.name = self.verb + (max(verb, _VERB) + 1 if verb else 0)
        least = max(_LEAST_OF_A_TEXT, min(_ENOUGH_OF_A_TEXT, width * 9 // 20))
        most = min(_MOST_OF_A_NAME, width - least - self.name)
        fitting = [length for length in _lengths(rows) if length + _GAP <= most]
        has_names = any(row.name or any(each.name for each in row.details) for row in rows)
        self.text = self.name + (max(fitting, default=0) + _GAP if has_names else 0)


def _lengths(rows: Iterable[Row]) -> Iterator[int]:
    """Of the names that stand before a text."""
    for row in rows:
        yield cells(row.name)
        for each in row.details:
            if each.text and each.name:
                yield cells(each.name) + (2 if each.mark else 0)


def _of_row(row: Row, places: _Places) -> list[Line]:
    before = [(places.mark, Piece(row.mark, row.style or STYLES.get(row.mark, "")))]
    before.append((places.verb, Piece(row.verb, row.style or STYLES.get(row.mark, ""))))
    name_style = "bold" if row.text or row.verb else row.style
    return _of_parts(before, places.name, _Parts(row.name, row.text, row.right, row.style, name_style), places)


def _of_details(row: Row, places: _Places) -> Iterator[Line]:
    for each in row.details:
        before = [(places.name, Piece(each.mark, each.style or STYLES.get(each.mark, "")))]
        start = places.name + (2 if each.mark else 0)
        yield from _of_parts(before, start, _Parts(each.name, each.text, each.right, each.style, ""), places)


@dataclass(frozen=True, slots=True)
class _Parts:
    name: str
    text: str
    right: str
    style: str
    name_style: str


def _of_parts(before: list[tuple[int, Piece]], start: int, parts: _Parts, places: _Places) -> list[Line]:
    """The lines of a name and its text, where `before` stands before the first."""
    names, column = wrap(parts.name, places.width - start), _column(parts.text, start, places)
    texts = wrap(parts.text, places.width - column)
    rows = [[(start, Piece(name, parts.name_style))] for name in names] or [[]]
    rows[0] = [*before, *rows[0]]
    if texts and len(names) <= 1 and start + cells(parts.name) + _GAP * bool(names) <= column:
        rows[0].append((column, Piece(texts.pop(0), parts.style)))
    rows += [[(column, Piece(text, parts.style))] for text in texts]
    return _with_right([_line(row) for row in rows], parts.right, places.text, places.edge, places.width)


def _column(text: str, start: int, places: _Places) -> int:
    """Where a text begins: in the column of all texts; below its name where a word of it, such as an address, is whole
    there alone."""
    longest = max(map(cells, text.split(" ")))
    below = start + _GAP
    return below if places.width - places.text < longest <= places.width - below else places.text


def _line(pieces: Sequence[tuple[int, Piece]]) -> Line:
    """Pieces at their places, with the spaces between them."""
    made: list[Piece] = []
    end = 0
    for place, piece in pieces:
        if piece.text:
            made += [Piece(" " * (place - end)), piece] if place > end else [piece]
            end = max(place, end) + cells(piece.text)
    return tuple(made)


def _with_right(lines: list[Line], right: str, column: int, edge: int, width: int) -> list[Line]:
    """With a text flush right on the last line, where it fits; else below it."""
    if not right:
        return lines
    *others, last = lines or [()]
    end = cells(plain(last))
    place = max(end + _GAP, edge - cells(right))
    if place + cells(right) <= width:
        return [*others, (*last, Piece(" " * (place - end)), Piece(right, "dim"))]
    return [*lines, *(_line([(column, Piece(text, "dim"))]) for text in wrap(right, width - column))]


def map_texts(row: Row, change: Callable[[str], str]) -> Row:
    """The row with each of its texts changed, those of its details too."""
    details = tuple(
        Detail(change(one.mark), change(one.name), change(one.text), change(one.right), one.style)
        for one in row.details
    )
    mark, verb, name, text, right = map(change, (row.mark, row.verb, row.name, row.text, row.right))
    return Row(mark, verb, name, text, right, details, row.style)


def short_form(rows: Sequence[Row], left_out: str) -> list[Row]:
    """The rows without those that have one of the marks `left_out`; of details only what is dangerous is left: nobody
    may overlook that."""
    return [
        replace(row, details=tuple(each for each in row.details if each.style in DANGER))
        for row in rows
        if not row.mark or row.mark not in left_out
    ]
