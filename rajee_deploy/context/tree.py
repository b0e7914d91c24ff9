"""The build context on disk: the only scandir, lstat and readlink of this room. Lazy; lists only what it is asked for.

Every directory is reached from the root's descriptor, one component at a time and never through a symlink, so nothing
outside the root is opened even while somebody swaps directories. Must never know ignore rules or Dockerfiles.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from rajee_deploy.context.view import UnreadableError
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind
from rajee_deploy.system.ours import MARKER, is_marked, own_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from rajee_deploy.system.extent import Extent

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
    stat.S_IFCHR: Kind.CHARACTER_DEVICE,
    stat.S_IFBLK: Kind.BLOCK_DEVICE,
}


def kind_of(mode: int) -> Kind:
    """The kind that `st_mode` says."""
    return _KINDS[stat.S_IFMT(mode)]


def in_byte_order(names: list[str]) -> list[str]:
    """Sort names as their bytes do (surrogate escapes would sort elsewhere)."""
    return sorted(names) if all(map(str.isascii, names)) else sorted(names, key=os.fsencode)


def entry_error(error: OSError, path: str) -> DeployError:
    """What to tell the user when an entry of the build context failed us."""
    name = path or "."
    if error.errno in _GONE:
        return DeployError(
            "file-changed",
            f"{name} changed while the build context was read",
            cause=error.strerror or "",
            hint="run again when nothing writes to the build context",
        )
    return UnreadableError(
        "unreadable",
        f"{name} in the build context cannot be read",
        where=name,
        cause=error.strerror or str(error),
        hint="change its permissions, or list it in .dockerignore",
    )


def open_tree(root: Path, extent: Extent | None = None) -> DiskTree:
    """The build context at a path. DeployError `unreadable` or `file-changed`."""
    try:
        return DiskTree(root, extent=extent)
    except OSError as error:
        raise entry_error(error, str(root)) from error


class DiskTree:
    """A build context on disk, listed once per directory. A context manager: it holds descriptors.

    What this tool keeps in it itself is left out, unless `shows_ours`. `failed`: some directory could not be listed, so
    what was seen is not all there is. `ours`: the directories in which something of ours was left out. `extent` is the
    bound of all that is listed and read, None for none.
    """

    def __init__(self, root: Path, *, shows_ours: bool = False, extent: Extent | None = None) -> None:
        self._shows_ours = shows_ours
        self.extent = extent
        self._open = [("", os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))]
        self._listed: dict[str, dict[str, Kind]] = {}
        self._unsorted: dict[str, dict[str, Kind]] = {}
        self._links: dict[str, str] = {}
        self.failed = False
        self.ours: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self._open:
            os.close(self._open.pop()[1])

    def directory(self, path: str) -> int:
        """A descriptor of a directory, valid until the next call. DeployError when it is none any more.

        Descriptors of the last path are kept, so a walk in order opens every directory once.
        """
        parts = path.split("/") if path else []
        common = 0
        while common < min(len(parts), len(self._open) - 1) and self._open[common + 1][0] == parts[common]:
            common += 1
        while len(self._open) > common + 1:
            os.close(self._open.pop()[1])
        for index in range(common, len(parts)):
            try:
                descriptor = os.open(parts[index], _DIRECTORY, dir_fd=self._open[-1][1])
            except OSError as error:
                raise entry_error(error, "/".join(parts[: index + 1])) from error
            self._open.append((parts[index], descriptor))
        return self._open[-1][1]

    def children(self, path: str) -> Mapping[str, Kind]:
        """Names in a directory with their kinds, in byte order."""
        known = self._listed.get(path)
        if known is None:
            try:
                found = self._unsorted.pop(path) if path in self._unsorted else self._list(path)
            except OSError as error:
                self.failed = True
                raise entry_error(error, path) from error
            except DeployError:
                self.failed = True
                raise
            if self.extent is not None:
                self.extent.listed(len(found))
            known = self._listed[path] = {name: found[name] for name in in_byte_order(list(found))}
        return known

    def _list(self, path: str) -> dict[str, Kind]:
        with os.scandir(self.directory(path)) as entries:
            return self.without_ours(path, {entry.name: kind_of_entry(entry) for entry in entries})

    def without_ours(self, path: str, found: dict[str, Kind]) -> dict[str, Kind]:
        """What a directory that was listed holds of the user's."""
        if self._shows_ours:
            return found
        # Of all before the first is entered: that moves the descriptors.
        at = self.directory(path)
        left_out = own_files(path, found, at) if MARKER in found else set()
        marked = [name for name, kind in found.items() if kind is Kind.DIRECTORY and is_marked(name, at)]
        base = f"{path}/" if path else ""
        left_out.update(name for name in marked if not self.children(base + name))
        if not left_out:
            return found
        self.ours.update({path} if MARKER in left_out else (base + name for name in left_out))
        return {name: kind for name, kind in found.items() if name not in left_out}

    def keep(self, path: str, found: dict[str, Kind]) -> None:
        """Remember what somebody who listed a directory found in it, in any order."""
        self._unsorted[path] = found

    def is_listed(self, path: str) -> bool:
        """Whether a directory was listed already."""
        return path in self._listed or path in self._unsorted

    def link(self, path: str) -> str:
        """The text of a symlink, read once."""
        known = self._links.get(path)
        if known is None:
            known = self._links[path] = self._read_link(path)
        return known

    def _read_link(self, path: str) -> str:
        parent, _, name = path.rpartition("/")
        try:
            return os.readlink(name, dir_fd=self.directory(parent))
        except OSError as error:
            raise entry_error(error, path) from error


def kind_of_entry(entry: os.DirEntry[str]) -> Kind:
    """The kind of an entry; no symlink is followed."""
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    if entry.is_dir(follow_symlinks=False):
        return Kind.DIRECTORY
    if entry.is_symlink():
        return Kind.SYMLINK
    return kind_of(entry.stat(follow_symlinks=False).st_mode)
