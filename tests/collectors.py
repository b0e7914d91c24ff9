"""A collector that keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


class Sent(NamedTuple):
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Collector:
    """At `url`; `sent` is what came."""

    def __init__(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        self.sent: list[Sent] = []
        self.url = ""
        self._status, self._body = status, body
        self._headers = {"Content-Type": "application/json", **headers}

    @contextmanager
    def listening(self, tls: ssl.SSLContext | None = None) -> Iterator[Collector]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.sent.append(Sent(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(collector._status)
                for name, value in collector._headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(collector._body)))
                self.end_headers()
                self.wfile.write(collector._body)

            do_GET = do_POST  # noqa: N815 -- http.server's name; whoever follows a redirect may ask so

            def log_message(self, *_arguments):
                pass

        class Quiet(HTTPServer):
            def handle_error(self, *_arguments):
                pass  # whoever does not trust us leaves

        with Quiet(("127.0.0.1", 0), Handler) as server:
            if tls is not None:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            self.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
