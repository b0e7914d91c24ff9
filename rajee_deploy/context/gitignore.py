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
from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.context.path_automaton import Automaton, check_sets, is_quick, parts_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WINDOWS = (32, 16, 8, 4, 2, 1)
_FEW_PATTERNS = 16


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

    rules, idle = [], {}
    for number, line in enumerate(lines):
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

    def __init__(self, rules: Sequence[Line], *, whole: bool) -> None:
        self._patterns = [_GitPattern(rule, whole=whole) for rule in rules]
        self._needed = [pattern.texts for pattern in self._patterns]

    def matches(self, path: str) -> Iterator[tuple[Line, bool]]:
        """The rules that match, the last first; and whether each does as a directory above, or as the one itself."""
        for place in self._candidates(path):
            pattern = self._patterns[place]
            found = pattern.match(path) if all(text in path for text in pattern.texts) else None
            if found is not None:
                yield pattern.rule, found

    def _candidates(self, path: str) -> Sequence[int]:
        if len(self._patterns) <= _FEW_PATTERNS:
            return range(len(self._patterns) - 1, -1, -1)
        by_text, always = self._index
        found = set(always)
        for size, texts in by_text.items():
            for start in range(len(path) - size + 1):
                places = texts.get(path[start : start + size])
                if places is not None:
                    found.update(places)
        return sorted(found, reverse=True)

    @cached_property
    def _index(self) -> tuple[dict[int, dict[str, list[int]]], list[int]]:
        """Patterns by a text that their matches hold, of those of one length the rarest; and those without any."""
        windows = [_windows(texts) for texts in self._needed]
        common = Counter(window for each in windows for window in set(each))
        by_text: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        always = []
        for place, each in enumerate(windows):
            if not each:
                always.append(place)
                continue
            rarest = min(each, key=lambda window: (common[window], window))
            by_text[len(rarest)][rarest].append(place)
        return {size: dict(texts) for size, texts in by_text.items()}, always


def _windows(texts: Sequence[str]) -> list[str]:
    longest = max(texts, key=len, default="")
    size = next((size for size in _WINDOWS if size <= len(longest)), 0)
    return [longest[start : start + size] for start in range(len(longest) - size + 1)] if size else []


class _GitPattern:
    """One rule: None, or whether a directory was matched, from a path."""

    def __init__(self, rule: Line, *, whole: bool) -> None:
        self.rule = rule
        self._whole = whole
        self._parts = parts_of(rule.expression)
        self.texts = [] if self._parts is None else texts_of(self._parts)

    def match(self, path: str) -> bool | None:
        return self._ask(path)

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
