"""The entries of a record as the tree that they were: BuildKit's digests of it, and which lines take what. Pure."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from rajee_deploy.context.digest import ROOT_HEADER
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from rajee_deploy.build_record.fields import RecordItem


class NotBelievedError(ValueError):
    """The record says what its digests contradict."""


class EntryTree:
    """The entries of one build context: their digests, and which lines take them."""

    def __init__(self, items: list[RecordItem]) -> None:
        self._items = {item.path: item for item in items}
        if len(self._items) != len(items):
            raise NotBelievedError("it has an entry twice")
        self._children: dict[str, list[str]] = {}
        for path in sorted(self._items, key=os.fsencode):
            self._children.setdefault(path.rpartition("/")[0], []).append(path)
        self._deep: dict[str, str] = {}
        self._deep_lines: dict[str, int] = {}
        self._own_lines: dict[str, int] = {}

    def digest(self, path: str, *, deep: bool) -> str:
        """The digest of an entry alone, or with all that is in it."""
        if path and path not in self._items:
            raise NotBelievedError(f"it lacks {path[:100]!r}, which a line takes")
        if not deep or not self._is_directory(path):
            return self._items[path].record if path else ROOT_HEADER
        for directory in reversed(self._directories(path)):
            if directory not in self._deep:
                self._deep[directory] = self._of_directory(directory)
        return self._deep[path]

    def take(self, path: str, line: int, *, deep: bool) -> None:
        """Say that a line takes an entry."""
        lines = self._deep_lines if deep and self._is_directory(path) else self._own_lines
        lines[path] = min(line, lines.get(path, line))

    def lines(self) -> dict[str, int]:
        """The first line that takes each entry. NotBelievedError for one that none takes."""
        found: dict[str, int] = {}
        below = {"": self._deep_lines.get("")}  # the first line that takes all of a directory
        for path in sorted(self._items, key=len):  # what a directory is in comes before it
            known = [below.get(path.rpartition("/")[0]), self._deep_lines.get(path)]
            if self._is_directory(path):
                below[path] = min((line for line in known if line is not None), default=None)
            takers = [line for line in (*known, self._own_lines.get(path)) if line is not None]
            if not takers:
                raise NotBelievedError(f"it has {path[:100]!r}, which no line takes")
            found[path] = min(takers)
        return found

    def _is_directory(self, path: str) -> bool:
        return not path or self._items[path].kind is Kind.DIRECTORY

    def _directories(self, path: str) -> list[str]:
        """The directory and all below it that have no digest yet, each before what it holds."""
        found, stack = [], [path]
        while stack:
            path = stack.pop()
            if path not in self._deep:
                found.append(path)
                stack += [child for child in self._children.get(path, ()) if self._is_directory(child)]
        return found

    def _of_directory(self, path: str) -> str:
        """BuildKit's cache/contenthash: the header's digest, then each name with its own."""
        parts = [f"\0{self._items[path].record if path else ROOT_HEADER}"]
        for child in self._children.get(path, ()):
            digest = self._deep[child] if self._is_directory(child) else self._items[child].record
            parts.append(f"\0{child.rpartition('/')[2]}{digest}")
        return f"sha256:{hashlib.sha256(os.fsencode(''.join(parts))).hexdigest()}"
