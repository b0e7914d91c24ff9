"""Go's regular expressions (RE2 syntax, Perl flags) said in Python's, as far as ignore patterns can produce them.

patternmatcher builds a Go expression out of an ignore pattern and passes brackets and escapes through, so `\\d` in an
ignore file is a digit and `[z-a]` an error. Owns that translation; must never know what is matched.
Rules: https://pkg.go.dev/regexp/syntax
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from rajee_deploy.context.globs import HIGHEST, BadPatternError, Ranges, character_class
from rajee_deploy.context.path_automaton import Machine, PatternPlace, one_of, star_of_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DIGITS: Ranges = ((0x30, 0x39),)
_UPPER: Ranges = ((0x41, 0x5A),)
_LOWER: Ranges = ((0x61, 0x7A),)
_WORD: Ranges = (*_DIGITS, *_UPPER, *_LOWER, (0x5F, 0x5F))
_PERL: dict[str, Ranges] = {"d": _DIGITS, "s": ((9, 10), (12, 13), (32, 32)), "w": _WORD}
_POSIX: dict[str, Ranges] = {
    "alnum": (*_DIGITS, *_UPPER, *_LOWER),
    "alpha": (*_UPPER, *_LOWER),
    "ascii": ((0, 0x7F),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGITS,
    "graph": ((0x21, 0x7E),),
    "lower": _LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((9, 13), (32, 32)),
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": (*_DIGITS, (0x41, 0x46), (0x61, 0x66)),
}
_CONTROLS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_ANCHORS = {"A": r"\A", "z": r"\Z", "b": r"(?a:\b)", "B": r"(?a:\B)"}
_EDGES = {"^": r"\A", "$": r"\Z"}
_OPERATORS = {**_EDGES, ".": r"[^\n]", "(": "(?:", ")": ")", "*": "*", "?": "?"}
_REPEATS = ("*", "?")
_EDGE_PIECES = frozenset({*_ANCHORS.values(), *_EDGES.values()})
_SOME_DIRECTORIES, _REST, _NAME = r"(?:[^\n]*/)?", r"[^\n]*", "[^/]*"
# What `**`, `**` at the end and `*` are made to. What a user wrote that looks like it was escaped before it came here.
_STARS_OF_GO = {"(.*/)?": _SOME_DIRECTORIES, ".*": _REST, "[^/]*": _NAME}
_NAMES, _DIRECTORIES = (_NAME, "*"), (_SOME_DIRECTORIES, _REST)


class Expression:
    """A Go expression for a whole path. `is_quick`: Python's own engine goes through a path a few times at most."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.text = "".join(pieces)
        names, directories = map(pieces.count, _NAMES), map(pieces.count, _DIRECTORIES)
        # No ignore pattern makes a group of its own.
        self.is_quick = (sum(names) <= 1 and sum(directories) <= 1) or "(?:" in pieces
        self._pieces = pieces

    @cached_property
    def matches(self) -> Callable[[str], object]:
        """Whether a path matches."""
        if self.is_quick:
            return re.compile(self.text).match
        following = (*self._pieces[1:], "")
        pairs = [pair for pair in zip(self._pieces, following, strict=True) if pair[0] not in _REPEATS]
        return Machine([place for piece, repeat in pairs for place in _places(piece, repeat)]).matches


def translate(expression: str) -> Expression:
    """A Go expression made of literals, escapes, brackets, `^`, `$`, `.*`, `(.*/)?` and `[^/]*`. BadPatternError where
    Go refuses it."""
    out: list[str] = []
    position = 0
    while position < len(expression):
        star = next((star for star in _STARS_OF_GO if expression.startswith(star, position)), "")
        character = expression[position]
        if star:
            piece, position = _STARS_OF_GO[star], position + len(star)
        elif character == "[":
            piece, position = _bracket(expression, position + 1)
        elif character == "\\":
            piece, position = _escape(expression, position)
        else:
            piece, position = _OPERATORS.get(character) or re.escape(character), position + 1
        out.append(piece)
    try:
        re.compile("".join(out))
    except re.error as error:
        raise BadPatternError(expression) from error
    return Expression(out)


def _places(piece: str, repeat: str) -> list[PatternPlace]:
    """The places of one piece: a star, an edge, a character or several (`\\Q…\\E`). A `repeat` is of the last one."""
    if piece == _SOME_DIRECTORIES:
        return [PatternPlace(skips=(1, 3)), PatternPlace(stays=_no_break, skips=(1,)), PatternPlace("/".__eq__)]
    if piece == _REST:
        return [PatternPlace(stays=_no_break, skips=(1,))]
    if piece == _NAME:
        return [star_of_names()]
    if piece in _EDGE_PIECES:
        edge = re.compile(piece)
        return [PatternPlace(when=lambda text, position: edge.match(text, position) is not None)]
    is_class = piece.startswith(("[", "(?!"))
    texts = [piece] if is_class else re.findall(r"(?s)\\.|.", piece)
    places = [PatternPlace(one_of(text)) for text in texts]
    if texts and repeat == "*":
        places[-1] = PatternPlace(stays=places[-1].takes, skips=(1,))
    elif texts and repeat == "?":
        places[-1] = places[-1]._replace(skips=(1,))
    return places


def _no_break(character: str) -> bool:
    return character != "\n"


def _escape(text: str, position: int) -> tuple[str, int]:
    """What a backslash outside brackets begins at `position`."""
    letter = text[position + 1 : position + 2]
    if letter == "Q":
        quoted, _, _ = text[position + 2 :].partition("\\E")
        return re.escape(quoted), min(position + 2 + len(quoted) + 2, len(text))
    if letter in _ANCHORS:
        return _ANCHORS[letter], position + 2
    group = _group(text, position)
    if group is not None:
        return character_class(group[0]), group[1]
    code, position = _code_point(text, position)
    return re.escape(chr(code)), position


def _bracket(text: str, position: int) -> tuple[str, int]:
    """Read a bracket expression whose `[` stands before `position`."""
    negated = text.startswith("^", position)
    position += negated
    ranges: list[tuple[int, int]] = []
    first = True
    while first or not text.startswith("]", position):
        first = False
        group = _posix(text, position) or _group(text, position)
        if group is not None:
            ranges.extend(group[0])
            position = group[1]
            continue
        low, position = _code_point(text, position)
        high = low
        if text.startswith("-", position) and text[position + 1 : position + 2] not in {"", "]"}:
            high, position = _code_point(text, position + 1)
            if high < low:
                raise BadPatternError(text)
        ranges.append((low, high))
    return character_class(tuple(ranges), negated=negated), position + 1


def _posix(text: str, position: int) -> tuple[Ranges, int] | None:
    """`[:alpha:]` and `[:^alpha:]` at `position`, inside brackets."""
    if not text.startswith("[:", position):
        return None
    end = text.find(":]", position + 2)
    if end < 0:
        return None
    name = text[position + 2 : end]
    ranges = _POSIX.get(name.removeprefix("^"))
    if ranges is None:
        raise BadPatternError(text)
    return (_complement(ranges) if name.startswith("^") else ranges), end + 2


def _group(text: str, position: int) -> tuple[Ranges, int] | None:
    r"""`\d`, `\S`, `\pL` and their like at `position`."""
    if not text.startswith("\\", position):
        return None
    letter = text[position + 1 : position + 2]
    if letter in {"p", "P"}:
        ranges = _category(text[position + 2 : position + 3])
        return (ranges if letter == "p" else _complement(ranges)), position + 3
    known = _PERL.get(letter.lower())
    if known is None:
        return None
    return (known if letter.islower() else _complement(known)), position + 2


def _code_point(text: str, position: int) -> tuple[int, int]:
    """The character at `position`, or the one that an escape there means."""
    if position >= len(text):
        raise BadPatternError(text)
    if text[position] != "\\":
        return ord(text[position]), position + 1
    number = re.compile(r"\\(?:(0[0-7]{0,2}|[1-7][0-7]{1,2})|x([0-9A-Fa-f]{2}))").match(text, position)
    if number:
        octal, hexadecimal = number.groups()
        return (int(octal, 8) if octal else int(hexadecimal, 16)), number.end()
    letter = text[position + 1 : position + 2]
    if letter in _CONTROLS:
        return _CONTROLS[letter], position + 2
    if letter.isascii() and letter and not letter.isalnum():
        return ord(letter), position + 2
    raise BadPatternError(text)


def _complement(ranges: Ranges) -> Ranges:
    out: list[tuple[int, int]] = []
    begin = 0
    for low, high in sorted(ranges):
        out.append((begin, low - 1))
        begin = high + 1
    out.append((begin, HIGHEST))
    return tuple((low, high) for low, high in out if low <= high)


@lru_cache(maxsize=8)
def _category(letter: str) -> Ranges:
    """All code points of a general category (`L`, `N`…). Slow (a tenth of a second), and hardly ever asked for."""
    if letter not in set("CLMNPSZ"):
        raise BadPatternError(f"\\p{letter}")
    codes = (code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == letter)
    out: list[list[int]] = []
    for code in codes:
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return tuple((low, high) for low, high in out)
