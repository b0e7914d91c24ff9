"""What is remembered in a cache file, with its own digest: believed whole or not at all. It knows no formats and no
places.

Such a file saves work that can be done again. So what is damaged, cut off, or was kept for another question is as good
as nothing, and what cannot be written is not missed.
"""

from __future__ import annotations

import os
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import LARGE, read_regular
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from pathlib import Path


def read_sealed(path: Path, question: bytes) -> bytes | None:
    """What `write_sealed` kept there for this very question; None when that is not what lies there."""
    try:
        seal, separator, data = read_regular(path, LARGE).partition(b"\n")
    except OSError:
        return None
    return data if separator and seal == _seal(question, data) else None


def write_sealed(path: Path, question: bytes, data: bytes) -> None:
    """Keep it, with the directories above it; where that cannot be, it is not kept."""
    with optional(path.parent):
        make_place(path.parent)
        write_atomically(path, _seal(question, data) + b"\n" + data)


def library_stamp(name: str) -> bytes:
    """What shows that the files of a Python library are the same as before, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return b""
    here = spec.origin.rpartition("/")[0]
    statuses = [os.stat(f"{here}/{name}") for name in sorted(os.listdir(here)) if name.endswith(".py")]  # noqa: PTH116, PTH208 -- on every start
    return repr([(status.st_size, status.st_mtime_ns) for status in statuses]).encode()


def _seal(question: bytes, data: bytes) -> bytes:
    return sha256(sha256(question).digest() + data).hexdigest().encode()
