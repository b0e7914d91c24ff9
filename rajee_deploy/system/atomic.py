"""Files that are written whole or not at all. For small ones, held in memory; it knows no formats and no places."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(
    path: Path, data: bytes, *, private: bool = False, durable: bool = False, mode: int | None = None
) -> None:
    """Make `data` the content of `path`, in one step for all who read it; when that fails, `path` is as it was.

    `private`: for this user alone (0600), else as the umask has it. `durable`: on the disk before it takes the place
    of the old content. `mode`: the mode it has then, whatever the umask. OSError when it cannot be written.
    """
    # A random name, not the process's: containers give every run the same one, and a killed run leaves its draft.
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    made = 0o600 if private else 0o666
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, made)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 -- a descriptor
            file.write(data)
            if mode is not None:
                os.fchmod(descriptor, mode)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
