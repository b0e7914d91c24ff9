"""How long each phase of a run took. Durations come from a monotonic clock, so a clock step cannot bend them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.at_work import note
from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.durations import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


__all__ = ["Phase", "Timings", "duration"]


@dataclass(frozen=True, slots=True)
class Phase:
    """One named part of a run: when it began after the run's start, and how long it took, both in seconds."""

    name: str
    start: float
    seconds: float


class Timings:
    """Collects phases; they may nest or overlap. `began` is on the clock, and now where it is not given. Who wants to
    hear of them while they go on is told by `on_begin` and `on_end`."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter, began: float | None = None) -> None:
        self._clock = clock
        self._began = clock() if began is None else began
        self.phases: list[Phase] = []
        self.on_begin: Callable[[str], None] = lambda _name: None
        self.on_end: Callable[[str, float], None] = lambda _name, _seconds: None

    def mark(self, name: str) -> None:
        """All until now was this phase."""
        self.phases.append(Phase(name, 0.0, self.total))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a phase; it is kept also when it fails. What follows a phase of the same name goes on with it."""
        note(name)
        self.on_begin(name)
        start = self._clock()
        try:
            yield
        finally:
            seconds = self._clock() - start
            self.on_end(name, seconds)
            if self.phases and self.phases[-1].name == name:
                before = self.phases.pop()
                self.phases.append(Phase(name, before.start, before.seconds + seconds))
            else:
                self.phases.append(Phase(name, start - self._began, seconds))

    @property
    def total(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began
