"""`.deployignore`: what a deployment never reads, in gitignore's syntax. It only ever removes entries.

It comes before BuildKit's own rules and follows git's: a pattern without a slash matches at any depth, and nothing
inside a removed directory can be taken back. Owns that view of a tree. Must never add an entry. pathspec is imported
only when the file exists: it costs more than a whole run without it.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from rajee_deploy.context.ignore import Rule
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.context.view import Tree


class DeployIgnored:
    """A tree without what `.deployignore` removes. DeployError `ignore-pattern` for a pattern git would not take."""

    def __init__(self, tree: Tree, data: bytes, name: str) -> None:
        from pathspec import GitIgnoreSpec
        from pathspec.patterns.gitignore import GitIgnorePatternError

        self._tree = tree
        self._name = name
        lines = (line.removesuffix("\r") for line in data.decode("utf-8-sig", "surrogateescape").split("\n"))
        # pathspec leaves empty lines out and counts without them.
        numbered = [(number, line) for number, line in enumerate(lines, 1) if line]
        self._listed: dict[str, Mapping[str, Kind]] = {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # `[[]` is a set of one bracket, now and to git
                spec = GitIgnoreSpec.from_lines([_inside(line) for _, line in numbered])
        except (GitIgnorePatternError, re.error) as error:
            raise DeployError(
                "ignore-pattern", f"{name} holds a malformed pattern", where=name, cause=str(error)
            ) from error
        # The last pattern that matches an entry decides, as in git. pathspec's own match weighs patterns with a slash
        # differently: after `*`, it does not let `!d` take a directory back.
        self._patterns = [
            (pattern.include, _whole(pattern.regex.pattern), f"{name}:{number}", line.strip())
            for pattern, (number, line) in reversed(list(zip(spec.patterns, numbered, strict=True)))
            if pattern.include is not None and pattern.regex is not None
        ]

    def children(self, path: str) -> Mapping[str, Kind]:
        """Names that stay in a directory, in byte order."""
        known = self._listed.get(path)
        if known is None:
            base = f"{path}/" if path else ""
            found = self._tree.children(path).items()
            known = {name: kind for name, kind in found if self.rule_for(base + name, kind) is None}
            self._listed[path] = known
        return known

    def link(self, path: str) -> str:
        """The text of a symlink."""
        return self._tree.link(path)

    def rule_for(self, path: str, kind: Kind) -> Rule | None:
        """The rule that removes an entry (not one that removes a directory above it)."""
        name = f"{path}/" if kind is Kind.DIRECTORY else path
        for include, expression, where, line in self._patterns:
            if expression.fullmatch(name):
                return Rule(line, where) if include else None
        return None


def _whole(expression: str) -> re.Pattern[str]:
    """pathspec's expression for the whole name of an entry (a directory's ends with a slash). Without a `^` it is one
    that may match anywhere: that of `*` is a dot."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(expression if expression.startswith("^") else f".*{expression}", re.DOTALL)


def _inside(line: str) -> str:
    """The pattern in a form that pathspec reads as git does: `d/**` is what lies in d, and never d itself."""
    pattern = line.rstrip(" ")
    if pattern.endswith("/**"):
        return f"{pattern}/*"
    return f"{pattern}*/" if pattern.endswith("/**/") else line
