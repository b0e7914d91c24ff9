"""A server that says exactly the bytes it was told to, over TCP or TLS, and settings of nobody."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ssl


@dataclass
class Raw:
    """Answers each request with the next of `replies` (whole responses; the last one stays). `hangs_up` closes the
    connection after each; `idles` only before the next request on it is answered."""

    replies: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    hangs_up: bool = False
    idles: bool = False
    tls: ssl.SSLContext | None = None
    url: str = ""

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(accepted,), daemon=True).start()

    def _talk(self, accepted: socket.socket) -> None:
        self.connections += 1
        try:
            connection = self.tls.wrap_socket(accepted, server_side=True) if self.tls else accepted
            with connection, connection.makefile("rb") as reader:
                while request := _request(reader):
                    self.requests.append(request)
                    connection.sendall(self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])
                    if self.hangs_up or self.idles:
                        return
        except OSError:
            accepted.close()


def _request(reader) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return b""
        head += line
    length = next((int(each[15:]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:")), 0)
    return head + reader.read(length)


@pytest.fixture
def raw():
    """The server; its `url` is over TCP until a test gives it certificates."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Raw(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """No settings of AWS from anywhere, no proxy, and a cache of its own."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws").mkdir()
    return tmp_path


@pytest.fixture
def keys(clean, raw, monkeypatch):
    """Keys in the environment, and the server as AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", raw.url)
    return clean
