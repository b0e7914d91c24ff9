"""`.deployignore`: what a deployment never reads, in gitignore's syntax. It only ever removes entries.

It comes before BuildKit's own rules and follows git's: a pattern without a slash matches at any depth, and nothing
inside a removed directory can be taken back. Owns that view of a tree. Must never add an entry. pathspec is imported
only when the file exists: it costs more than a whole run without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.context.ignore import Rule
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.context.view import Tree


class DeployIgnored:
    """A tree without what `.deployignore` removes. DeployError `ignore-pattern` for a pattern git would not take;
    `idle` are the lines that can match nothing, by their numbers, and why."""

    def __init__(self, tree: Tree, data: bytes, name: str) -> None:
        from rajee_deploy.context.gitignore import Patterns, read_lines

        self._tree = tree
        self.name = name
        lines = [line.removesuffix("\r") for line in data.decode("utf-8-sig", "surrogateescape").split("\n")]
        self._lines = lines
        self._listed: dict[str, Mapping[str, Kind]] = {}
        try:
            found, idle = read_lines([_inside(line) for line in lines])
        except ValueError as error:
            place, cause = error.args
            raise DeployError(
                "ignore-pattern",
                f"{name} holds a malformed pattern: {lines[place].strip()}",
                where=f"{name}:{place + 1}",
                cause=cause,
                hint="correct the line, or take it out",
            ) from error
        self.idle = {place + 1: why for place, why in idle.items()}
        # The last pattern that matches an entry decides, as in git. pathspec's own match weighs patterns with a slash
        # differently: after `*`, it does not let `!d` take a directory back.
        self._patterns = Patterns(found, name, whole=True)

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
        found = next(self._patterns.matches(name), None)
        if found is None or not found[0].include:
            return None
        number = found[0].number
        return Rule(self._lines[number].strip(), f"{self.name}:{number + 1}")


def _inside(line: str) -> str:
    """The pattern in a form that pathspec reads as git does: `d/**` is what lies in d, and never d itself."""
    pattern = line.rstrip(" ")
    if pattern.endswith("/**"):
        return f"{pattern}/*"
    return f"{pattern}*/" if pattern.endswith("/**/") else line
