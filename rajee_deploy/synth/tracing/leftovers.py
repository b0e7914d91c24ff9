"""Ends what an app leaves running when its synth has ended.

strace ends with the last process that it follows, so a daemon that an app starts would hold the synth for as long as it
lives. It cannot be let go either: without strace the kernel refuses the very calls that the filter stops for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.system.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE_SECONDS = 0.05
_GRACE_SECONDS = 1.0  # between asking a process to end and killing it


@contextmanager
def ending_leftovers(log: Path) -> Iterator[None]:
    """Meanwhile, what outlives the first process of strace's log is ended."""
    is_over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(log, is_over), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def _watch(log: Path, is_over: threading.Event) -> None:
    seen: list[int] = []
    strace: int | None = None
    while not is_over.wait(_PAUSE_SECONDS):
        if strace is None:
            # The first one may be gone already: what it started is followed by the same.
            seen = _processes(log)
            strace = next(filter(None, (_field(process, "TracerPid") for process in seen)), None)
        if strace is not None and _field(seen[0], "PPid") != strace:
            _end(strace, is_over)
            return


def _end(strace: int, is_over: threading.Event) -> None:
    for number, grace in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
        # What ends by itself at the same time does so in a moment.
        if is_over.wait(grace / 4):
            return
        for process in _followed_by(strace):
            with contextlib.suppress(OSError):
                os.kill(process, number)
        if is_over.wait(grace):
            return


def _processes(log: Path) -> list[int]:
    """The processes in a log, in the order in which they came."""
    try:
        with open_regular(log) as file:
            words = dict.fromkeys(line.split(b" ", 1)[0] for line in file)
    except OSError:
        return []
    return [int(word) for word in words if word.isdigit()]


def _followed_by(strace: int) -> list[int]:
    processes = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    return [process for process in processes if _field(process, "TracerPid") == strace]


def _field(process: int, name: str) -> int | None:
    """A number that the kernel tells of a process; None when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_bytes().split(b"\n")  # its name may hold all other ends of lines
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:".encode())), None)
