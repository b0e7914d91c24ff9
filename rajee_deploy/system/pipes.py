"""What comes out of a program's pipes, for as long as the program lives.

A pipe ends when its last writer does. That need not be the program that we started: it may leave a daemon behind, which
holds the pipe for days. So a pipe here ends with the program, too. Starts nothing, and decides nothing.
"""

from __future__ import annotations

import fcntl
import io
import os
import select
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LINE = 1 << 24  # characters; what is longer comes in pieces, so no program fills our memory with one line
_AT_ONCE = 1 << 16  # bytes
_LOOK_SECONDS = 0.1
_LAST_WORDS_SECONDS = 2.0  # for what the program's own children still say when it has ended


class Pipe(io.RawIOBase):
    """A pipe's reading end. It ends with the pipe, or soon after `has_ended` says that the program did: once nothing
    comes any more, or after two seconds, whatever still comes. It does not own the descriptor."""

    def __init__(self, descriptor: int, has_ended: Callable[[], bool]) -> None:
        self._descriptor = descriptor
        self._has_ended = has_ended
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._deadline: float | None = None
        self._owed = 0  # bytes of the program's own, once it has ended

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            comes = self._poll.poll(_LOOK_SECONDS * 1000)
            if self._has_ended() and self._is_over(bool(comes)):
                return 0
            if comes:
                read = os.readv(self._descriptor, [buffer])
                self._owed -= read
                return read

    def _is_over(self, comes: bool) -> bool:  # noqa: FBT001 -- private, and named where it is made
        """Of a program that has ended. What it said itself is in the pipe by now, and is read however long we take."""
        if self._deadline is None:
            self._deadline = time.monotonic() + _LAST_WORDS_SECONDS
            self._owed = int.from_bytes(fcntl.ioctl(self._descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
        return self._owed <= 0 and (not comes or time.monotonic() > self._deadline)

    def readable(self) -> bool:
        return True


def data_from(pipe: Pipe) -> io.BufferedReader:
    """What is said, as bytes."""
    return io.BufferedReader(pipe, _AT_ONCE)


def lines_from(pipe: Pipe) -> Iterator[str]:
    """What is said, line by line and without their ends, as soon as it is."""
    with io.TextIOWrapper(data_from(pipe), "utf-8", "replace") as text:
        while line := text.readline(LONGEST_LINE):
            yield line.rstrip("\r\n")
