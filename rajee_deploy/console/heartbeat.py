"""A line now and then for logs, while nothing else would be said: CI systems end jobs that are silent for long.

Owns the one thread that says it, which lives as long as anything goes on. It never decides what goes on.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.text.durations import in_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.console.activities import Activities, Below, ThreadActivity

SECONDS = 45.0  # so that two lines are never a minute apart
_MOMENT = 1.0
QUIET_SECONDS = 240.0  # where little is to be said: less than any CI system's patience, which ends at ten minutes or so


class Heartbeat:
    """Says by `say` what goes on, each time that nothing was said for so many seconds; `said_at` tells when anything
    was, on the monotonic clock. What goes on may be another piece of work by then: a log hears no more of each of many
    short ones."""

    def __init__(
        self,
        activities: Activities,
        say: Callable[[str], None],
        said_at: Callable[[], float],
        seconds: float = SECONDS,
    ) -> None:
        self._activities = activities
        self._say = say
        self._said_at = said_at
        self._seconds = seconds
        self._done: threading.Event | None = None  # of the thread that lives now

    def start(self) -> None:
        """From now on, as long as something goes on."""
        self._done = threading.Event()
        with suppress(RuntimeError):  # the machine starts no more threads: then it is silent, and goes on
            threading.Thread(target=self._beat, args=(self._done,), name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """No more."""
        if self._done is not None:
            self._done.set()
            self._done = None

    def lines(self, now: float) -> list[str]:
        """What goes on, a line for each thread's work."""
        below = self._activities.below()
        return [line_of(sight, below, now) for sight in self._activities.sights()]

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(self.left(time.monotonic())):
            now = time.monotonic()
            if self._said_at() + self._seconds <= now:
                for line in self.lines(now):
                    self._say(line)

    def left(self, now: float) -> float:
        """The seconds until something is to be said, if nothing is meanwhile; a moment at least, for what has only just
        begun may be over."""
        return max(self._said_at() + self._seconds - now, min(_MOMENT, self._seconds))


def line_of(sight: ThreadActivity, below: Below, now: float) -> str:
    """One line: what, for how long, and what it is busy with; of a step that is watched, what is seen of it."""
    one = sight.activity
    usual = f", {one.usual}" if one.usual else ""
    seen = "; ".join(" ".join(filter(None, each)) for each in below) if one.verb else ""
    doing = seen or sight.text
    return f"… {one.name}: still going on after {in_seconds(now - one.began)}{usual}{': ' if doing else ''}{doing}"
