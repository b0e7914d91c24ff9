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
    """A tree without what `.deployignore` removes. DeployError `ignore-pattern` for a pattern git would not take."""

    def __init__(self, tree: Tree, data: bytes, name: str) -> None:
        from pathspec import GitIgnoreSpec
        from pathspec.patterns.gitignore import GitIgnorePatternError

        self._tree = tree
        self._name = name
        self._lines = data.decode("utf-8-sig", "surrogateescape").splitlines()
        self._listed: dict[str, Mapping[str, Kind]] = {}
        try:
            self._spec = GitIgnoreSpec.from_lines(self._lines)
        except GitIgnorePatternError as error:
            raise DeployError(
                "ignore-pattern", f"{name} holds a malformed pattern", where=name, cause=str(error)
            ) from error

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
        result = self._spec.check_file(f"{path}/" if kind is Kind.DIRECTORY else path)
        if not result.include or result.index is None:
            return None
        return Rule(self._lines[result.index].strip(), f"{self._name}:{result.index + 1}")
