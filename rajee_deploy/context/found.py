"""A look at one build context in full: what the reads choose, with the digest of every entry of it.

Owns the putting together of rules, selection and reading, and the digests of subtrees. Must never know a cache: what
may be believed of a file is handed in.
"""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.digest import ROOT_HEADER, Modes, SelectedEntry, header, read_file, read_other
from rajee_deploy.context.effort import Effort
from rajee_deploy.context.filtered import Filtered, Followed, follow_all
from rajee_deploy.context.ignore import Matcher, Rule, read_rules
from rajee_deploy.context.missing import explain, explain_pattern
from rajee_deploy.context.reading import Batch, read_batches
from rajee_deploy.context.select import Chosen, MissingError, choose, followed_path
from rajee_deploy.context.stamps import modes_of, size_and_mode
from rajee_deploy.context.tree import entry_error
from rajee_deploy.context.wanted import wanted_entries
from rajee_deploy.model import Digest, Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from rajee_deploy.context.rules import ContextRules
    from rajee_deploy.context.tree import DiskTree
    from rajee_deploy.context.view import Tree
    from rajee_deploy.context.wanted import Wanted
    from rajee_deploy.model import ContextRead
    from rajee_deploy.system.extent import Extent

_GIT_DIRECTORY = f"sha256:{sha256(header(Kind.DIRECTORY, 0o755)).hexdigest()}"


class DigestedSelection:
    """Everything that the reads of a build context select, digested.

    `wanted` are the entries by directory, `batches` the regular files among them (but those that arrive empty),
    `others` the rest by path, without plain directories of modes git: their digest is one constant.
    """

    def __init__(self, modes: Modes, tree: Filtered, chosen: tuple[Chosen, ...]) -> None:
        self.modes = modes
        self.tree = tree
        self.chosen = chosen
        self.wanted: Wanted = wanted_entries(tree, chosen)
        self.batches: dict[str, Batch] = {}
        self.others: dict[str, tuple[SelectedEntry, int]] = {}
        self._deep: dict[str, str] = {}
        self._indexes: dict[str, dict[str, int]] = {}

    def read(self, disk: DiskTree, known: Callable[[str], Mapping[str, bytes]]) -> None:
        """Read what is wanted. DeployError `file-changed` and `unreadable`."""
        may_withhold = self.tree.may_withhold
        for directory, names in self.wanted.items():
            base = f"{directory}/" if directory else ""
            files = []
            for name, kind in names.items():
                if kind is Kind.FILE and not (may_withhold and self.tree.is_withheld(base + name)):
                    files.append(name)
                elif kind is not Kind.DIRECTORY or self.modes is Modes.EXACT:
                    self.others[base + name] = _read_other(disk, base + name, kind, self.modes)
            if files:
                self.batches[directory] = Batch(directory, files)
        if disk.extent is not None:
            _weigh(disk, self.batches, disk.extent)
        read_batches(disk, list(self.batches.values()), self.modes, known)

    def digests(self) -> tuple[Digest, ...]:
        """The digest of what each read chooses."""
        return tuple(self._digest(one) for one in self.chosen)

    def entries(self) -> Iterator[tuple[SelectedEntry, int]]:
        """Every wanted entry, with the mode it has on disk (0 where it was not asked for); by directory."""
        for directory, names in self.wanted.items():
            base = f"{directory}/" if directory else ""
            batch, at = self.batches.get(directory), 0
            for name, kind in names.items():
                path = base + name
                if batch is not None and at < len(batch.names) and batch.names[at] == name:
                    size, mode = size_and_mode(batch.stamp(at))
                    entry = Entry(path, Kind.FILE, self.modes.apply(Kind.FILE, mode), size)
                    yield SelectedEntry(entry, None, f"sha256:{batch.record(at).hex()}"), mode
                    at += 1
                else:
                    yield self.others.get(path) or (SelectedEntry(Entry(path, kind, 0o755), None, _GIT_DIRECTORY), 0)

    def odd_modes(self, usual: AbstractSet[int]) -> Iterator[tuple[str, int]]:
        """Path and `st_mode` of every regular file whose permission bits are not among the usual ones."""
        for directory, batch in self.batches.items():
            if {mode & 0o7777 for mode in modes_of(batch.stamps)} <= usual:
                continue
            base = f"{directory}/" if directory else ""
            for name, mode in zip(batch.names, modes_of(batch.stamps), strict=True):
                if mode & 0o7777 not in usual:
                    yield base + name, mode
        for path, (selected, mode) in self.others.items():
            if selected.entry.kind is Kind.FILE and mode & 0o7777 not in usual:
                yield path, mode

    def _digest(self, chosen: Chosen) -> Digest:
        found = [(item.key, self._of(item.path, deep=item.deep)) for item in chosen.items]
        if chosen.alone:
            return Digest.parse(found[0][1])
        return Digest("sha256", sha256(b"".join(key + text.encode() for key, text in found)).hexdigest())

    def _of(self, path: str, *, deep: bool) -> str:
        if not deep or self.tree.kind(path) is not Kind.DIRECTORY:
            return self._shallow(path)
        for directory in reversed(self._directories(path)):
            if directory not in self._deep:
                self._deep[directory] = self._of_directory(directory)
        return self._deep[path]

    def _shallow(self, path: str) -> str:
        """The digest of an entry itself; of a directory, its header's."""
        if not path:
            return ROOT_HEADER
        if path in self.others:
            return self.others[path][0].record
        parent, _, name = path.rpartition("/")
        if self.wanted[parent][name] is Kind.DIRECTORY:
            return _GIT_DIRECTORY
        batch = self.batches[parent]
        index = self._indexes.get(parent)
        if index is None:
            index = self._indexes[parent] = {each: at for at, each in enumerate(batch.names)}
        return f"sha256:{batch.record(index[name]).hex()}"

    def _directories(self, path: str) -> list[str]:
        """The directory and all below it, each before what it holds. No recursion: paths may be 2000 levels deep."""
        found, stack = [], [path]
        while stack:
            path = stack.pop()
            found.append(path)
            base = f"{path}/" if path else ""
            stack.extend(base + name for name, kind in self.wanted[path].items() if kind is Kind.DIRECTORY)
        return found

    def _of_directory(self, path: str) -> str:
        parts = [f"\0{self._shallow(path)}"]
        base = f"{path}/" if path else ""
        batch, at = self.batches.get(path), 0
        names = batch.names if batch is not None else []
        records = batch.records.hex() if batch is not None else ""
        for name, kind in self.wanted[path].items():
            if kind is Kind.DIRECTORY:
                parts.append(f"\0{name}{self._deep[base + name]}")
            elif at < len(names) and names[at] == name:
                parts.append(f"\0{name}sha256:{records[64 * at : 64 * at + 64]}")
                at += 1
            else:
                parts.append(f"\0{name}{self.others[base + name][0].record}")
        return f"sha256:{sha256(os.fsencode(''.join(parts))).hexdigest()}"


def find(disk: Tree, reads: Sequence[ContextRead], rules: ContextRules, modes: Modes) -> DigestedSelection:
    """What the reads select of the tree on disk, not read yet.

    DeployErrors: `source-not-found`, `source-deployignored`, `source-loop`, `ignore-pattern`,
    `too-many-patterns`, `unreadable`.
    """
    removed = None
    if rules.deployignore is not None:
        removed = DeployIgnored(disk, rules.deployignore, rules.deployignore_path)
    effort = Effort()
    ignored = Matcher(read_rules(rules.ignore, rules.ignore_path), effort) if rules.ignore is not None else None
    followed = _follow(removed or disk, reads, effort)
    tree = Filtered(removed or disk, ignored, _matcher(followed, reads, effort), effort)
    chosen = []
    for read in reads:
        try:
            chosen.append(choose(read, tree))
        except MissingError as error:
            if error.is_searched:
                raise explain_pattern(read, error.path, removed or disk) from error
            raise explain(read, error.path, disk, removed, ignored) from error
    if followed is not None:
        chosen = [_with_links(one, followed, tree) for one in chosen]
    return DigestedSelection(modes, tree, tuple(chosen))


def _with_links(chosen: Chosen, followed: Followed, tree: Filtered) -> Chosen:
    """With the symlinks that a wildcard led through on the way to a symlink that it matches.

    `COPY */a` sends what `b/a` leads to only where a top-level symlink makes the client send all that `*` names. Nobody
    selects that one, and without it the staged copy would send less than the user's directory.
    """
    if not any(item.deep for item in chosen.items) or not chosen.read.selector.wildcard:
        return chosen
    links = tuple(link for link in sorted(followed.links) if tree.kind(link) is Kind.SYMLINK)
    return replace(chosen, passed=chosen.passed + links)


def _read_other(disk: DiskTree, path: str, kind: Kind, modes: Modes) -> tuple[SelectedEntry, int]:
    parent, _, name = path.rpartition("/")
    try:
        if kind is Kind.FILE:
            return read_file(disk.directory(parent), name, path, modes, withheld=True)
        return read_other(disk, path, kind, modes)
    except OSError as error:
        raise entry_error(error, path) from error


def _weigh(disk: DiskTree, batches: Mapping[str, Batch], extent: Extent) -> None:
    """What reading them all would come to, before it is done."""
    for directory, batch in batches.items():
        try:
            at = disk.directory(directory)
            for name in batch.names:
                extent.to_read(os.stat(name, dir_fd=at, follow_symlinks=False).st_size)
        except OSError as error:
            raise entry_error(error, directory) from error


def _follow(tree: Tree, reads: Sequence[ContextRead], effort: Effort) -> Followed | None:
    """What the client is asked to send for the reads; None for everything."""
    paths = {followed_path(read.selector) for read in reads}
    return follow_all(tree, paths, effort) if paths and "/" not in paths else None


def _matcher(followed: Followed | None, reads: Sequence[ContextRead], effort: Effort) -> Matcher | None:
    if followed is None:
        return None
    paths = {followed_path(read.selector): str(read.location) for read in reads}
    return Matcher((Rule(pattern, paths.get(f"/{pattern}", "")) for pattern in followed.patterns), effort)
