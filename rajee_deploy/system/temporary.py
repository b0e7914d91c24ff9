"""Private temporary directories: the only door to them, and the broom for those whose owner was killed.

A directory is its owner's for as long as the owner holds a lock on a file in it. The kernel frees the lock however the
owner ends, kill -9 included, so nobody has to trust a process id. Must never touch what is not ours: another user's,
under another prefix, reached through a symlink, or locked.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.system.signals import interrupts_held

if TYPE_CHECKING:
    from collections.abc import Iterator

UNLOCKED_LIFE_SECONDS = 24 * 3600.0  # no lock in it: of an older release, or its owner was killed while he made it
PREFIX = "rajee-deploy-"
LOCK = ".owner"
_DRAFT = ".owner-draft"
_TRIES, _PAUSE_SECONDS = 20, 0.02
_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def private_directory(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """An empty directory of ours alone (0700), removed on every exit; `purpose` is a part of its name.

    It lies in `parent`, by default where the system keeps temporary files (TMPDIR). It holds one file of its own,
    `.owner`. DeployErrors `no-space` and `staging-failed` when it cannot be made.
    """
    place, lock = None, -1
    try:
        with interrupts_held(), _no_room(parent):
            place, lock = _make(purpose, parent)
        yield place
    finally:
        if place is not None:
            # What cannot be removed now must not hide why we end; the next start tries again.
            with contextlib.suppress(OSError):
                remove(place)
            os.close(lock)


def no_room(error: OSError, parent: Path | None = None) -> DeployError:
    """A temporary file could not be written. A full disk is told apart from a place that is not fit."""
    place = str(parent or usual_place() or "TMPDIR")
    cause = error.strerror or str(error)
    if error.errno in _FULL:
        return DeployError(
            "no-space",
            "this machine's disk is full: there is no room for temporary files",
            where=place,
            cause=cause,
            hint="make room there, or set TMPDIR to a directory with room",
        )
    return DeployError(
        "staging-failed",
        "temporary files cannot be written",
        where=place,
        cause=cause,
        hint="set TMPDIR to a directory that exists, may be written to, and has room for what the build reads",
    )


@contextmanager
def _no_room(parent: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise no_room(error, parent) from error


def sweep(parent: Path | None = None) -> tuple[str, ...]:
    """Remove the directories whose owner is gone; returns their names. One listing of the temporary directory where
    there is nothing to do. Never fails: who cannot sweep can still work."""
    place = parent or usual_place()
    try:
        with os.scandir(place) as entries:
            names = sorted(entry.name for entry in entries if entry.name.startswith(PREFIX))
        return tuple(name for name in names if _sweep_one(Path(place or "", name)))
    except OSError:
        return ()


def remove(place: Path) -> None:
    """Remove a directory, also where it holds directories that may not be written to, or where a program that was
    killed a moment ago still ends a write; its lock file last, so that who is killed meanwhile leaves something that
    the next start still knows to be nobody's."""
    for _ in range(_TRIES):
        try:
            return _remove_all(place)
        except PermissionError:
            _open_all(place)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            time.sleep(_PAUSE_SECONDS)
    return _remove_all(place)


def _open_all(place: Path) -> None:
    for base, names, _ in os.walk(place):
        for name in names:
            inner = Path(base, name)
            if not inner.is_symlink():
                inner.chmod(0o700)


def _remove_all(place: Path) -> None:
    from shutil import rmtree

    with os.scandir(place) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                rmtree(entry.path)
            elif entry.name != LOCK:
                Path(entry.path).unlink()
    rmtree(place)


def usual_place() -> Path | None:
    """TMPDIR as it is set, even where it is not fit: Python would silently write somewhere else."""
    from tempfile import gettempdir

    try:
        return Path(os.environ.get("TMPDIR") or gettempdir()).absolute()
    except FileNotFoundError:
        return None


def _make(purpose: str, parent: Path | None) -> tuple[Path, int]:
    from tempfile import mkdtemp

    place = Path(mkdtemp(prefix=f"{PREFIX}{purpose}-", dir=parent or usual_place()))
    try:
        draft = place / _DRAFT
        lock = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Only now under its name: nobody ever sees a lock file that is not locked yet.
            draft.rename(place / LOCK)
        except OSError as error:
            if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
                os.close(lock)
                raise
            # This file system knows no locks: without its file, the directory is safe for a day.
    except BaseException:
        with contextlib.suppress(OSError):
            remove(place)
        raise
    return place, lock


def _sweep_one(place: Path) -> bool:
    """Remove one directory if its owner is gone. In a shared /tmp anybody may have put anything under our prefix."""
    try:
        directory = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        status = os.fstat(directory)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            return False
        lock = os.open(LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return time.time() - status.st_mtime > UNLOCKED_LIFE_SECONDS and _remove_same(place, status)
    except OSError:
        return False
    finally:
        os.close(directory)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _remove_same(place, status)
    except OSError:
        return False  # its owner lives, or somebody else sweeps it
    finally:
        os.close(lock)


def _remove_same(place: Path, seen: os.stat_result) -> bool:
    """Remove the directory that was looked at, if it still is the one under its name."""
    if not os.path.samestat(place.lstat(), seen):
        return False
    remove(place)
    return True
