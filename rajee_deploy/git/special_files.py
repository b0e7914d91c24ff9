"""Pipes, sockets and devices where git opens files: it does so without a look, and waits for ever for who writes there.
And refs, settings and notes of gigabytes, which it reads whole.

Owns the search for one, once git was waited for in vain: a repository has hundreds of directories, and to look through
them before every question would cost more than the question. Must never open what it finds.
"""

from __future__ import annotations

import os
import stat
from functools import cache
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_ENTRIES = 200_000
_READ_WHOLE = ("refs", "info", "HEAD", "config")  # in a git directory: lines that people or git write
_MOST_BYTES = 64 << 20  # of one of these


def is_special(path: str | os.PathLike[str]) -> bool:
    """Whether there is something, also behind a link, that is neither a file nor a directory."""
    mode = _mode(path)
    return mode != 0 and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _holds_up(path: str) -> bool:
    """Whether to open it may take for ever; a socket cannot be opened at all."""
    return is_special(path) and not stat.S_ISSOCK(_mode(path))


def _is_huge(path: str, git_directories: tuple[Path, ...]) -> bool:
    """Whether git reads it whole, and it is larger than any of its kind."""
    own = next((path[len(f"{each}/") :] for each in git_directories if path.startswith(f"{each}/")), "")
    if own.partition("/")[0] not in _READ_WHOLE:
        return False
    try:
        return os.stat(path).st_size > _MOST_BYTES  # noqa: PTH116 -- as above
    except (OSError, ValueError):
        return False


def _mode(path: str | os.PathLike[str]) -> int:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 -- thousands of texts
    except (OSError, ValueError):
        return 0


def unreadable(top: Path, path: str | os.PathLike[str]) -> DeployError:
    """The error for a checkout in which git would wait for ever."""
    return DeployError(
        "git-refused",
        "git cannot read this checkout",
        where=str(top),
        cause=f"{os.fspath(path)} is {'a pipe, a socket or a device' if is_special(path) else 'larger than 64 MiB'}",
        hint=f"remove it: rm {os.fspath(path)}",
    )


def check(top: Path, *git_directories: Path) -> None:
    """Look through what git opens of a checkout. DeployError `git-refused` for the first thing that is no file, or
    none of a size that git's own have."""
    found = _find(top, git_directories)
    if found:
        raise unreadable(top, found)


@cache
def _find(top: Path, git_directories: tuple[Path, ...]) -> str:
    """The first one's path, "" where there is none among so many entries. Remembered: git is asked several times."""
    left = _MOST_ENTRIES
    for path in _paths(top, git_directories):
        if _holds_up(path) or _is_huge(path, (top / ".git", *git_directories)):
            return path
        left -= 1
        if not left:
            break
    return ""


def _paths(top: Path, git_directories: tuple[Path, ...]) -> Iterator[str]:
    """Of git's own directories first; then of the checkout, any file of which its settings may name."""
    for directory in (top / ".git", *git_directories, top):
        for place, _, names in os.walk(directory):
            yield from (f"{place}/{name}" for name in names)
