"""From one read of a build context to the entries it selects, in the order and under the names that are hashed.

Owns BuildKit's selector semantics (content hash, `includedPaths`): literal paths, wildcards, include and exclude lists,
required paths, and which symlinks are followed. Must never touch the disk: it sees a tree through `Filtered`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.context import globs
from rajee_deploy.context.filtered import LinkLoopError, follow
from rajee_deploy.context.ignore import Matcher, Rule
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rajee_deploy.context.filtered import Filtered
    from rajee_deploy.context.ignore import Flags
    from rajee_deploy.model import ContextRead, Selector


_VISIT = 20  # units of Effort to look at an entry


@dataclass(frozen=True, slots=True)
class HashedItem:
    """One hashed thing. `deep`: a directory stands for everything in it, else for its header alone."""

    key: bytes
    path: str
    deep: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a read selects. `alone`: the digest is the one item's own, not that of a list. `passed` are the symlinks on
    the way and the directory a list begins at: not hashed, but the build needs them too."""

    read: ContextRead
    items: tuple[HashedItem, ...]
    alone: bool
    passed: tuple[str, ...]


class MissingError(Exception):
    """A path that the build insists on is not sent. `is_searched`: the directory that a wildcard looks in."""

    def __init__(self, path: str, *, is_searched: bool = False) -> None:
        super().__init__(path)
        self.path = path
        self.is_searched = is_searched


@dataclass(slots=True)
class _Header:
    """A directory that was walked into; its header is hashed once something in it is."""

    name: str
    path: str
    include: Flags | None
    exclude: Flags | None
    taken: bool = False


@dataclass(frozen=True, slots=True)
class _Visit:
    """An entry to look at. `name` is the absolute path as the Dockerfile's author sees it, before symlinks in the
    selector's literal part are followed; patterns are asked about names. `matched` is the wildcard's match above."""

    name: str
    path: str
    kind: Kind
    parents: tuple[_Header, ...] = ()
    matched: str | None = None


def followed_path(selector: Selector) -> str:
    """The absolute path that the client is asked to send for a selector."""
    return globs.clean(f"{selector.path}/{selector.include[0]}") if selector.include else globs.clean(selector.path)


def choose(read: ContextRead, tree: Filtered) -> Chosen:
    """What the read selects. MissingError for what must exist, DeployError for loops and malformed patterns."""
    selector = read.selector
    try:
        if selector.wildcard or selector.include or selector.exclude:
            return _Listing(read, tree).choose()
        path, links = _resolve(tree, globs.clean(selector.path), last=selector.follow)
        return Chosen(read, (HashedItem(b"", path, deep=True),), alone=True, passed=links)
    except LinkLoopError as error:
        problem = f"{read.source} leads through more than 255 symlinks"
        raise DeployError("source-loop", problem, where=str(read.location), hint="the symlinks form a loop") from error
    except globs.BadPatternError as error:
        problem = f"{read.source!r} is a malformed pattern"
        hint = "brackets need a closing ], and a backslash escapes the next character"
        raise DeployError("ignore-pattern", problem, where=str(read.location), hint=hint) from error


def _resolve(tree: Filtered, path: str, *, last: bool) -> tuple[str, tuple[str, ...]]:
    found, kind, links = follow(tree, path, last=last)
    if kind is None:
        raise MissingError(path)
    return found, links


class _Listing:
    """The walk for selectors with a wildcard, an include or an exclude list: a flat list of headers and files."""

    def __init__(self, read: ContextRead, tree: Filtered) -> None:
        self._read = read
        self._selector = read.selector
        self._tree = tree
        self._where = str(read.location)
        self._pattern = globs.clean(read.selector.path).rstrip("/")
        self._include = self._matcher(read.selector.include)
        self._exclude = self._matcher(read.selector.exclude)
        self._taken: list[tuple[str, str, bool]] = []  # name, path, whether a symlink here is followed

    def choose(self) -> Chosen:
        prefix, rest = globs.split_wildcard(self._pattern) if self._selector.wildcard else (self._pattern, "")
        start, kind, links = follow(self._tree, prefix, last=bool(rest))
        if kind is None and rest:
            # While it copies, BuildKit lists the directory. It is sent for what is matched in it, or for another
            # instruction; where it is not, the build fails, unless the engine has the result already.
            raise MissingError(prefix, is_searched=True)
        passed = (*links, start) if kind is not None else links
        stack = [_Visit(prefix, start, kind)] if kind is not None else []
        while stack:
            stack.extend(reversed(list(self._visit(stack.pop()))))
        names = {name for name, _, _ in self._taken}
        for required in self._selector.required:
            if required not in names:
                raise MissingError(required)
        return self._chosen(prefix, passed)

    def _chosen(self, prefix: str, passed: tuple[str, ...]) -> Chosen:
        items = []
        for name, path, followed in self._taken:
            target, links = _resolve(self._tree, name, last=True) if followed else (path, ())
            key = os.fsencode(name.removeprefix(prefix).replace("/", "\0")) or b"\0"
            items.append(HashedItem(key, target, deep=followed))
            passed += links
        alone = len(items) == 1 and self._taken[0][0].rpartition("/")[2] == self._pattern.rpartition("/")[2] != ""
        return Chosen(self._read, tuple(items), alone, passed)

    def _matcher(self, patterns: Iterable[str]) -> Matcher | None:
        rules = [Rule(pattern, self._where) for pattern in patterns]
        return Matcher(rules, self._tree.effort) if rules else None

    def _visit(self, visit: _Visit) -> Iterator[_Visit]:
        """Take the entry if it is selected; what to look at below it."""
        self._tree.effort.spend(_VISIT, 1, self._where)
        base = self._pattern
        matched = visit.matched
        if self._selector.wildcard:
            if matched is None and not globs.match(self._pattern, visit.name):
                if visit.kind is Kind.DIRECTORY and self._may_match_below(visit.name):
                    yield from self._below(visit, (), None)
                return
            base = matched = visit.name if matched is None else matched
        elif visit.name == self._pattern and self._selector.path.endswith("/"):
            yield from self._below(visit, (), None)  # the root's own header is never part of a list
            return
        selected, enter, header = self._judge(visit, visit.name[len(base) + 1 :])
        if selected:
            self._take(visit, header)
        if visit.kind is Kind.DIRECTORY and enter:
            yield from self._below(visit, (*visit.parents, header), matched)

    def _below(self, visit: _Visit, parents: tuple[_Header, ...], matched: str | None) -> Iterator[_Visit]:
        base = f"{visit.path}/" if visit.path else ""
        for name, kind in self._tree.children(visit.path).items():
            yield _Visit(f"{visit.name}/{name}", base + name, kind, parents, matched)

    def _judge(self, visit: _Visit, candidate: str) -> tuple[bool, bool, _Header]:
        """Whether the entry is selected, whether anything in it may be, and the header to remember."""
        parent = visit.parents[-1] if visit.parents else None
        header = _Header(visit.name, visit.path, None, None)
        if self._include is not None:
            hit, header.include = self._include.step(candidate, parent.include if parent else None)
            if not hit:
                return False, not candidate or self._include.can_match_below(candidate), header
        if self._exclude is not None:
            hit, header.exclude = self._exclude.step(candidate, parent.exclude if parent else None)
            if hit:
                return False, not candidate or self._exclude.can_revive(candidate), header
        return True, True, header

    def _take(self, visit: _Visit, own: _Header) -> None:
        """Put the entry on the list, behind the headers of its directories that are not on it yet."""
        for header in visit.parents:
            if not header.taken:
                header.taken = True
                self._taken.append((header.name, header.path, False))
        own.taken = True
        followed = visit.kind is Kind.SYMLINK and self._selector.follow and not visit.parents
        self._taken.append((visit.name, visit.path, followed))

    def _may_match_below(self, name: str) -> bool:
        """Whether the wildcard could match inside an unmatched directory. Brackets may match a slash in Go."""
        parts, wanted = name.split("/"), self._pattern.split("/")
        if "[" in self._pattern:
            return len(parts) < len(wanted) + self._pattern.count("[")
        return len(parts) < len(wanted) and all(map(globs.match, wanted, parts))
