"""The one way to read a file that somebody else may have put there: looked at, then opened, and never past a bound.

A project, a cache, a directory for state or for temporary files may hold anything under the name that is looked for: a
FIFO that nobody writes to, a link to /dev/zero, a directory, or gigabytes. So nothing else here opens a file for
reading (a test looks for it). It knows no places; what an unfit file means, who asked decides: it is an OSError like
any other file that cannot be read.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from typing import TYPE_CHECKING

from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from io import BufferedReader
    from typing import Any

# Most bytes of what people write by hand, of a document that a program wrote, and of what we keep ourselves.
SMALL = 1 << 20
DOCUMENT = 16 << 20
DOCKERFILE_BYTES = 4 << 20
LARGE = 64 << 20

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_PIECE = 1 << 16
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO (a pipe)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class UnfitFileError(OSError):
    """What lies there is no file that can be read: `strerror` says what it is instead, `filename` where."""

    def __init__(self, path: object, what: str) -> None:
        super().__init__(errno.EINVAL, what, str(path))

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


def open_regular(
    path: str | os.PathLike[str], *, most: int | None = None, at: int | None = None, follow: bool = True
) -> BufferedReader:
    """Open a file for reading in binary. `at` is the descriptor that a relative path starts from.

    OSError; UnfitFileError, one of them, for whatever is not a regular file, or is longer than `most` bytes. With no
    bound whoever asked reads it piece by piece, for a digest.
    """
    try:
        # Looked at first: to open some devices is to use them already.
        _check(os.stat(path, dir_fd=at, follow_symlinks=follow), path, most, at)
        descriptor = os.open(path, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW, dir_fd=at)
    except ValueError as error:  # a NUL, or half a character
        raise UnfitFileError(repr(path), "no file can have this name") from error
    try:
        _check(os.fstat(descriptor), path, most, at)  # by now it may be another one
        return open(descriptor, "rb")  # noqa: PTH123 -- a descriptor
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(
    path: str | os.PathLike[str], most: int = SMALL, *, at: int | None = None, follow: bool = True
) -> bytes:
    """All bytes of a file. OSError as `open_regular`; a file that grows past `most` while it is read counts as too
    long."""
    with open_regular(path, most=most, at=at, follow=follow) as file:
        return read_within(file, path, most)


def open_to_append(path: str | os.PathLike[str], mode: int = 0o600) -> int:
    """A descriptor of a regular file to append to, which is made where there is none. OSError as `open_regular`."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = os.open(path, flags, mode)
    try:
        _check(os.fstat(descriptor), path, None, None)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_within(file: BufferedReader, path: object, most: int = SMALL) -> bytes:
    """The rest of an open file, of at most so many bytes; `path` is for the error."""
    pieces = []
    left = most
    while piece := file.read(min(max(os.fstat(file.fileno()).st_size + 1, _PIECE), left + 1)):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise UnfitFileError(path, f"it is longer than {amount(most)}, the most that is read")
    return b"".join(pieces)


def read_text(path: str | os.PathLike[str], most: int = SMALL, errors: str = "strict") -> str:
    """The text of a UTF-8 file. OSError as `read_regular`; ValueError where `errors` is strict."""
    return read_regular(path, most).decode("utf-8", errors)


def read_json(path: str | os.PathLike[str], most: int = SMALL, *, errors: str = "strict") -> Any:
    """The value of a JSON file. OSError as `read_regular`, ValueError as `parse_json`."""
    return parse_json(read_regular(path, most), errors=errors)


def digest_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file of any length, in hex. OSError as `open_regular`."""
    import hashlib

    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def amount(count: int) -> str:
    """A number of bytes, for people."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:  # noqa: PLR2004 -- the step between units
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _check(status: os.stat_result, path: str | os.PathLike[str], most: int | None, at: int | None) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if not stat.S_ISREG(status.st_mode):
        what = next((name for is_it, name in _KINDS if is_it(status.st_mode)), "something else")
        raise UnfitFileError(path, f"it is {_by_link(path, at)}{what}, and a regular file is needed")
    if most is not None and status.st_size > most:
        raise UnfitFileError(path, f"it is {amount(status.st_size)} long, and at most {amount(most)} are read")
    # The kernel's own files say that they are empty. What they hold (as the environment of a process) is no project's.
    if most is not None and status.st_size == 0 and status.st_dev == _proc():
        raise UnfitFileError(path, f"it is {_by_link(path, at)}a file of /proc, and a regular file is needed")


def _by_link(path: str | os.PathLike[str], at: int | None) -> str:
    return "a link to " if stat.S_ISLNK(os.stat(path, dir_fd=at, follow_symlinks=False).st_mode) else ""


@cache
def _proc() -> int | None:
    try:
        return os.stat("/proc").st_dev  # noqa: PTH116 -- on every start
    except OSError:
        return None
