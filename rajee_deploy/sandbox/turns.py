"""Requests to moto go in turn: whoever holds the turn works on moto's data, all others wait.

Moto's data are plain dictionaries and lists, and a stack's resources are made when somebody looks at them first: two
requests at once made a subnet twice. This room is the lock alone; it knows neither moto nor HTTP.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turns:
    """A lock that its holder may take again, and lend while waiting for somebody who may need it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for the turn and hold it; whoever holds it already goes on."""
        if self.held:
            yield
            return
        with self._lock:
            self._thread.held = True
            try:
                yield
            finally:
                self._thread.held = False

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Give the turn away and wait for it again at the end. Nothing happens when this thread does not hold it.

        For waiting on what may ask this very server: a request that moto makes, a container that it runs.
        """
        if not self.held:
            yield
            return
        self._thread.held = False
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self._thread.held = True

    @property
    def held(self) -> bool:
        """Whether this thread holds the turn."""
        return bool(getattr(self._thread, "held", False))


MOTO = Turns()
"""The one turn of this process: moto's data are global, and so is what guards them."""
