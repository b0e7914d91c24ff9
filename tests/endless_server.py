"""A server whose answers never end: a byte now and then, or without a pause, in every part that an answer has."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

PAUSE = 0.01
_GIVES_UP = 20.0  # seconds, when nobody holds it to a limit


class Endless(NamedTuple):
    """An answer: how it begins, and what then comes again and again. `is_fast` without a pause."""

    begin: bytes
    again: bytes
    is_fast: bool = False


_OK = b"HTTP/1.1 200 OK\r\n"
_AWAY = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n"
_MUCH = b"x" * (1 << 14)
TRICKLES = {
    "the status trickles": Endless(b"", b"H"),
    "a header trickles": Endless(_OK + b"X-A: ", b"a"),
    "headers trickle": Endless(_OK, b"X-A: a\r\n"),
    "continues trickle": Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body trickles": Endless(_OK + b"Content-Length: 100000000\r\n\r\n", b" "),
    "a body without length trickles": Endless(_OK + b"\r\n", b" "),
    "chunks trickle": Endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the size of a chunk trickles": Endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a"),
    "trailers trickle": Endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n", b"X-A: a\r\n"),
    "a redirect's body trickles": Endless(_AWAY + b"Content-Length: 100000000\r\n\r\n", b" "),
    "an error's body trickles": Endless(b"HTTP/1.1 404 No\r\nContent-Length: 100000000\r\n\r\n", b" "),
}
FLOODS = {
    "an endless body": Endless(_OK + b"\r\n", _MUCH, is_fast=True),
    "endless chunks": Endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + _MUCH + b"\r\n", is_fast=True),
    "endless continues": Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, is_fast=True),
    "an endless redirect": Endless(_AWAY + b"Content-Length: 100000000\r\n\r\n", _MUCH, is_fast=True),
}


class Slow:
    """The server. `first` are whole answers that come before the endless one, to one request each. `was_left` is set
    when the other side has gone before the answer ended."""

    def __init__(self, endless: Endless, first: tuple[bytes, ...] = (), tls: ssl.SSLContext | None = None) -> None:
        self.first = list(first)
        self.was_left = threading.Event()
        self.address = ""  # host:port
        self._endless = endless
        self._tls = tls
        self._ended = threading.Event()

    @contextmanager
    def listening(self, path: Path | None = None) -> Iterator[Slow]:
        """Over TCP, or at the path of a socket."""
        listener = socket.socket(socket.AF_UNIX) if path else socket.create_server(("127.0.0.1", 0))
        with listener:
            if path:
                listener.bind(str(path))
                listener.listen()
            else:
                self.address = f"127.0.0.1:{listener.getsockname()[1]}"
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
            try:
                yield self
            finally:
                self._ended.set()
                listener.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(listener.accept()[0],), daemon=True).start()

    def _talk(self, accepted: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted as connection:
                while _has_asked(connection):
                    if not self.first:
                        self._answer(connection)
                        return
                    connection.sendall(self.first.pop(0))
        except OSError:
            self.was_left.set()

    def _answer(self, connection: socket.socket) -> None:
        connection.sendall(self._endless.begin)
        until = time.monotonic() + _GIVES_UP
        while time.monotonic() < until and not self._ended.is_set():
            connection.sendall(self._endless.again)
            if not self._endless.is_fast:
                time.sleep(PAUSE)


def make_certificate(folder: Path) -> Path:
    """Of 127.0.0.1, with its key in the same file; nobody trusts it."""
    made = folder / "both.pem"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    named = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made), "-out", "-"]
    done = subprocess.run([*new, *named], check=True, capture_output=True)
    with made.open("ab") as file:
        file.write(done.stdout)
    return made


def _has_asked(connection: socket.socket) -> bool:
    """Reads one request; what is sent with it stays, for nobody here is told anything by it."""
    head = b""
    while b"\r\n\r\n" not in head:
        read = connection.recv(1 << 16)
        if not read:
            return False
        head += read
    return True
