"""The shell-like words of a Dockerfile: quotes, escapes and every form of `$variable`.

Owns text → text. Must never know instructions, stages or what an unset variable means for a build: it reports which
names it found and which it did not. Follows BuildKit's frontend/dockerfile/shell (commit 73ed6825c4b7): a subset of
the POSIX forms, patterns of `*` and `?` only, and Go's regexp templates where `${v//pattern/replacement}` meets them.

Nineteen lines `ARG b=$a$a` make half a million times what the first one holds. So a word may come to a megabyte more
than is written (eight times what Linux gives a program as one variable), and all expansions of a file together to what
its Budget has. BuildKit has no such limit, and no memory left.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rajee_deploy.dockerfile.golang import SPACE, valid
from rajee_deploy.dockerfile.patterns import (
    MAX_VALUE,
    Budget,
    PatternError,
    TooMuchError,
    replace_all,
    replace_first,
    trim_prefix,
    trim_suffix,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_QUOTED = 500  # characters of what is expanded, in a message
MAX_NESTING = 100  # `${a:-${b:-…}}`: far beyond use, well below Python's stack
_SPECIAL_NAMES = frozenset("@*#?-$!0")
_END = ""
_NOTABLE = re.compile(r"[$'\"<\x1c-\x1f]")
_ASCII_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?![^\x00-\x7f])")
_SPACES = re.compile(f"[{SPACE}]+")


class ExpansionError(Exception):
    """A word that cannot be expanded. `by_value`: with other values of its variables it could be."""

    code = "dockerfile-syntax"
    hint = ""

    def __init__(self, message: str, *, by_value: bool = False) -> None:
        super().__init__(message)
        self.by_value = by_value


class WordTooLargeError(ExpansionError):
    """A word that comes to more than we expand, whatever BuildKit would do with it."""

    code = "expansion-too-large"
    hint = (
        "an ARG or ENV that names another one several times, line after line, grows without end: put the text in a file"
    )


class VariableValues(Protocol):
    """Variables by name."""

    def get(self, name: str, /) -> str | None:
        """The value; None where it has none."""


class Expansion(NamedTuple):
    """An expanded word: as one text, as the words it splits into, and the variables found and not found."""

    text: str
    words: tuple[str, ...]
    matched: frozenset[str] = frozenset()
    unmatched: frozenset[str] = frozenset()


class Lexer(NamedTuple):
    """The settings of a lexer. `escape` is the escape token.

    `raw_quotes` and `raw_escapes` keep them in the result, `keep_unset` leaves unset variables as written, and
    `plain_quotes` takes quotes for ordinary characters. `budget` is the file's; without one each text has its own.
    """

    escape: str = "\\"
    raw_quotes: bool = False
    raw_escapes: bool = False
    keep_unset: bool = False
    plain_quotes: bool = False
    budget: Budget | None = None

    def expand(self, source: str, variables: VariableValues) -> Expansion:
        """Expand one text. ExpansionError where BuildKit refuses it."""
        if not (_NOTABLE.search(source) or self.escape in source) and source.isascii():
            return Expansion(source, tuple(source.split()))
        reading = _Reading(self, valid(source).removeprefix("\ufeff"), variables)
        try:
            text, words = reading.until(_END, raw_escapes=self.raw_escapes)
            reading.check(text)
        except TooMuchError as error:
            raise WordTooLargeError(f"cannot expand {_shorten(source)!r}: {_shorten(str(error))}") from None
        except ExpansionError as error:
            raise ExpansionError(
                f"cannot expand {_shorten(source)!r}: {_shorten(str(error))}", by_value=error.by_value
            ) from None
        return Expansion(text, tuple(words), frozenset(reading.matched), frozenset(reading.unmatched))

    def pay(self, characters: int) -> None:
        """Take from the file's budget. WordTooLargeError when it is spent."""
        try:
            (self.budget or Budget()).pay(characters)
        except TooMuchError as error:
            raise WordTooLargeError(str(error)) from None


class _Words:
    """Collects the words of a text while it is read."""

    def __init__(self) -> None:
        self._word: list[str] = []
        self._words: list[str] = []

    def split(self, text: str) -> None:
        """Add text whose white space separates words."""
        first, *others = _SPACES.split(text)
        self.keep(first)
        for other in others:
            self._end()
            self.keep(other)

    def keep(self, text: str) -> None:
        """Add text as it is."""
        self._word.append(text)

    def finish(self) -> list[str]:
        self._end()
        return self._words

    def _end(self) -> None:
        word = "".join(self._word)
        self._word = []
        if word:
            self._words.append(word)


class _Reading:
    """One text being read from left to right."""

    def __init__(self, lexer: Lexer, source: str, variables: VariableValues) -> None:
        self.lexer = lexer
        self.source = source
        self.variables = variables
        self.raw_escapes = lexer.raw_escapes
        self.position = 0
        self.depth = 0
        self.matched: set[str] = set()
        self.unmatched: set[str] = set()
        self.budget = Budget() if lexer.budget is None else lexer.budget

    def peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def take(self) -> str:
        char = self.peek()
        self.position += 1
        return char

    def until(self, stop: str, *, raw_escapes: bool) -> tuple[str, list[str]]:
        """Read up to the character `stop`, or to the end where it is empty. Words are split after expansion."""
        outer, self.raw_escapes = self.raw_escapes, raw_escapes
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ExpansionError("substitutions are nested too deeply")
        try:
            return self._until(stop)
        finally:
            self.raw_escapes = outer
            self.depth -= 1

    def _until(self, stop: str) -> tuple[str, list[str]]:
        result: list[str] = []
        words = _Words()
        special: dict[str, Callable[[], str]] = {"$": self._dollar, "<": self._heredoc}
        if not self.lexer.plain_quotes:
            special |= {"'": self._single_quoted, '"': self._double_quoted}
        plain = _run_of_others(stop, self.lexer.escape, "".join(special))
        while char := self.peek():
            if char == stop:
                self.position += 1
                return "".join(result), words.finish()
            if char in special:
                text = special[char]()
                (words.split if char == "$" else words.keep)(text)
            elif char == self.lexer.escape:
                self.position += 1
                text = (char if self.raw_escapes else "") + self.take()
                words.keep(text)
            else:
                text = self._run(plain)
                words.split(text)
            result.append(text)
        if stop:
            raise ExpansionError(f"unexpected end of statement while looking for matching {stop}")
        return "".join(result), words.finish()

    def _run(self, plain: re.Pattern[str]) -> str:
        """The characters up to the next one that means something."""
        found = plain.match(self.source, self.position)
        text = found[0] if found else self.peek()
        self.position += len(text)
        return text

    def _heredoc(self) -> str:
        """`<<` and the blanks behind it belong to the word that follows: `<<  EOF` is one word."""
        self.position += 1
        if self.peek() != "<":
            return "<"
        start = self.position
        self.position += 1
        while (char := self.peek()) and char in SPACE:
            self.position += 1
        return "<" + self.source[start : self.position]

    def _single_quoted(self) -> str:
        end = self.source.find("'", self.position + 1)
        if end < 0:
            self.position = len(self.source)
            raise ExpansionError("unexpected end of statement while looking for matching single-quote")
        text = self.source[self.position : end + 1]
        self.position = end + 1
        return text if self.lexer.raw_quotes else text[1:-1]

    def _double_quoted(self) -> str:
        self.position += 1
        quote = '"' if self.lexer.raw_quotes else ""
        result = [quote]
        plain = _run_of_others("", self.lexer.escape, '"$')
        while char := self.peek():
            if char == '"':
                self.position += 1
                return "".join([*result, quote])
            if char == "$":
                result.append(self._dollar())
                continue
            if char != self.lexer.escape:
                result.append(self._run(plain))
                continue
            self.position += 1
            result.append(char if self.raw_escapes else "")
            following = self.peek()
            if not following:
                break
            result.append(self.take() if following in ('"', "$", self.lexer.escape) else char)
        raise ExpansionError("unexpected end of statement while looking for matching double-quote")

    def _dollar(self) -> str:
        text = self._substituted()
        self.budget.pay(len(text))
        self.check(text)
        return text

    def check(self, text: str) -> None:
        """TooMuchError for a text, or a part of one, that is too large."""
        if len(text) > MAX_VALUE + len(self.source):
            raise TooMuchError(f"it comes to more than {MAX_VALUE >> 20} MB of text")

    def _substituted(self) -> str:
        self.position += 1
        if self.peek() != "{":
            name = self._name()
            if not name:
                return "$"
            value = self._value(name)
            return f"${name}" if value is None and self.lexer.keep_unset else value or ""
        self.position += 1
        if not self.peek():
            raise ExpansionError("missing '}'")
        if self.peek() in "{}:":
            raise ExpansionError("bad substitution")
        return self._braces(self._name())

    def _braces(self, name: str) -> str:
        modifier = self.take()
        if modifier == "}":
            value = self._value(name)
            return f"${{{name}}}" if value is None and self.lexer.keep_unset else value or ""
        if modifier == "/":
            return self._replace(name)
        if modifier == ":":
            modifier += self.take()
        if modifier not in ("+", "-", "?", "#", "%") and modifier[:1] != ":":
            raise ExpansionError(f"unsupported modifier ({modifier}) in substitution")
        word = self._inner("}", raw_escapes=modifier[-1] in "#%")
        value = self._value(name)
        if value is None and self.lexer.keep_unset:
            return f"${{{name}{modifier}{word}}}"
        return _modify(name, modifier, word, value, self.budget)

    def _inner(self, stop: str, *, raw_escapes: bool) -> str:
        try:
            return self.until(stop, raw_escapes=raw_escapes)[0]
        except ExpansionError as error:
            if not self.peek() and not error.by_value:
                raise ExpansionError(f"missing '{stop}' in ${{}}") from error
            raise

    def _replace(self, name: str) -> str:
        everywhere = self.peek() == "/"
        self.position += everywhere
        pattern = self._inner("/", raw_escapes=True)
        replacement = self._inner("}", raw_escapes=True)
        value = self._value(name)
        if value is None and self.lexer.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        replace = replace_all if everywhere else replace_first
        try:
            return replace(pattern, replacement, value or "", self.budget)
        except PatternError as error:
            raise ExpansionError(str(error), by_value=True) from error

    def _name(self) -> str:
        """A variable's name: letters, digits and `_`; after a leading digit only digits; or one special character."""
        found = _ASCII_NAME.match(self.source, self.position)
        if found:
            self.position = found.end()
            return found[0]
        start, first = self.position, self.peek()
        if first in _SPECIAL_NAMES and not first.isdecimal():
            return self.take()
        allowed = str.isdecimal if first.isdecimal() else _is_name_char
        while (char := self.peek()) and allowed(char):
            self.position += 1
        return self.source[start : self.position]

    def _value(self, name: str) -> str | None:
        value = self.variables.get(name)
        (self.unmatched if value is None else self.matched).add(name)
        return value


@lru_cache(maxsize=64)
def _run_of_others(stop: str, escape: str, special: str) -> re.Pattern[str]:
    """Characters that are none of these."""
    return re.compile(f"[^{re.escape(stop + escape + special)}]+")


def _is_name_char(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def _modify(name: str, modifier: str, word: str, value: str | None, budget: Budget) -> str:
    missing = value is None or (modifier[0] == ":" and not value)
    value = value or ""
    match modifier.removeprefix(":"):
        case "-":
            return word if missing else value
        case "+":
            return "" if missing else word
        case "?":
            if missing:
                raise ExpansionError(f"{name}: {word or 'is not allowed to be unset or empty'}", by_value=True)
            return value
        case "#" | "%" as side if modifier == side:
            greedy = word.startswith(side)
            pattern = word.removeprefix(side)
            trim = trim_prefix if side == "#" else trim_suffix
            try:
                return trim(pattern, value, budget, greedy=greedy)
            except PatternError as error:
                raise ExpansionError(str(error), by_value=True) from error
        case _:
            raise ExpansionError(f"unsupported modifier ({modifier}) in substitution")


def _shorten(text: str) -> str:
    """What a message repeats: the beginning of a long text."""
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…"
