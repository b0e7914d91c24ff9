"""What happens in a run, one JSON document a line, as it happens: for programs that follow it (`--events`).

Owns the stream, and nothing of what is told: `actions.events` says that. Each line is `rajee-deploy.event/1`, written
in one piece and at once. Secrets are left out. Whatever becomes of who reads: the run goes on.
"""

from __future__ import annotations

import errno
import json
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.began import process_began
from rajee_deploy.console import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "rajee-deploy.event/1"
# The reader has enough.
_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN)


class Events:
    """A stream of events; one that nobody asked for (the default) takes all and keeps none. `seconds` tells how long
    the run has been going on."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write
        self._one = threading.Lock()
        began = process_began()
        self.seconds: Callable[[], float] = lambda: time.perf_counter() - began
        self.problem = ""  # why it ended before the run; "" where its reader just went away

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody listens: what is dear to say is not even made otherwise."""
        return self._write is not None

    def tell(self, event: str, **fields: Any) -> None:
        """One event, with its moment."""
        with self._one:
            write = self._write
            if write is None:
                return
            document = {
                "schema": SCHEMA,
                "event": event,
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "seconds": round(self.seconds(), 3),
                **fields,
            }
            try:
                write(json.dumps(without_secrets(document)) + "\n")
            except OSError as error:
                self._write = None
                self.problem = "" if error.errno in _GONE else error.strerror or str(error)
