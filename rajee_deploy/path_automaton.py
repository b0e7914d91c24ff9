"""The regular expressions that pathspec makes of gitignore patterns, run in linear time.

Owns their parts and an automaton of them: one bit for each place in the pattern, all of them moved on at once for each
character of a path. It never goes back, so its time is the length of the path, whatever the pattern. It answers as
Python's `re` does for the same expression. Must never know what a pattern is for.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MARK, _MARK_OR_END = "(?P<ps_d>/)", "(?:(?P<ps_d>/)|$)"
_PART = re.compile(
    rf"(?s)(?P<mark>{re.escape(_MARK)}\Z)|(?P<end>{re.escape(_MARK_OR_END)}\Z)"
    r"|(?P<above>\(\?:\.\+/\)\?)|(?P<between>\(\?:/\.\+\)\?)|(?P<many>\[\^/\]\*)|(?P<some>\[\^/\]\+)"
    r"|(?P<set>\[\^?\]?[^\]]*\])|(?P<text>\\.|[^\\^$.|?*+()\[])"
)


class Part(NamedTuple):
    """One part: `text` and `set` stand for one character, `many` and `some` for what a component may hold, `above` and
    `between` for directories; `mark` and `end` close the pattern, with the slash of a directory or with either."""

    kind: str
    text: str


def parts_of(expression: str) -> list[Part] | None:
    """The parts of an expression that begins with `^`; None for one that is made otherwise."""
    if not expression.startswith("^"):
        return None
    parts = []
    position = 1
    while position < len(expression):
        found = _PART.match(expression, position)
        if found is None or found.lastgroup is None:
            return None
        parts.append(Part(found.lastgroup if found.lastgroup != "ps_d" else _closing(found), found[0]))
        position = found.end()
    return parts


def _closing(found: re.Match[str]) -> str:
    return "mark" if found["mark"] else "end"


def check_sets(expression: str) -> None:
    """re.error for a set of characters that is none, like `[z-a]`."""
    for part in parts_of(expression) or ():
        if part.kind == "set":
            _one_of(part.text)


def texts_of(parts: Sequence[Part]) -> list[str]:
    """The texts without a wildcard that every match holds."""
    texts = [""]
    for part in parts:
        if part.kind == "text":
            texts[-1] += part.text[-1]
        elif texts[-1]:
            texts.append("")
    return [text for text in texts if text]


def is_quick(parts: Sequence[Part]) -> bool:
    """Whether Python's own engine goes through a path no more than a few times."""
    kinds = [part.kind for part in parts]
    return sum(map(kinds.count, ("many", "some"))) <= 1 and sum(map(kinds.count, ("above", "between"))) <= 1


class _Place(NamedTuple):
    """A place of the pattern: which character leads to the next one, which leaves it here, and how many places may be
    passed over for nothing."""

    takes: Callable[[str], object]
    stays: Callable[[str], object] | None = None
    skips: int = 0


class Automaton:
    """Parts of one expression. `whole`: the match has to reach the path's end, and `.` is any character."""

    def __init__(self, parts: Sequence[Part], *, whole: bool) -> None:
        self._whole = whole
        self._closing = parts[-1].kind if parts[-1].kind in ("mark", "end") else ""
        body = _with_single_stars(parts[:-1] if self._closing else parts)
        places = [place for part in body for place in _places(part, _any if whole else _no_break)]
        self._places = places
        self._last = 1 << len(places)
        self._skipping = {size: _bits(places, lambda place: place.skips == size) for size in (1, 3)}  # noqa: B023
        self._moves: dict[str, tuple[int, int]] = {}

    def match(self, path: str) -> bool | None:
        """Whether a directory was matched (or the path itself, then False); None where nothing was."""
        bits = self._passed(1)
        marked: bool | None = None
        for position, char in enumerate(path):
            if bits & self._last:
                found = self._closed(path, position)
                if found is False:
                    return False
                marked = found if found is not None else marked
            moves = self._moves.get(char)
            if moves is None:
                moves = self._moves[char] = self._moves_of(char)
            bits = self._passed((bits & moves[0]) << 1 | bits & moves[1])
            if not bits:
                return marked
        if bits & self._last and self._closing != "mark":
            return False
        return marked

    def _closed(self, path: str, position: int) -> bool | None:
        """What it means that the pattern ends before the end of the path."""
        rest = len(path) - position
        if not self._closing:
            return None if self._whole else False
        if path[position] == "/":
            return True if not self._whole or rest == 1 else None
        # `$` is also before a line break at the very end.
        is_end = self._closing == "end" and not self._whole and rest == 1 and path[position] == "\n"
        return False if is_end else None

    def _passed(self, bits: int) -> int:
        """All places that may be reached for nothing: stars, directories that may be none, and stars behind those."""
        one, three = self._skipping[1], self._skipping[3]
        bits |= (bits & one) << 1
        bits |= (bits & three) << 3
        return bits | (bits & one) << 1

    def _moves_of(self, char: str) -> tuple[int, int]:
        takes = _bits(self._places, lambda place: bool(place.takes(char)))
        return takes, _bits(self._places, lambda place: place.stays is not None and bool(place.stays(char)))


def _with_single_stars(parts: Sequence[Part]) -> list[Part]:
    return [part for before, part in zip((None, *parts), parts, strict=False) if part.kind != "many" or part != before]


def _bits(places: Sequence[_Place], is_so: Callable[[_Place], bool]) -> int:
    return sum(1 << number for number, place in enumerate(places) if is_so(place))


def _places(part: Part, dot: Callable[[str], object]) -> list[_Place]:
    match part.kind:
        case "many":
            return [_Place(_never, _no_slash, 1)]
        case "some":
            return [_Place(_no_slash), _Place(_never, _no_slash, 1)]
        case "above":
            return [_Place(dot, skips=3), _Place(_never, dot, 1), _Place("/".__eq__)]
        case "between":
            return [_Place("/".__eq__, skips=3), _Place(dot), _Place(_never, dot, 1)]
        case "set":
            return [_Place(_one_of(part.text))]
        case _:
            return [_Place(part.text[-1].__eq__)]


@lru_cache(maxsize=256)
def _one_of(text: str) -> Callable[[str], object]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[]` is a set of one bracket, now and to git
        return re.compile(text).fullmatch


def _any(_char: str) -> bool:
    return True


def _no_break(char: str) -> bool:
    return char != "\n"


def _no_slash(char: str) -> bool:
    return char != "/"


def _never(_char: str) -> bool:
    return False
