"""How long an answer over HTTP may take, and how large it may be: one clock and one count for the whole of it.

A socket's time-out counts anew with each byte, so a server that sends one now and then is never too slow for it, and
one that sends for ever never ends. Here the clock runs from the moment when an answer is waited for until it is read,
with its headers, the bodies of redirects, what a proxy says before, and what a token server says in between. The
limits of whole answers stand here and nowhere else; how long one connect or one read may take, each client says.
Reads nothing itself: `http_answers` does.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Limit:
    """What is waited for: `seconds` for all, also where it is asked again or redirected; `size` bytes, as they travel,
    of each answer on the way; and, of what may be long, at least `least` bytes in each `every` seconds."""

    seconds: float
    size: int
    every: float = inf
    least: int = 1


AWS_ANSWER = Limit(60, 16 << 20)
REGISTRY_ANSWER = Limit(120, 64 << 20)  # above the largest document that is asked for; each has its own bound, too
DOWNLOAD = Limit(3600, 16 << 30, every=60, least=256 << 10)  # what ADD names: read once, by `lock`, and never held
LOCAL_ANSWER = Limit(20, 16 << 20)  # of an engine and a sandbox on this machine


class OverError(BaseException):
    """A limit was passed. Like what cancels a task it is no Exception, so that no library takes it for a fault of the
    network and asks again; `within` turns it into one."""


class Clock:
    """One answer's time and bytes. It starts with the first question for what is left."""

    def __init__(self, limit: Limit, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._now = now
        self._began: float | None = None
        self._received = 0

    def left(self) -> float:
        """The seconds that are left, above 0. OverError."""
        now = self._now()
        if self._began is None:
            self._began = now
        left = self._began + self._allowed() - now
        if left <= 0:
            raise self.over()
        return left

    def count(self, received: int, of_this: int) -> None:
        """Bytes that came now, and of this answer so far. OverError."""
        self._received += received
        if of_this > self.limit.size:
            raise OverError(f"its answer is longer than {self.limit.size:,} bytes")

    def over(self) -> OverError:
        """The error for an answer that took too long."""
        if self._allowed() < self.limit.seconds:
            return OverError(f"fewer than {self.limit.least:,} bytes came within {self.limit.every:g} s")
        return OverError(f"its answer had not ended after {self.limit.seconds:g} s; {self._received:,} bytes had come")

    def _allowed(self) -> float:
        return min(self.limit.seconds, self.limit.every * (1 + self._received // self.limit.least))


class _Open(threading.local):
    """The clock that runs for what this thread asks."""

    clock: Clock | None = None


_open = _Open()


def open_clock() -> Clock | None:
    """The innermost clock of this thread."""
    return _open.clock


@contextmanager
def within(limit: Limit, error: Callable[[str], Exception]) -> Iterator[None]:
    """Hold what is asked inside, and read inside, to a limit, whichever library asks. `error` makes what is raised past
    it, of a sentence that says why."""
    from rajee_deploy.system.http_answers import watch

    watch()
    before, _open.clock = _open.clock, Clock(limit)
    try:
        yield
    except OverError as over:
        raise error(str(over)) from None
    finally:
        _open.clock = before
