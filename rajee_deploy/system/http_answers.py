"""Answers over HTTP that look at the clock before each read.

botocore, requests and docker-py all stand on http.client, whose connections make every answer (a proxy's to CONNECT,
too) of one class, `response_class`. So this class holds all of them to the clock that is open (see `http_limits`);
where none is, it is http.client's own. What one read, one handshake of TLS and one write may take, the socket's own
time-out says: CPython counts that over the whole of each.
"""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, Any

from rajee_deploy.system.http_limits import open_clock

if TYPE_CHECKING:
    import socket

    from rajee_deploy.system.http_limits import Clock

_REDIRECTS = range(300, 400)


def watch() -> None:
    """From now on every answer that this process reads looks at its thread's clock."""
    http.client.HTTPConnection.response_class = WatchedResponse


class WatchedResponse(http.client.HTTPResponse):
    """http.client's, reading by the clock that was open when it was made."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        clock = open_clock()
        self._is_watched = clock is not None
        super().__init__(sock if clock is None else _Watched(sock, clock), *arguments, **named)  # type: ignore[arg-type] # all that it asks of one is makefile

    def begin(self) -> None:
        """Read the head."""
        super().begin()
        # Nobody wants a redirect's body, but requests reads it, and would unpack it whatever it grows to.
        if self._is_watched and self.status in _REDIRECTS:
            del self.headers["Content-Encoding"]


class _Watched:
    """A socket, as far as a response needs it."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self._sock, self._clock = sock, clock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._clock))


class _Incoming(io.RawIOBase):
    """What comes, while there is time for it."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self._sock, self._clock = sock, clock
        self._raw = sock.makefile("rb", buffering=0)
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        left, patience = self._clock.left(), self._sock.gettimeout()
        is_last = patience is None or left <= patience
        if is_last:
            self._sock.settimeout(left)
        try:
            count = self._raw.readinto(buffer) or 0  # it never is None: no socket here is asked without waiting
        except TimeoutError:
            if is_last:
                raise self._clock.over() from None
            raise
        finally:
            if is_last:
                self._sock.settimeout(patience)
        self._received += count
        self._clock.count(count, self._received)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
