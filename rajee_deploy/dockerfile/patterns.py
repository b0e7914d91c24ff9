"""Shell patterns in substitutions: `${v#pattern}`, `${v%pattern}`, `${v/pattern/replacement}`.

Owns what `*` and `?` match and Go's way of replacing. Must never look up a variable. Neither matches a line break, as
Go's `.` does not. A pattern is cut at its stars, and each piece is looked for once, from left to right: no match before
the leftmost place of a piece leads further than that place does, so nothing is ever taken back, and the time is that of
a search for each piece. Whoever asks pays for it out of a Budget, and so does what a replacement makes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TEMPLATE = r"\$(?:\$|\{(\w+)\}|(\w+))?"
MAX_VALUE = 1 << 20
MAX_WORK = 1 << 25
_PER_UNIT = 16  # comparisons of two characters that one unit of work pays for
_NEWLINE = "\n"


class PatternError(Exception):
    """A pattern with an escape that means nothing."""


class TooMuchError(Exception):
    """What is expanded is larger than anything that is built."""


class Budget:
    """How many characters the expansions of one Dockerfile may make or go through, all in all."""

    def __init__(self, most: int = MAX_WORK) -> None:
        self._left = most

    def pay(self, characters: int) -> None:
        """TooMuchError when it is spent."""
        self._left -= characters
        if self._left < 0:
            raise TooMuchError(f"the expansions of this Dockerfile come to more than {MAX_WORK >> 20} MB of text")


class _Piece(NamedTuple):
    """What stands between two stars. `expression` is None where it is plain text, which str.find finds fastest."""

    text: str
    length: int
    expression: re.Pattern[str] | None

    def at(self, value: str, start: int) -> bool:
        """Whether it stands there."""
        if self.expression is None:
            return value.startswith(self.text, start)
        return self.expression.match(value, start) is not None

    def first(self, value: str, start: int, end: int) -> int:
        """Where it begins first, from `start` to `end`; -1 when nowhere. It may reach beyond `end`."""
        if self.expression is None:
            return value.find(self.text, start, min(end + self.length, len(value)))
        found = self.expression.search(value, start, min(end + self.length, len(value)))
        return found.start() if found else -1

    def last(self, value: str, start: int, end: int) -> int:
        """Where it begins last."""
        if self.expression is None:
            # str.rfind is quadratic at its worst, str.find is not.
            part = value[start : end + self.length][::-1]
            found = part.find(self.text[::-1])
            return -1 if found < 0 else start + len(part) - found - self.length
        return next((place for place in range(end, start - 1, -1) if self.at(value, place)), -1)


class _Glob:
    """A pattern in pieces. PatternError for escapes other than those of `*?\\/}`."""

    def __init__(self, pattern: str) -> None:
        self._pieces = [_piece(tokens) for tokens in _cut(pattern)]
        hard = sum(piece.length for piece in self._pieces if piece.expression is not None)
        breaks = pattern.count(_NEWLINE)  # with them a later line may match what an earlier one did not
        self._factor = 1 + breaks + hard // _PER_UNIT
        self._cut = len(pattern) * _PER_UNIT

    def price(self, value: str) -> int:
        """What a search in this value costs at most, the cutting of the pattern with it."""
        return self._cut + len(value) * self._factor

    def end(self, value: str, start: int, *, greedy: bool) -> int:
        """Where the longest (else the shortest) match that begins at `start` ends; -1 when none does."""
        head, *rest = self._pieces
        if not head.at(value, start):
            return -1
        place, border = start + head.length, -1
        for number, piece in enumerate(rest, 1):
            if border < place:
                border = value.find(_NEWLINE, place)
                border = len(value) if border < 0 else border  # a star reaches no further
            look = piece.last if greedy and number == len(rest) else piece.first
            found = look(value, place, border)
            if found < 0:
                return -1
            place = found + piece.length
        return place

    def search(self, value: str, start: int) -> tuple[int, int] | None:
        """The leftmost match from `start` on, the longest there."""
        head = self._pieces[0]
        while (start := head.first(value, start, len(value))) >= 0:
            end = self.end(value, start, greedy=True)
            if end >= 0:
                return start, end
            # Whatever follows the first star, it would be found from here as well as from any later place of the line.
            border = value.find(_NEWLINE, start)
            if border < 0:
                return None
            start = border + 1 if _NEWLINE not in head.text else start + 1
        return None


def trim_prefix(pattern: str, value: str, budget: Budget, *, greedy: bool) -> str:
    """The value without the shortest (`greedy`: longest) prefix that matches."""
    glob = _Glob(pattern)
    budget.pay(glob.price(value))
    end = glob.end(value, 0, greedy=greedy)
    return value[end:] if end > 0 else value


def trim_suffix(pattern: str, value: str, budget: Budget, *, greedy: bool) -> str:
    """The value without the shortest (`greedy`: longest) suffix that matches: a prefix of it from right to left."""
    return trim_prefix(reverse(pattern), value[::-1], budget, greedy=greedy)[::-1]


def reverse(pattern: str) -> str:
    """A pattern from right to left; a backslash stays before the character that it escapes."""
    return "".join(reversed(re.findall(r"\\.|.", pattern, re.DOTALL)))


def replace_first(pattern: str, replacement: str, value: str, budget: Budget) -> str:
    """Replace the first match with the text as it is."""
    glob = _Glob(pattern)
    budget.pay(glob.price(value))
    found = glob.search(value, 0)
    return value[: found[0]] + replacement + value[found[1] :] if found else value


def replace_all(pattern: str, template: str, value: str, budget: Budget) -> str:
    """Replace every match. The replacement is a template; an empty match right behind another one is left alone."""
    glob = _Glob(pattern)
    budget.pay(glob.price(value))
    parts = _parts(template)
    size = sum(map(len, parts))
    out = []
    end = start = 0
    while start <= len(value) and (found := glob.search(value, start)):
        out.append(value[end : found[0]])
        if found[1] > end or found[0] == 0:
            budget.pay(_PER_UNIT + size + (len(parts) - 1) * (found[1] - found[0]))
            out.append(value[found[0] : found[1]].join(parts))
        end = found[1]
        start = max(start + 1, end)
    return "".join([*out, value[end:]])


def _parts(template: str) -> list[str]:
    """Go's regexp template of an expression without groups, cut where the match stands: `$0` is the match, other names
    are nothing."""
    parts: list[list[str]] = [[]]
    end = 0
    for found in re.finditer(_TEMPLATE, template):
        name = found[1] or found[2]
        parts[-1] += template[end : found.start()], "$" if name is None else ""
        end = found.end()
        if name == "0":
            parts.append([])
    parts[-1].append(template[end:])
    return ["".join(part) for part in parts]


def _cut(pattern: str) -> list[list[str]]:
    """The characters between the stars; "" stands for any one character."""
    pieces: list[list[str]] = [[]]
    characters = iter(pattern)
    for char in characters:
        if char == "*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append([])
        elif char == "?":
            pieces[-1].append("")
        elif char == "\\":
            escaped = next(characters, "")
            if not escaped or escaped not in "*?\\/}":
                raise PatternError(f"invalid escape '\\{escaped}' in the pattern {pattern!r}")
            pieces[-1].append(escaped)
        else:
            pieces[-1].append(char)
    return pieces


def _piece(characters: list[str]) -> _Piece:
    text = "".join(characters)
    if all(characters):
        return _Piece(text, len(text), None)
    return _Piece(text, len(characters), re.compile("".join(re.escape(char) if char else "." for char in characters)))
