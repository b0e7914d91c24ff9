"""Small files that one user's runs leave for the next: framed, sealed with a digest, replaced whole.

Owns how they are written and which are believed: only files of this user, of this format, about this very root, whose
seal is whole; anything else is as good as absent, so nothing waits for the disk (a power cut breaks the seal). Nothing
here ever fails a run. Must never know what is stored.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import time
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING

from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import open_regular, read_within
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FORMAT = b"rajee-deploy.cache/1\n"
_SEAL_BYTES = 32
_LENGTH = struct.Struct("<Q")
_ORPHAN_SECONDS = 3600  # no run writes for an hour
_KEPT_SECONDS = 60 * 86400  # build contexts come and go
_MAX_BYTES = 1 << 30


class DamagedError(Exception):
    """Bytes that no run of this version wrote."""


def frame(parts: Iterable[bytes]) -> bytes:
    """Parts with their lengths in front: reads back in one way only."""
    return b"".join(map(_frame, parts))


def _frame(part: bytes) -> bytes:
    return _LENGTH.pack(len(part)) + part


def unframe(data: bytes) -> list[bytes]:
    """The parts again; DamagedError when these are no framed bytes."""
    parts, at = [], 0
    while at < len(data):
        if at + _LENGTH.size > len(data):
            raise DamagedError
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            raise DamagedError
        parts.append(data[at : at + length])
        at += length
    return parts


def file_for(directory: Path, root: str, suffix: str) -> Path:
    """The cache file of a build context, given its real path."""
    return directory / f"{sha256(os.fsencode(root)).hexdigest()[:32]}.{suffix}"


def load(path: Path, root: str) -> list[bytes] | None:
    """The parts that were saved about a root; None when there are none that can be believed."""
    try:
        with open_regular(path, most=_MAX_BYTES, follow=False) as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            data = read_within(file, path, _MAX_BYTES)
        start = _FORMAT + frame([_about(root)])
        if not data.startswith(start) or sha256(memoryview(data)[:-_SEAL_BYTES]).digest() != data[-_SEAL_BYTES:]:
            return None
        return unframe(data[len(start) : -_SEAL_BYTES])
    except (OSError, DamagedError, MemoryError):
        return None


def save(path: Path, root: str, parts: Iterable[bytes]) -> None:
    """Replace what was saved about a root, or do without: it is a cache."""
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}.tmp")
    with optional(path.parent):
        make_place(path.parent)
        _sweep(path.parent)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with open(os.open(temporary, flags, 0o600), "wb") as file:  # noqa: PTH123 -- a descriptor
                seal = sha256()
                for piece in chain((_FORMAT,), map(_frame, chain((_about(root),), parts))):
                    seal.update(piece)
                    file.write(piece)
                file.write(seal.digest())
            os.replace(temporary, path)  # noqa: PTH105 -- beside the other calls of os
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise


def remove(path: Path) -> None:
    """Make as if nothing had been saved."""
    with contextlib.suppress(OSError):
        path.unlink()


def _about(root: str) -> bytes:
    return b"%d " % os.geteuid() + os.fsencode(root)


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _sweep(directory: Path) -> None:
    """Remove what killed runs left behind, and what nobody has asked for in a long time."""
    import re

    ours = re.compile(r"[0-9a-f]{32}\.[a-z-]+(\.[0-9a-f]{16}\.tmp)?")
    now = time.time()
    with os.scandir(directory) as entries:
        for entry in entries:
            if not ours.fullmatch(entry.name):
                continue
            age = _ORPHAN_SECONDS if entry.name.endswith(".tmp") else _KEPT_SECONDS
            with contextlib.suppress(OSError):
                if now - entry.stat(follow_symlinks=False).st_mtime > age:
                    os.unlink(entry.path)  # noqa: PTH108 -- a name from scandir
