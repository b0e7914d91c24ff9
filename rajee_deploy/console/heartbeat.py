"""A line now and then for logs, while nothing else would be said: CI systems end jobs that are silent for long.

Owns the one thread that says it, which lives as long as anything is waited for. It never decides what is waited for.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 45.0  # so that two lines are never a minute apart
QUIET_SECONDS = 240.0  # where little is to be said: less than any CI system's patience, which ends at ten minutes or so


@dataclass(slots=True)
class Work:
    """One piece of work that goes on: its name, what it is busy with, and since when."""

    name: str
    text: str = ""
    began: float = field(default_factory=time.monotonic)


class Heartbeat:
    """Says by `say` what goes on, each time that so many seconds have passed."""

    def __init__(self, say: Callable[[str], None], seconds: float = SECONDS) -> None:
        self._say = say
        self._seconds = seconds
        self._going_on: dict[int, list[Work]] = {}  # by thread; the innermost is the last
        self._change = threading.Lock()
        self._done: threading.Event | None = None  # of the thread that lives now

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """This thread is at work of that name."""
        me = threading.get_ident()
        with self._change:
            self._going_on.setdefault(me, []).append(Work(name))
            if self._done is None:
                self._begin()
        try:
            yield
        finally:
            with self._change:
                self._going_on[me].pop()
                if not self._going_on[me]:
                    del self._going_on[me]
                if not self._going_on and self._done is not None:
                    self._done.set()
                    self._done = None

    def note(self, text: str) -> None:
        """What this thread's work is busy with right now."""
        works = self._going_on.get(threading.get_ident())
        if works:
            works[-1].text = text

    def lines(self, now: float) -> list[str]:
        """What goes on, a line for each thread's innermost work."""
        with self._change:
            works = [each[-1] for each in self._going_on.values()]
        return [line_of(work, now) for work in works]

    def _begin(self) -> None:
        self._done = threading.Event()
        with suppress(RuntimeError):  # the machine starts no more threads: then it is silent, and goes on
            threading.Thread(target=self._beat, args=(self._done,), name="heartbeat", daemon=True).start()

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(self._seconds):
            for line in self.lines(time.monotonic()):
                self._say(line)


def line_of(work: Work, now: float) -> str:
    """One line: what, for how long, and what it is busy with."""
    minutes, seconds = divmod(int(now - work.began), 60)
    since = f"{minutes}m {seconds:02d}s" if minutes else f"{seconds}s"
    return f"… {work.name}: still going on after {since}{': ' if work.text else ''}{work.text}"
