"""Patterns in gitignore's syntax, matched in linear time.

pathspec says what a pattern means: it is asked for the pattern's regular expression, and what that matches is what is
matched here. Its expressions are not run as they are, since `a*a*a*a*ab` takes one of Python's longer than anybody
waits. They are made of few parts; from these an automaton is built (see path_automaton) that goes through a path once,
whatever the pattern. Where an expression has so few stars that it cannot go wrong, Python runs it, which is faster.

Of many patterns most are passed over unasked: what matches holds the longest text of the pattern that has no wildcard.
Must never read a file, nor know what a match means.
"""

from __future__ import annotations

import re
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.context.effort import CANDIDATE, COMPILED, MAX_RULES, Effort
from rajee_deploy.context.path_automaton import Automaton, check_sets, is_quick, least, parts_of, texts_of
from rajee_deploy.context.text_index import TextIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MAX_LINE = 65535  # characters, as BuildKit takes of `.dockerignore` in bytes
MAX_LINES = 1 << 19  # characters of all of them: pathspec needs some microseconds for each


class Line(NamedTuple):
    """One line that says something: what it matches is taken (`include`), or given back."""

    number: int
    include: bool
    expression: str


def read_lines(lines: Sequence[str]) -> tuple[list[Line], dict[int, str]]:
    """The rules of these lines, by their places among them; and the lines that can match nothing, and why.

    ValueError for a line that is no pattern (its place and pathspec's word are its arguments).
    """
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    rules: list[Line] = []
    idle: dict[int, str] = {}
    left = MAX_LINES
    for number, line in enumerate(lines):
        if not line or line.startswith("#"):
            continue
        left -= len(line)
        if len(line) > MAX_LINE or left < 0:
            what = f"the line is over {MAX_LINE}" if left >= 0 else f"all lines up to here come to over {MAX_LINES}"
            raise ValueError(number, f"{what} characters")
        if len(rules) + len(idle) >= MAX_RULES:
            raise ValueError(number, f"there are more than {MAX_RULES} lines")
        try:
            expression, include = GitIgnoreSpecPattern.pattern_to_regex(line)
            if expression is not None and include is not None:
                check_sets(expression)
                rules.append(Line(number, include, expression))
            elif _says_something(line):
                idle[number] = "a bracket has no closing ]" if "[" in line else "it names nothing"
        except (ValueError, re.error) as error:
            raise ValueError(number, str(error)) from error
    return rules, idle


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


class Patterns:
    """Rules, ready to match. `whole`: a path has to match to its end, as git sees an entry whose directory is left in;
    else, as pathspec's own `match_file`, what lies below a match does, too. A directory's path ends with a slash."""

    def __init__(self, rules: Sequence[Line], where: str, *, whole: bool) -> None:
        self._patterns = [_GitPattern(rule, whole=whole) for rule in rules]
        self._index = TextIndex([pattern.texts for pattern in self._patterns])
        self._where = where
        self._effort = Effort()

    def matches(self, path: str) -> Iterator[tuple[Line, bool]]:
        """The rules that match, the last first; and whether each does as a directory above, or as the one itself.

        DeployError `too-many-patterns`; `where` is the place that it names.
        """
        self._effort.allow(1)
        places = sorted(self._index.candidates(path), reverse=True)
        self._spend(CANDIDATE * len(places))
        for place in places:
            pattern = self._patterns[place]
            if not self._index.holds_texts(place, path):
                continue
            self._spend(pattern.price(path))
            found = pattern.match(path)
            if found is not None:
                yield pattern.rule, found

    def _spend(self, units: int) -> None:
        self._effort.spend(units, len(self._patterns), self._where)


class _GitPattern:
    """One rule: None, or whether a directory was matched, from a path."""

    def __init__(self, rule: Line, *, whole: bool) -> None:
        self.rule = rule
        self._whole = whole
        self._parts = parts_of(rule.expression)
        self.texts = [] if self._parts is None else texts_of(self._parts)
        self._least = 0 if self._parts is None else least(self._parts)

    def price(self, path: str) -> int:
        """What it costs to ask, in units of Effort; the first time also what it costs to get ready."""
        length = len(self.rule.expression)
        ready = 0 if "_ask" in vars(self) else COMPILED + 8 * length
        quick = self._parts is None or is_quick(self._parts)
        return ready + (1 + len(path) // 16 if quick else 4 * len(path) * (1 + length // 512))

    def match(self, path: str) -> bool | None:
        return self._ask(path) if len(path) >= self._least else None

    @cached_property
    def _ask(self) -> Callable[[str], bool | None]:
        if self._parts is None or is_quick(self._parts):
            return _by_python(self.rule.expression, whole=self._whole)
        return Automaton(self._parts, whole=self._whole).match


def _by_python(expression: str, *, whole: bool) -> Callable[[str], bool | None]:
    """As pathspec runs it: from the start, or, where it has no `^`, from anywhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[]` is a set of one bracket, now and to git
        if whole:
            text = expression if expression.startswith("^") else f".*{expression}"
            ask = re.compile(text, re.DOTALL).fullmatch
        else:
            ask = re.compile(expression).search

    def match(path: str) -> bool | None:
        found = ask(path)
        return None if found is None else bool(found.groupdict().get("ps_d"))

    return match
