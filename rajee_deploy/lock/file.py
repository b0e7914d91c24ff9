"""The lock file on disk: read whole or not at all, replaced at once. Never touched when nothing changed."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from rajee_deploy.atomic import write_atomically
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.lock.format import Lock, encode, parse
from rajee_deploy.regular_files import DOCUMENT, read_regular, read_text

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> Lock:
    """The lock; an empty one where there is no file. ConfigurationError where there is one that cannot be believed."""
    try:
        text = read_text(path, DOCUMENT)
    except FileNotFoundError:
        return Lock()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "lock-unreadable", "the lock file cannot be read", where=_shown(path), cause=str(error)
        ) from error
    return parse(text, _shown(path))


def write(path: Path, lock: Lock) -> bool:
    """Write the lock, whether or not there was one; whether the file changed. OSError when it cannot be written."""
    text = encode(lock).encode()
    with contextlib.suppress(FileNotFoundError):
        if read_regular(path, DOCUMENT).replace(b"\r\n", b"\n") == text:
            return False
    write_atomically(path, text, durable=True)
    return True


def _shown(path: Path) -> str:
    """As the user would type it: relative to the working directory where it lies below it."""
    return os.path.relpath(path) if path.is_absolute() and path.is_relative_to(os.getcwd()) else str(path)  # noqa: PTH109 -- pathlib's own would be no cheaper
