"""Whether the disk has room for the private copy of a build context: asked before the first byte is written.

Conservative, but never a wrong no: what the sizes say is believed when it fits; when it does not, the blocks that files
really take count instead (sparse files), and what can be cloned counts nothing. Must never copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rajee_deploy.context.copying import BUFFER_BYTES, bytes_on_disk
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from rajee_deploy.context.digest import SelectedEntry

_SPARE_INODES = 4  # the directory itself and the three files beside the copy
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class FileSystem(Protocol):
    """What `os.statvfs` tells: sizes in blocks of `f_frsize`, and free inodes; zeros where it does not count them."""

    @property
    def f_frsize(self) -> int: ...
    @property
    def f_blocks(self) -> int: ...
    @property
    def f_bavail(self) -> int: ...
    @property
    def f_files(self) -> int: ...
    @property
    def f_favail(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the copy goes: how errors call it, what its file system tells, and how to ask about an entry (its status;
    whether its bytes can be shared instead of copied). The entries are asked about only when their sizes do not fit."""

    place: str
    free: FileSystem
    stat: Callable[[SelectedEntry], os.stat_result]
    can_clone: Callable[[SelectedEntry], bool]


def check(disk: Disk, entries: Sequence[SelectedEntry]) -> None:
    """DeployError `no-space` when the copy of `entries` does not fit."""
    free = disk.free.f_bavail * disk.free.f_frsize
    if disk.free.f_blocks and sum(_round_up(disk, entry, entry.entry.size) for entry in entries) > free:
        size = _really(disk, entries)
        if size > free:
            raise _error(disk, f"{bytes_text(size)} are needed, {bytes_text(free)} are free")
    inodes = len(entries) + _SPARE_INODES
    if disk.free.f_files and inodes > disk.free.f_favail:
        raise _error(disk, f"{inodes} files and directories are needed, {disk.free.f_favail} more can be made")


def bytes_text(size: int) -> str:
    """A number of bytes for a person: `1.5 GiB`."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} bytes"


def _round_up(disk: Disk, entry: SelectedEntry, size: int) -> int:
    """Whole blocks; a directory takes one at least, on most file systems."""
    block = disk.free.f_frsize or 1
    return max(-(-size // block), int(entry.entry.kind is Kind.DIRECTORY)) * block


def _really(disk: Disk, entries: Sequence[SelectedEntry]) -> int:
    """What the copy takes when holes stay holes and what can be shared is."""
    big = [entry for entry in entries if entry.entry.size >= BUFFER_BYTES]
    shared = bool(big) and disk.can_clone(big[0])
    really = {
        entry.entry.path: 0 if shared else min(entry.entry.size, bytes_on_disk(disk.stat(entry))) for entry in big
    }
    return sum(_round_up(disk, entry, really.get(entry.entry.path, entry.entry.size)) for entry in entries)


def _error(disk: Disk, cause: str) -> DeployError:
    return DeployError(
        "no-space",
        "there is no room for the private copy of the build context",
        where=disk.place,
        cause=cause,
        hint="make room there, or set TMPDIR to a directory with room; "
        "what the build does not need can be listed in .dockerignore",
    )
