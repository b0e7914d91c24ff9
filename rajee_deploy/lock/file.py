"""The lock file on disk: read whole or not at all, replaced at once. Never touched when nothing changed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.lock.format import Lock, encode, parse
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.regular_files import DOCUMENT, read_regular, read_text


def read(path: Path) -> Lock:
    """The lock; an empty one where there is no file. ConfigurationError where there is one that cannot be believed."""
    try:
        text = read_text(path, DOCUMENT)
    except FileNotFoundError as error:
        if os.path.islink(path):  # noqa: PTH114 -- beside the other calls of os
            raise _unreadable(path, f"it is a link to {os.readlink(path)}, which is not there") from error  # noqa: PTH115
        return Lock()
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(path, cause) from error
    return parse(text, _shown_path(path))


def write(path: Path, lock: Lock) -> bool:
    """Write the lock, whether or not there was one; whether the file changed. OSError when it cannot be written.

    What a link leads to is written, and the link stays; a file that was there keeps its mode.
    """
    text = encode(lock).encode()
    with contextlib.suppress(FileNotFoundError):
        if read_regular(path, DOCUMENT).replace(b"\r\n", b"\n") == text:
            return False
    real = Path(os.path.realpath(path))
    write_atomically(real, text, durable=True, mode=_mode_of(real))
    return True


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def _unreadable(path: Path, cause: str) -> ConfigurationError:
    return ConfigurationError(
        "lock-unreadable",
        "the lock file cannot be read",
        where=_shown_path(path),
        cause=cause,
        hint="restore the file, or remove what lies there and run rajee-deploy lock",
    )


def _shown_path(path: Path) -> str:
    """As the user would type it: relative to the working directory where it lies below it."""
    return os.path.relpath(path) if path.is_absolute() and path.is_relative_to(os.getcwd()) else str(path)  # noqa: PTH109 -- pathlib's own would be no cheaper
