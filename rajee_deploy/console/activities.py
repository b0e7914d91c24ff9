"""What goes on right now, thread by thread: what the moving lines of a terminal show, and a log's heartbeat says.

Values and their bookkeeping; it shows nothing.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Below = tuple[tuple[str, str], ...]  # names, each with what is said of it; "" for what goes on with the former


@dataclass(slots=True)
class Activity:
    """One piece of work that goes on: its name, what it is busy with, and since when. A step of a plan has a verb and a
    subject, which make its name."""

    name: str
    text: str = ""
    began: float = field(default_factory=time.monotonic)
    verb: str = ""
    subject: str = ""
    usual: str = ""  # how long it takes as a rule


@dataclass(frozen=True, slots=True)
class ThreadActivity:
    """What a thread is at: the piece of work that people know, and what it is busy with."""

    activity: Activity
    text: str


class Activities:
    """All that goes on. Pieces of one thread nest."""

    def __init__(self) -> None:
        self._by_thread: dict[int, list[Activity]] = {}
        self._below: Below = ()
        self._change = threading.Lock()  # of what is kept here: held for moments, and by whoever shows it, too
        self._coming_and_going = threading.RLock()
        self.names: tuple[str, ...] = ()  # of the steps of the plan: they share a column

    @contextmanager
    def during(self, activity: Activity, on_first: Callable[[], None], on_last: Callable[[], None]) -> Iterator[None]:
        """This thread is at it. `on_first` and `on_last` are called where nothing else goes on; in the order in which
        that comes and goes, and never while somebody who shows it would have to wait for us."""
        me = threading.get_ident()
        try:  # an interrupt may come at any moment
            with self._coming_and_going:
                with self._change:
                    is_first = not self._by_thread
                    self._by_thread.setdefault(me, []).append(activity)
                if is_first:
                    on_first()
            yield
        finally:
            with self._coming_and_going:
                if self._is_last(me, activity):
                    on_last()

    def _is_last(self, me: int, activity: Activity) -> bool:
        """Whether nothing goes on once this thread is not at it any more."""
        with self._change:
            mine = self._by_thread.get(me, [])
            mine[:] = [each for each in mine if each is not activity]
            if not mine:
                self._by_thread.pop(me, None)
                self._below = ()
            return not self._by_thread

    def note(self, text: str) -> bool:
        """What this thread's work is busy with right now. Whether it is at any."""
        mine = self._by_thread.get(threading.get_ident())
        if mine:
            mine[-1].text = text
        return bool(mine)

    def show_below(self, lines: Sequence[tuple[str, str]]) -> None:
        """What is seen of the work that goes on, by whichever thread, until something else is."""
        with self._change:
            if self._by_thread:  # else it comes too late
                self._below = tuple(lines)

    def sights(self) -> list[ThreadActivity]:
        """What goes on, one for each thread, in the order in which they began."""
        with self._change:
            return [_sight(each) for each in self._by_thread.values()]

    def below(self) -> Below:
        """What is said below them."""
        return self._below


def _sight(nested: Sequence[Activity]) -> ThreadActivity:
    known = next((each for each in nested if each.verb), nested[0])
    inner = nested[-1]
    return ThreadActivity(known, inner.text or (inner.name if inner is not known else known.text))
