"""What an answer about a build context was derived from, so that a later run can see that none of it changed.

Of every directory that was listed: all names with their kinds, and of each entry that was read whatever shows that it
is the same: a file's stamp, a symlink's text, the digest of anything else. All but stamps are read anew each time.
Owns that record, its bytes and its check. Must never know rules or selections. The files of a directory are looked at
in one tight loop: that loop is what a run with nothing to do costs.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.context.cache import DamagedError, frame, unframe
from rajee_deploy.context.digest import Modes, read_other
from rajee_deploy.context.forking import shared_out
from rajee_deploy.context.stamps import stamp_of
from rajee_deploy.context.tree import kind_of_entry
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rajee_deploy.context.found import DigestedSelection
    from rajee_deploy.context.tree import DiskTree
    from rajee_deploy.context.view import Tree

_LETTERS = {
    Kind.FILE: b"f",
    Kind.DIRECTORY: b"d",
    Kind.SYMLINK: b"l",
    Kind.FIFO: b"p",
    Kind.SOCKET: b"s",
    Kind.CHARACTER_DEVICE: b"c",
    Kind.BLOCK_DEVICE: b"b",
}
_FORK_FROM = 100  # directories


class Looked(NamedTuple):
    """One directory: its path, the names of which the entry counts and not just the kind (None: all), and the digest
    over what was seen."""

    path: str
    counted: tuple[str, ...] | None
    digest: bytes


def encode(looked: Iterable[Looked]) -> bytes:
    """Canonical bytes of a list of directories."""
    return frame(
        frame(
            [
                os.fsencode(one.path),
                one.digest,
                b"all" if one.counted is None else b"some",
                *map(os.fsencode, one.counted or ()),
            ]
        )
        for one in looked
    )


def decode(data: bytes) -> list[Looked]:
    """The list again. DamagedError."""
    found = []
    for part in unframe(data):
        path, digest, spec, *names = unframe(part)
        if spec not in {b"all", b"some"}:
            raise DamagedError
        counted = None if spec == b"all" else tuple(map(os.fsdecode, names))
        found.append(Looked(os.fsdecode(path), counted, digest))
    return found


class Watched:
    """A tree that remembers what was asked of it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.listed: dict[str, Mapping[str, Kind]] = {}
        self.links: set[str] = set()

    def children(self, path: str) -> Mapping[str, Kind]:
        """Names in a directory with their kinds, in byte order."""
        known = self.listed.get(path)
        if known is None:
            known = self.listed[path] = self._tree.children(path)
        return known

    def link(self, path: str) -> str:
        """The text of a symlink."""
        self.links.add(path)
        return self._tree.link(path)


def witness(disk: DiskTree, watched: Watched, found: DigestedSelection) -> list[Looked]:
    """What was seen when something was found: every directory that was asked about, outermost first."""
    looked = []
    linked: dict[str, set[str]] = {}
    for path in watched.links:
        parent, _, name = path.rpartition("/")
        linked.setdefault(parent, set()).add(name)
    for path in sorted(watched.listed):
        kinds = watched.listed[path]
        counted = {*found.wanted.get(path, ()), *linked.get(path, ())}
        plain = Kind.DIRECTORY if found.modes is Modes.GIT else None
        everything = all(name in counted or kind is plain for name, kind in kinds.items())
        base = f"{path}/" if path else ""
        batch = found.batches.get(path)
        stamps = dict(zip(batch.names, batch.each_stamp(), strict=True)) if batch else {}
        tokens = []
        for name, kind in kinds.items():
            if name in stamps:
                tokens.append((name, stamps[name]))
            elif name in counted:
                tokens.append((name, token(disk, base + name, kind, found.modes)))
            else:
                tokens.append((name, _LETTERS[kind]))
        looked.append(Looked(path, None if everything else tuple(sorted(counted)), digest_of(tokens)))
    return looked


def holds(disk: DiskTree, looked: Sequence[Looked], modes: Modes) -> bool:
    """Whether every directory is as it was."""

    def work(number: int) -> bytes:
        one = looked[number]
        if disk.is_listed(one.path) or one.counted is not None:
            return _look_again(disk, one, modes)
        return _look(disk, one.path, modes)

    try:
        found = shared_out(work, len(looked), 1 if len(looked) >= _FORK_FROM else 0)
        return all(digest == one.digest for digest, one in zip(found, looked, strict=True))
    except (OSError, DeployError):
        return False


def token(disk: DiskTree, path: str, kind: Kind, modes: Modes) -> bytes:
    """What shows that an entry that counts is the same."""
    if kind is Kind.FILE:
        parent, _, name = path.rpartition("/")
        return stamp_of(os.stat(name, dir_fd=disk.directory(parent), follow_symlinks=False))
    if kind is Kind.DIRECTORY and modes is Modes.GIT:
        return _LETTERS[kind]
    text = os.fsencode(disk.link(path)) if kind is Kind.SYMLINK else b""
    record = read_other(disk, path, kind, modes)[0].record
    return b"O%d %b%b" % (len(text), text, record.encode())


def digest_of(tokens: list[tuple[str, bytes]]) -> bytes:
    """The digest of a directory, given a token for each of its names. Names hold no NUL, tokens tell their length."""
    tokens.sort()
    names = "\0".join([name for name, _ in tokens])
    return sha256(b"%b\0\0%b" % (os.fsencode(names), b"".join([token for _, token in tokens]))).digest()


def _look(disk: DiskTree, path: str, modes: Modes) -> bytes:
    """The digest of a directory that was not listed yet, of which everything counts."""
    tokens: list[tuple[str, bytes]] = []
    directories: list[str] = []
    others: dict[str, Kind] = {}
    add = tokens.append
    with os.scandir(disk.directory(path)) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                add((entry.name, stamp_of(entry.stat(follow_symlinks=False))))
            elif entry.is_dir(follow_symlinks=False):
                directories.append(entry.name)
            else:
                others[entry.name] = kind_of_entry(entry)
    kinds = dict.fromkeys([name for name, _ in tokens], Kind.FILE) | dict.fromkeys(directories, Kind.DIRECTORY) | others
    if modes is Modes.EXACT:
        others |= dict.fromkeys(directories, Kind.DIRECTORY)
    else:
        tokens += [(name, b"d") for name in directories]
    base = f"{path}/" if path else ""
    tokens += [(name, token(disk, base + name, kind, modes)) for name, kind in others.items()]
    shown = disk.without_ours(path, kinds)
    if shown is not kinds:
        tokens = [each for each in tokens if each[0] in shown]
    disk.keep(path, shown)
    return digest_of(tokens)


def _look_again(disk: DiskTree, one: Looked, modes: Modes) -> bytes:
    """The digest of a directory that was listed already, or of which something counts by its name alone."""
    kinds = disk.children(one.path)
    base = f"{one.path}/" if one.path else ""
    counted = kinds if one.counted is None else set(one.counted)
    return digest_of(
        [
            (name, token(disk, base + name, kind, modes) if name in counted else _LETTERS[kind])
            for name, kind in kinds.items()
        ]
    )
