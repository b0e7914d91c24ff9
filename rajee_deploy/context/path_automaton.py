"""The regular expressions of ignore patterns, run in linear time.

Owns the parts of those that pathspec makes, and a machine for those of `.dockerignore`, too: one bit for each place in
the pattern, all of them moved on at once for each character of a path. It never goes back, so its time is the length of
the path, whatever the pattern. It answers as Python's `re` does for the same expression. Must never know what a pattern
is for.
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


class PatternPart(NamedTuple):
    """One part: `text` and `set` stand for one character, `many` and `some` for what a component may hold, `above` and
    `between` for directories; `mark` and `end` close the pattern, with the slash of a directory or with either."""

    kind: str
    text: str


def parts_of(expression: str) -> list[PatternPart] | None:
    """The parts of an expression that begins with `^`; None for one that is made otherwise."""
    if not expression.startswith("^"):
        return None
    parts = []
    position = 1
    while position < len(expression):
        found = _PART.match(expression, position)
        if found is None or found.lastgroup is None:
            return None
        parts.append(PatternPart(found.lastgroup if found.lastgroup != "ps_d" else _closing(found), found[0]))
        position = found.end()
    return parts


def _closing(found: re.Match[str]) -> str:
    return "mark" if found["mark"] else "end"


def check_sets(expression: str) -> None:
    """re.error for a set of characters that is none, like `[z-a]`."""
    for part in parts_of(expression) or ():
        if part.kind == "set":
            one_of(part.text)


def texts_of(parts: Sequence[PatternPart]) -> list[str]:
    """The texts without a wildcard that every match holds."""
    texts = [""]
    for part in parts:
        if part.kind == "text":
            texts[-1] += part.text[-1]
        elif texts[-1]:
            texts.append("")
    return [text for text in texts if text]


def is_quick(parts: Sequence[PatternPart]) -> bool:
    """Whether Python's own engine goes through a path no more than a few times."""
    kinds = [part.kind for part in parts]
    return sum(map(kinds.count, ("many", "some"))) <= 1 and sum(map(kinds.count, ("above", "between"))) <= 1


def never(_char: str) -> bool:
    """No character."""
    return False


class PatternPlace(NamedTuple):
    """A place of the pattern: which character leads to the next one, which leaves it here, how far one may go on for
    nothing, and `when` (the text, a position in it), if not always."""

    takes: Callable[[str], object] = never
    stays: Callable[[str], object] = never
    skips: tuple[int, ...] = ()
    when: Callable[[str, int], bool] | None = None


class Machine:
    """The places of a pattern, and which of them a text leads to: a bit each, the one behind the last being `end`."""

    def __init__(self, places: Sequence[PatternPlace]) -> None:
        self._places = places
        self.end = 1 << len(places)
        sizes = sorted({size for place in places for size in place.skips})
        self._skips = [(size, _bits([size in p.skips and p.when is None for p in places])) for size in sizes]
        self._conditions = [(1 << number, place) for number, place in enumerate(places) if place.when is not None]
        self._moves: dict[str, tuple[int, int]] = {}

    def matches(self, text: str) -> bool:
        """Whether a text matches from its start to its end."""
        bits = self.passed(1, text, 0)
        for position, char in enumerate(text, 1):
            bits = self.passed(self.moved(bits, char), text, position)
            if not bits:
                return False
        return bool(bits & self.end)

    def moved(self, bits: int, char: str) -> int:
        """Where a character leads."""
        moves = self._moves.get(char)
        if moves is None:
            takes = _bits([bool(place.takes(char)) for place in self._places])
            moves = self._moves[char] = takes, _bits([bool(place.stays(char)) for place in self._places])
        return (bits & moves[0]) << 1 | bits & moves[1]

    def passed(self, bits: int, text: str, position: int) -> int:
        """With all places that are reached for nothing."""
        before = 0
        while bits != before:
            before = bits
            for size, places in self._skips:
                bits |= (bits & places) << size
            for bit, place in self._conditions:
                if bits & bit and place.when is not None and place.when(text, position):
                    bits |= bit << 1
        return bits


class Automaton:
    """Parts of one expression. `whole`: the match has to reach the path's end, and `.` is any character."""

    def __init__(self, parts: Sequence[PatternPart], *, whole: bool) -> None:
        self._whole = whole
        self._closing = parts[-1].kind if parts[-1].kind in ("mark", "end") else ""
        body = _with_single_stars(parts[:-1] if self._closing else parts)
        places = [place for part in body for place in _places(part, _any if whole else _no_break)]
        self._machine = Machine(places)

    def match(self, path: str) -> bool | None:
        """Whether a directory was matched (or the path itself, then False); None where nothing was."""
        machine = self._machine
        bits = machine.passed(1, path, 0)
        marked: bool | None = None
        for position, char in enumerate(path):
            if bits & machine.end:
                found = self._closed(path, position)
                if found is False:
                    return False
                marked = found if found is not None else marked
            bits = machine.passed(machine.moved(bits, char), path, position + 1)
            if not bits:
                return marked
        if bits & machine.end and self._closing != "mark":
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


def _with_single_stars(parts: Sequence[PatternPart]) -> list[PatternPart]:
    return [part for before, part in zip((None, *parts), parts, strict=False) if part.kind != "many" or part != before]


def _bits(flags: Sequence[bool]) -> int:
    return sum(1 << number for number, is_set in enumerate(flags) if is_set)


def star_of_names() -> PatternPlace:
    """`*`: any number of characters but slashes."""
    return PatternPlace(stays=_no_slash, skips=(1,))


def _places(part: PatternPart, dot: Callable[[str], object]) -> list[PatternPlace]:
    match part.kind:
        case "many":
            return [star_of_names()]
        case "some":
            return [PatternPlace(_no_slash), star_of_names()]
        case "above":
            return [PatternPlace(dot, skips=(3,)), PatternPlace(stays=dot, skips=(1,)), PatternPlace("/".__eq__)]
        case "between":
            return [PatternPlace("/".__eq__, skips=(3,)), PatternPlace(dot), PatternPlace(stays=dot, skips=(1,))]
        case "set":
            return [PatternPlace(one_of(part.text))]
        case _:
            return [PatternPlace(part.text[-1].__eq__)]


@lru_cache(maxsize=256)
def one_of(text: str) -> Callable[[str], object]:
    """The characters that a regular expression for one of them matches. re.error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[]` is a set of one bracket, now and to git
        return re.compile(text).fullmatch


def _any(_char: str) -> bool:
    return True


def _no_break(char: str) -> bool:
    return char != "\n"


def _no_slash(char: str) -> bool:
    return char != "/"
