"""The private copy of a build context that is built: exactly the selected entries, and the very bytes that were hashed.

Owns what is in the copy. It digests what it copied, and what does not match the selection is an error, so a file that
somebody changed in between is caught. Must never decide what is selected; `copying` moves bytes, `room` asks for space.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from rajee_deploy.context import room
from rajee_deploy.context.copying import Copier
from rajee_deploy.context.digest import (
    READ_FLAGS,
    Modes,
    attributes,
    file_changed,
    header,
    read_attributes,
    read_other,
)
from rajee_deploy.context.lineage import EPOCH_NS, Name, new_name
from rajee_deploy.context.tree import DiskTree, entry_error
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind
from rajee_deploy.system.temporary import no_room, private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.context.digest import SelectedEntry

_WRITE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# A comment, not nothing: an external frontend (`# syntax=`) takes an empty file for a missing one and would read the
# staged .dockerignore instead, applying rules a second time.
_NO_RULES = b"# Nothing is ignored here: only what the build reads was copied.\n"


def mtime_ns(selected: SelectedEntry, name: Name) -> int:
    """The modification time that a staged entry gets; a directory's is nobody's concern.

    Never one constant for all: the engine keeps the last context of the same directory name and asks again only for
    files whose size, mode or time moved. With a constant time it builds yesterday's bytes after every edit that keeps a
    file's size.
    """
    if selected.entry.kind is Kind.DIRECTORY:
        return EPOCH_NS
    return name.time_ns(selected.record.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class StagedContext:
    """The directory to build, and the Dockerfile (beside it, not in it) to build it with."""

    directory: Path
    dockerfile: Path


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied: entries below a root, each directory before what it holds, and what of them counts."""

    root: Path
    entries: Sequence[SelectedEntry]
    modes: Modes


@dataclass(frozen=True, slots=True)
class _Work:
    """From where to where, how, and what counts."""

    tree: DiskTree
    copy: DiskTree
    copier: Copier
    modes: Modes
    name: Name


@contextmanager
def staging(
    source: Source, dockerfile_text: bytes, parent: Path | None = None, name: Name | None = None
) -> Iterator[StagedContext]:
    """A private copy of the source's entries, removed whatever happens. `name` is what the engine knows it by.

    DeployErrors: `file-changed` when an entry is not what the selection says any more, `no-space` when the copy does
    not fit (asked first), `staging-failed` when it cannot be written for another reason.
    """
    with private_directory("context", parent) as place:
        try:
            staged = _fill(place, source, dockerfile_text, name or new_name())
        except OSError as error:
            raise no_room(error, place.parent) from error
        yield staged


def _fill(place: Path, source: Source, dockerfile_text: bytes, name: Name) -> StagedContext:
    dockerfile = place / "Dockerfile"
    keeps_times = _write(dockerfile, dockerfile_text, name)
    _write(dockerfile.with_name("Dockerfile.dockerignore"), _NO_RULES, name)
    # A file system that cuts times off would let two versions of a file meet: nobody shares such a copy.
    directory = place / (name if keeps_times else new_name()).text
    directory.mkdir(mode=0o755)
    with DiskTree(source.root) as tree, DiskTree(directory) as copy:
        work = _Work(tree, copy, Copier(), source.modes, name)
        _find_room(place, work, source.entries)
        _copy_all(work, source.entries)
    return StagedContext(directory, dockerfile)


def _write(path: Path, data: bytes, name: Name) -> bool:
    """Write a file that the engine keeps by the same name; whether it has the very time that it was given."""
    path.write_bytes(data)
    moment = name.time_ns(sha256(data).hexdigest())
    os.utime(path, ns=(moment, moment))
    return path.stat().st_mtime_ns == moment


def _find_room(place: Path, work: _Work, entries: Sequence[SelectedEntry]) -> None:
    def stat(selected: SelectedEntry) -> os.stat_result:
        name, parent = _place(work.tree, selected)
        try:
            return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            raise entry_error(error, selected.entry.path) from error

    def can_clone(selected: SelectedEntry) -> bool:
        target = os.open(place / "probe", _WRITE_FLAGS, 0o600)
        try:
            with _reading(work.tree, selected) as source:
                return work.copier.clone(source, target)
        finally:
            os.close(target)
            (place / "probe").unlink()

    room.check(room.Disk(str(place.parent), os.statvfs(place), stat, can_clone), entries)


def _copy_all(work: _Work, entries: Sequence[SelectedEntry]) -> None:
    directories = []
    for selected in entries:
        if selected.entry.kind is Kind.DIRECTORY:
            directories.append(selected)
        _copy(work, selected)
    # Last, and innermost first: writing into a directory moves its time and may need its permission.
    for selected in reversed(directories):
        name, parent = _place(work.copy, selected)
        os.chmod(name, selected.entry.mode, dir_fd=parent)
        os.utime(name, ns=(EPOCH_NS, EPOCH_NS), dir_fd=parent)
    os.utime(work.copy.directory(""), ns=(EPOCH_NS, EPOCH_NS))


def _times(selected: SelectedEntry, name: Name) -> tuple[int, int]:
    moment = mtime_ns(selected, name)
    return moment, moment


def _place(tree: DiskTree, selected: SelectedEntry) -> tuple[str, int]:
    parent, _, name = selected.entry.path.rpartition("/")
    return name, tree.directory(parent)


def _copy(work: _Work, selected: SelectedEntry) -> None:
    entry = selected.entry
    if entry.kind is Kind.FILE:
        _copy_file(work, selected)
        return
    try:
        found = read_other(work.tree, entry.path, entry.kind, work.modes)[0]
        if entry.kind is Kind.DIRECTORY:
            work.tree.directory(entry.path)  # still a directory?
    except OSError as error:
        raise entry_error(error, entry.path) from error
    if found.record != selected.record:
        raise file_changed(entry.path)
    name, parent = _place(work.copy, selected)
    _make(name, parent, selected, work.name)
    if work.modes is Modes.EXACT:
        source, descriptor = _place(work.tree, selected)
        _copy_attributes(f"/proc/self/fd/{descriptor}/{source}", f"/proc/self/fd/{parent}/{name}", entry.path)


def _make(name: str, parent: int, selected: SelectedEntry, known_as: Name) -> None:
    """Create a directory, symlink, FIFO, or the empty file that a socket becomes."""
    entry = selected.entry
    match entry.kind:
        case Kind.DIRECTORY:
            os.mkdir(name, 0o700, dir_fd=parent)
            return
        case Kind.SYMLINK:
            os.symlink(entry.link, name, dir_fd=parent)
        case Kind.FIFO:
            os.mkfifo(name, 0o600, dir_fd=parent)
        case Kind.SOCKET:
            os.close(os.open(name, _WRITE_FLAGS, 0o600, dir_fd=parent))
        case Kind.FILE | Kind.CHARACTER_DEVICE | Kind.BLOCK_DEVICE:
            raise DeployError(
                "device-in-context",
                f"{entry.path} is a device; a private copy of it cannot be made",
                where=entry.path,
                hint="list it in .dockerignore",
            )
    if entry.kind is not Kind.SYMLINK:
        os.chmod(name, entry.mode, dir_fd=parent)
    os.utime(name, ns=_times(selected, known_as), dir_fd=parent, follow_symlinks=False)


@contextmanager
def _reading(tree: DiskTree, selected: SelectedEntry) -> Iterator[int]:
    try:
        name, directory = _place(tree, selected)
        source = os.open(name, READ_FLAGS, dir_fd=directory)
    except OSError as error:
        raise entry_error(error, selected.entry.path) from error
    try:
        yield source
    finally:
        os.close(source)


def _copy_file(work: _Work, selected: SelectedEntry) -> None:
    entry = selected.entry
    with _reading(work.tree, selected) as source:
        name, directory = _place(work.copy, selected)
        target = os.open(name, _WRITE_FLAGS, 0o600, dir_fd=directory)
        try:
            if _copy_bytes(work, source, target, selected) != selected.record:
                raise file_changed(entry.path)
            if work.modes is Modes.EXACT:
                _copy_attributes(source, target, entry.path)
            os.fchmod(target, entry.mode)
            os.utime(target, ns=_times(selected, work.name))
        finally:
            os.close(target)


def _copy_bytes(work: _Work, source: int, target: int, selected: SelectedEntry) -> str:
    """Copy a file and return the digest of its header and of the bytes that the copy holds."""
    status = os.fstat(source)
    extra = b"" if work.modes is Modes.GIT else attributes(source)
    digest = sha256(header(Kind.FILE, work.modes.apply(Kind.FILE, status.st_mode), status.st_size, extra=extra))
    if not selected.withheld:
        work.copier.copy(source, target, selected.entry.size, digest)
    return f"sha256:{digest.hexdigest()}"


def _copy_attributes(source: int | str, target: int | str, path: str) -> None:
    follow = isinstance(target, int)
    for name, value in read_attributes(source):
        try:
            os.setxattr(target, name, value, follow_symlinks=follow)
        except OSError as error:
            raise DeployError(
                "attribute-not-copied",
                f"the extended attribute {name} of {path} could not be copied",
                where=path,
                cause=error.strerror or str(error),
                hint="use modes git, which drop extended attributes",
            ) from error
