"""Ignore patterns: the syntax of `.dockerignore` and of `COPY --exclude`, and which paths they match.

Owns pattern text → verdict, in moby/patternmatcher's semantics to the letter (gitignore's differ in dozens of
cases: patterns are anchored, `dir` takes its subtree, the last match wins, `!` may reach below an ignored directory).
Must never walk a tree. Rules: https://pkg.go.dev/github.com/moby/patternmatcher (v0.6).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from rajee_deploy.context.effort import CANDIDATE, COMPILED, MAX_RULES, Effort, too_many
from rajee_deploy.context.expressions import translate
from rajee_deploy.context.globs import BadPatternError, clean, is_malformed_early, trim
from rajee_deploy.context.text_index import TextIndex
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rajee_deploy.context.expressions import Expression

MAX_LINE_BYTES = 65535
_ESCAPED = frozenset(".+()|{}$")
_SPECIAL = re.compile(r"[*\[\]?^\\]")
_MAY_BE_MALFORMED = re.compile(r"[\[\\]")
_HARD = re.compile(r"[\[\]\\^]")
_WILD = re.compile(r"\*\*/?|[*?]")
_FEW = 16
_MANY = 256  # patterns that one expression and a few lists still ask faster than an index does
_BROKEN_BYTES = re.compile("[\udc80-\udcff]")

Flags = tuple[int, ...]  # the places of the patterns that matched, in order


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern as written and where: `file:line`, or whatever names its place best."""

    text: str
    where: str = ""


def read_rules(data: bytes, name: str) -> tuple[Rule, ...]:
    """Read an ignore file; `name` is how errors call it.

    DeployErrors: `ignore-pattern` for a line over 65535 bytes, `too-many-patterns`.
    """
    rules = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if len(raw) > MAX_LINE_BYTES:
            problem = f"the line is over {MAX_LINE_BYTES} bytes long"
            raise DeployError(
                "ignore-pattern", problem, where=f"{name}:{number}", hint="BuildKit refuses it, too: cut it"
            )
        line = raw.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        text = "" if line.startswith("#") else trim(line)
        if text:
            rules.append(Rule(_relative(text), f"{name}:{number}"))
        if len(rules) > MAX_RULES:
            raise too_many(name, f"it has more than {MAX_RULES} of them")
    return tuple(rules)


def _relative(text: str) -> str:
    """Clean a pattern and take one leading slash off, behind its `!`."""
    mark = "!" if text.startswith("!") else ""
    text = trim(text.removeprefix(mark))
    if text:
        text = clean(text)
        text = text.removeprefix("/") or text
    return mark + text


class Matcher:
    """A list of ignore patterns, ready to match. Patterns compile when first used, as BuildKit's do, so a malformed
    one that no path ever reaches is no error (DeployError `ignore-pattern` otherwise)."""

    def __init__(self, rules: Iterable[Rule], effort: Effort | None = None) -> None:
        rules = tuple(rules)
        self._where = rules[0].where.rpartition(":")[0] or rules[0].where if rules else ""
        self._count = len(rules)
        self._effort = effort or Effort()
        self._spend(sum(_price_to_check(rule.text) for rule in rules))
        self.patterns = tuple(pattern for rule in rules if (pattern := _parse(rule)) is not None)
        self.has_exceptions = any(pattern.exception for pattern in self.patterns)
        self.nothing: Flags = ()

    def matches(self, path: str) -> bool:
        """Whether the last pattern that speaks of `path` or a directory above it matches: asked when a file is read."""
        return self.step(path, None)[0]

    def step(self, path: str, parent: Flags | None) -> tuple[bool, Flags]:
        """One step of a walk: is `path` matched, and the flags to pass on for its children.

        `parent` are the flags of the directory above; None asks about every directory above afresh. The two ways
        differ where a pattern was passed over at the parent (`d`, `!d/x`, `d`), and BuildKit uses both.
        DeployError `too-many-patterns`.
        """
        if (not parent if parent is not None else "/" not in path) and not self.touches(path):
            return False, self.nothing
        above = frozenset(parent or ())
        places = self._candidates(path) if not above else sorted(above.union(self._candidates(path)))
        self._spend(len(places))
        matched = False
        flags = []
        for place in places:
            if place not in above:
                pattern = self.patterns[place]
                if pattern.exception != matched or not self._is_hit(pattern, path, is_alone=parent is None):
                    continue
            flags.append(place)
            matched = not self.patterns[place].exception
        return matched, tuple(flags)

    def _is_hit(self, pattern: _Pattern, path: str, *, is_alone: bool) -> bool:
        self._spend(pattern.price(path) * (1 + is_alone * path.count("/")))
        return pattern.match(path) or (is_alone and pattern.match_above(path))

    def _candidates(self, path: str) -> Sequence[int]:
        """The places of the patterns that may match a path or a directory above it, in order."""
        found = self._index.candidates(path)
        self._spend(CANDIDATE * len(found))
        return sorted(place for place in found if self._index.holds_texts(place, path))

    @cached_property
    def _index(self) -> TextIndex:
        return TextIndex([pattern.texts for pattern in self.patterns])

    def _spend(self, units: int) -> None:
        self._effort.spend(units, self._count, self._where)

    @cached_property
    def touches(self) -> Callable[[str], bool]:
        """Whether a pattern that is no exception matches the path itself: all patterns in one question, which spares
        most paths the walk through the list. A false yes only costs time."""
        patterns = [pattern for pattern in self.patterns if not pattern.exception]
        if any(pattern.is_malformed for pattern in patterns):
            return lambda _: True  # the list is to be asked, and to fail where BuildKit fails
        if len(patterns) > _MANY:
            return self._is_touched
        exact = {text for pattern in patterns for text in pattern.whole_texts}
        starts = tuple(pattern.text[:-2] for pattern in patterns if pattern.kind == "prefix")
        ends = tuple(pattern.tail for pattern in patterns if pattern.kind == "suffix" or pattern.tail)
        others = [pattern for pattern in patterns if pattern.kind == "regexp" and not pattern.tail]
        quick = [pattern.expression.text for pattern in others if pattern.expression.is_quick]
        expression = re.compile("|".join(f"(?:{text})" for text in quick) or "(?!)").match
        slow = [pattern for pattern in others if not pattern.expression.is_quick]

        def ask(path: str) -> bool:
            if path in exact or path.startswith(starts) or path.endswith(ends):
                return True
            if not others:
                return False
            if len(others) > _FEW:
                self._spend(len(others) // 4)
            if not path.isascii() or expression(path) is not None:
                return True
            return any(self._is_hit(pattern, path, is_alone=False) for pattern in slow)

        return ask

    def _is_touched(self, path: str) -> bool:
        patterns = (self.patterns[place] for place in self._candidates(path))
        return any(not pattern.exception and self._is_hit(pattern, path, is_alone=False) for pattern in patterns)

    def can_revive(self, directory: str) -> bool:
        """Whether an exception might match inside a matched directory (so that it must be entered)."""
        self._spend(len(self.patterns))
        return any(pattern.exception and pattern.reaches_below(directory) for pattern in self.patterns)

    def can_match_below(self, directory: str) -> bool:
        """Whether a pattern might match inside an unmatched directory (asked of lists of paths to include)."""
        self._spend(len(self.patterns))
        return any(not pattern.exception and pattern.reaches_below(directory) for pattern in self.patterns)

    def last_match(self, path: str) -> Rule | None:
        """The rule that decided that `path` is matched; None when it is not."""
        matched, flags = self.step(path, None)
        return self.patterns[flags[-1]].rule if matched else None


@dataclass
class _Pattern:
    """One pattern: exact, prefix (`x/**`), suffix (`**/x`) or a whole expression."""

    text: str
    exception: bool
    rule: Rule

    @cached_property
    def kind(self) -> str:
        """exact, prefix, suffix or regexp."""
        if not _SPECIAL.search(self.text):
            return "exact"
        return go_expression(self.text)[0]

    def price(self, path: str) -> int:
        """What it costs to ask, in units of Effort; the first time also what it costs to get ready."""
        if self.kind != "regexp":
            return 1
        length = len(self.text)
        ready = 0 if "expression" in vars(self) else COMPILED + 8 * length
        if not all(text in path for text in self.texts):
            return ready + 1
        is_quick = self.expression.is_quick
        return ready + (1 + len(path) // 16 if is_quick else 4 * len(path) * (1 + length // 512))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Texts that every match holds, as far as that is plain to see."""
        if self.kind in ("exact", "prefix", "suffix"):
            text = self.text.removeprefix("**/").strip("*")
            return (text,) if text else ()
        if not self.text.isascii() or _HARD.search(self.text):
            return ()
        return tuple(text for text in _WILD.split(self.text) if text)

    @property
    def whole_texts(self) -> tuple[str, ...]:
        """The paths that match as a whole: that of an exact pattern, and `x` for `**/x`."""
        if self.kind == "exact":
            return (self.text,)
        return (self.text[3:],) if self.kind == "suffix" and self.text.startswith("**/") else ()

    @property
    def tail(self) -> str:
        """What every match of a suffix or regexp pattern ends with: ".pyc" of `**/*.pyc`.

        Without a slash in front: `a**/b` matches "ab" too.
        """
        if self.kind == "suffix":
            return self.text[2:]
        if self.kind != "regexp" or not self.text.isascii() or "\\Q" in self.text:
            return ""
        special = [found.end() for found in _SPECIAL.finditer(self.text)][-1]
        return self.text[special + (self.text[special - 1] == "\\") :].removeprefix("/")

    @cached_property
    def expression(self) -> Expression:
        try:
            return translate(go_expression(self.text)[1])
        except BadPatternError as error:
            raise _malformed_error(self.rule) from error

    @cached_property
    def is_malformed(self) -> bool:
        if not _MAY_BE_MALFORMED.search(self.text):
            return False
        try:
            return self.kind == "regexp" and self.expression is None
        except DeployError:
            return True

    def match(self, path: str) -> bool:
        """Whether the path itself is matched."""
        if self.kind == "regexp":
            if not all(text in path for text in self.texts):
                return False
            # What Go's expressions make of bytes that are not UTF-8.
            text = path if path.isascii() else _BROKEN_BYTES.sub("\ufffd", path)
            return bool(self.expression.matches(text))
        if self.kind == "prefix":
            return path.startswith(self.text[:-2])
        return path in self.whole_texts or (self.kind == "suffix" and path.endswith(self.text[2:]))

    @cached_property
    def _fixed(self) -> str:
        """The path that every match begins with: "a/b" of `a/b/*.c`, "" of `**/x` and `a**`."""
        special = _SPECIAL.search(self.text)
        return self.text[: special.start()].rpartition("/")[0] if special else self.text

    @cached_property
    def _depth(self) -> int:
        """How many components every match has, 0 when that differs: `**` and brackets may cross a slash."""
        return 0 if "**" in self.text or "[" in self.text or "\\" in self.text else self.text.count("/") + 1

    def reaches_below(self, directory: str) -> bool:
        """Whether some path inside the directory might be matched. A false yes only costs time."""
        if self._depth and directory.count("/") + 1 >= self._depth:
            return False  # it would have matched the directory at its own depth already
        if not self._fixed:
            return True
        fixed, directory = f"{self._fixed}/", f"{directory}/"
        return fixed.startswith(directory) or directory.startswith(fixed)

    def match_above(self, path: str) -> bool:
        """Whether a directory above `path` is matched."""
        parent = clean(path.rpartition("/")[0] or ("/" if path.startswith("/") else "."))
        parts = parent.split("/")
        return parent != "." and any(self.match("/".join(parts[:end])) for end in range(1, len(parts) + 1))


def go_expression(pattern: str) -> tuple[str, str]:
    """How patternmatcher sees a cleaned pattern: exact, prefix, suffix or regexp, and the Go expression for regexp."""
    kind, out = "exact", ["^"]
    tokens = re.findall(r"(?s)\*\*/?|\\.|.", pattern.removeprefix("\ufeff"))
    for index, token in enumerate(tokens):
        if token.startswith("**"):
            last = index == len(tokens) - 1
            if last and kind == "exact":
                kind = "prefix"
            else:
                out.append(".*" if last else "(.*/)?")
                kind = "regexp"
            kind = "suffix" if index == 0 else kind
        elif token in {"*", "?"}:
            out.append("[^/]*" if token == "*" else "[^/]")  # noqa: S105 -- a token of a pattern, no secret
            kind = "regexp"
        elif token in _ESCAPED:
            out.append("\\" + token)
        else:
            kind = "regexp" if token in {"[", "]"} or len(token) > 1 else kind
            out.append(_BROKEN_BYTES.sub("\ufffd", token))
    return kind, "".join(out) + "$" if kind == "regexp" else ""


def _price_to_check(text: str) -> int:
    return len(text) // 4 if not _MAY_BE_MALFORMED.search(text) else COMPILED + 16 * len(text)


def _parse(rule: Rule) -> _Pattern | None:
    text = trim(rule.text)
    if not text:
        return None
    text = clean(text)
    exception = text.startswith("!")
    text = text.removeprefix("!")
    if not text or (_MAY_BE_MALFORMED.search(text) and is_malformed_early(text)):
        raise _malformed_error(rule)
    return _Pattern(text, exception, rule)


def _malformed_error(rule: Rule) -> DeployError:
    return DeployError(
        "ignore-pattern",
        f"the ignore pattern {rule.text!r} is malformed",
        where=rule.where,
        hint="BuildKit refuses it too; brackets need a closing ], and a backslash escapes the next character",
    )
