"""One file's bytes into the private copy, in bounded memory, and the digest of exactly what the copy then holds.

A file system that shares blocks (btrfs, XFS, bcachefs) is asked for a clone, which costs neither time nor room; the
clone is then read for the digest, never the original, which may have changed meanwhile. Everywhere else the bytes go
through one small buffer and are digested on their way: measured, that is faster than copying inside the kernel and
reading the copy again. Holes stay holes. Must never decide what is copied, nor compare.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from hashlib import _Hash

BUFFER_BYTES = 1 << 18  # measured: with a megabyte the buffer falls out of the processor's cache, three times slower
_FICLONE = 0x40049409  # linux/fs.h
_BLOCK_BYTES = 512  # the unit of st_blocks, whatever the file system's own
_UNSUITABLE = {errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM, errno.ETXTBSY}


class Copier:
    """Copies files into one directory. Remembers whether clones work there, and keeps one buffer for all files."""

    def __init__(self, clone: Callable[[int, int], None] | None = None) -> None:
        """`clone` makes its second descriptor's file share the blocks of the first's (default: FICLONE of Linux)."""
        self._clone = clone or _ficlone
        self._can_clone = clone is not None or sys.platform == "linux"
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._zeros = memoryview(bytes(BUFFER_BYTES))

    def copy(self, source: int, target: int, size: int, digest: _Hash) -> None:
        """Copy at most one byte more than `size` (so that a file that grew shows), feeding `digest` with the bytes that
        `target`, an empty file open for reading and writing, then holds. OSError of either file."""
        if size < BUFFER_BYTES:
            self._plain(source, target, size + 1, digest)
        elif self.clone(source, target):
            os.lseek(target, 0, os.SEEK_SET)
            self._read(target, size + 1, digest)
        elif _is_sparse(source):
            self._sparse(source, target, size, digest)
        else:
            self._plain(source, target, size + 1, digest)

    def clone(self, source: int, target: int) -> bool:
        """Make `target` share the blocks of `source`; False where that is not offered."""
        if not self._can_clone:
            return False
        try:
            self._clone(source, target)
        except OSError as error:
            if error.errno not in _UNSUITABLE:
                raise
            self._can_clone = False  # not asked again for every file
            return False
        return True

    def _plain(self, source: int, target: int, left: int, digest: _Hash) -> None:
        for piece in self._pieces(source, left):
            digest.update(piece)
            _write(target, piece)

    def _read(self, descriptor: int, left: int, digest: _Hash) -> None:
        for piece in self._pieces(descriptor, left):
            digest.update(piece)

    def _pieces(self, source: int, left: int) -> Iterator[memoryview]:
        while left > 0 and (count := os.readv(source, [self._buffer[:left]])):
            yield self._buffer[:count]
            left -= count

    def _sparse(self, source: int, target: int, size: int, digest: _Hash) -> None:
        """Copy the data alone. A hole is not written, so the copy holds zeros there, and zeros are digested."""
        at = 0
        while at < size:
            start, end = _next_data(source, at, size)
            for offset in range(at, start, BUFFER_BYTES):
                digest.update(self._zeros[: start - offset])
            os.lseek(source, start, os.SEEK_SET)
            os.lseek(target, start, os.SEEK_SET)
            copied = 0
            for piece in self._pieces(source, end - start):
                digest.update(piece)
                _write(target, piece)
                copied += len(piece)
            if copied < end - start:
                return  # it became shorter: the digest will not match
            at = end
        os.ftruncate(target, size)
        os.lseek(source, size, os.SEEK_SET)
        os.lseek(target, size, os.SEEK_SET)
        self._plain(source, target, 1, digest)


def _ficlone(source: int, target: int) -> None:
    fcntl.ioctl(target, _FICLONE, source)


def bytes_on_disk(status: os.stat_result) -> int:
    """Bytes that a file takes on its disk: of a sparse one fewer than its size."""
    return status.st_blocks * _BLOCK_BYTES


def _is_sparse(source: int) -> bool:
    status = os.fstat(source)
    return hasattr(os, "SEEK_DATA") and bytes_on_disk(status) < status.st_size


def _next_data(source: int, at: int, size: int) -> tuple[int, int]:
    """Where the data at or after `at` begins and ends; (size, size) where only a hole is left."""
    try:
        start = os.lseek(source, at, os.SEEK_DATA)
        end = os.lseek(source, start, os.SEEK_HOLE)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return size, size
        if error.errno == errno.EINVAL:
            return at, size  # this file system does not tell
        raise
    return min(start, size), min(end, size)


def _write(target: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(target, piece) :]
