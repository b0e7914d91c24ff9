"""What shows that a file was written to, as 45 bytes: an F, device, inode, size, both times in nanoseconds, mode.

Owns that encoding and git's racy rule. Times alone prove nothing: a file that was written to in the very moment it was
read may be written to again without its times moving, so a stamp is trusted only when it was old by then
(https://git-scm.com/docs/racy-git). One hole stays: a store through an open writable mmap may move no time at all.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

_STAMP = struct.Struct("<cQQqqqI")
_pack = _STAMP.pack
STAMP_BYTES = _STAMP.size
RACY_NS = 2_000_000_000  # file systems with whole or even seconds exist
_FAR = (1 << 63) - 1


def stamp_of(status: os.stat_result) -> bytes:
    """The stamp of a file."""
    try:
        return _pack(
            b"F", status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode
        )
    except struct.error:  # a time past the year 2262: never trusted anyway
        return _pack(b"F", status.st_dev, status.st_ino, status.st_size, _FAR, _FAR, status.st_mode)


def size_and_mode(stamp: bytes) -> tuple[int, int]:
    """A file's size and its `st_mode`."""
    *_, size, _, _, mode = _STAMP.unpack(stamp)
    return size, mode


def modes_of(stamps: bytes | bytearray) -> Iterator[int]:
    """The `st_mode` of each of the joined stamps."""
    return (fields[-1] for fields in _STAMP.iter_unpack(stamps))


def trust(stamps: bytes | bytearray, moment_ns: int) -> list[bool]:
    """Of joined stamps, which were old at `moment_ns`, a moment before their files were read."""
    border = moment_ns - RACY_NS
    return [mtime < border and ctime < border for *_, mtime, ctime, _ in _STAMP.iter_unpack(stamps)]


def all_trusted(stamps: bytes | bytearray, moment_ns: int) -> bool:
    """Whether every one of the joined stamps is."""
    return all(trust(stamps, moment_ns))
