"""Files that a user named to be written, which may be links, pipes, devices and descriptors: whatever was put there is
written through and never replaced. It knows no formats.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from rajee_deploy.system.atomic import write_atomically

STDOUT = 1
_MOST_LINKS = 40


def write_given(path: Path, data: bytes) -> None:
    """Write a file, also one at the end of a link, whole or not at all, with the mode it had; into anything else as it
    is. OSError, or RuntimeError for a loop of links."""
    mode = mode_of(path)
    if descriptor_of(path) is not None or (mode is not None and not stat.S_ISREG(mode)):
        _write_into(path, data)
        return
    end = end_of(path)
    write_atomically(end, data)
    if mode is not None:
        end.chmod(stat.S_IMODE(mode))


def open_given(path: Path) -> int:
    """A descriptor to write to as things happen: a file is emptied, and anything else is as it is. A pipe that nobody
    reads is an error: nobody would end the waiting. OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    own = descriptor_of(path)
    file = os.dup(own) if own is not None else os.open(path, flags, 0o666)
    os.set_blocking(file, True)
    return file


def write_whole(file: int, data: bytes) -> None:
    """All of it into a descriptor. OSError."""
    while data:
        data = data[os.write(file, data) :]


def descriptor_of(path: Path) -> int | None:
    """Which of our own descriptors a path means (/dev/stderr, /dev/fd/3, or a link to them); None for none. Whatever it
    leads to is written to as it is: a file that took its place would be another one than the shell's."""
    own = f"/proc/{os.getpid()}/fd"
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(path.parent)
        if folder in (own, "/dev/fd") and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            return None
        path = Path(folder) / path.readlink()
    return None


def mode_of(path: Path) -> int | None:
    """What lies at the end of all links; None where nothing does (yet)."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def end_of(path: Path) -> Path:
    """Where the links lead; OSError or RuntimeError for a loop."""
    return path.parent.resolve() / path.name if not path.is_symlink() else path.resolve()


def try_beside(path: Path) -> None:
    """Make the directory of a file, and see that a draft can be made in it. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with suppress(FileNotFoundError):
        draft.unlink()


def _write_into(path: Path, data: bytes) -> None:
    """Write into a pipe or a device as it is. A pipe that nobody reads is an error: nobody would end the waiting."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        os.set_blocking(file, True)
        write_whole(file, data)
    finally:
        os.close(file)
