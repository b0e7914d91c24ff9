"""HTTPS before a server of HTTP: an address for each service, as AWS has it, and a certificate of a test's own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES = ("STS", "CLOUDFORMATION", "ECR", "ECS")


@contextlib.contextmanager
def https(url: str, place: Path) -> Iterator[dict[str, str]]:
    """The variables that make AWS's clients speak TLS to what answers at `url`, on one address for each service."""
    key, certificate = place / "front-key.pem", place / "front.pem"
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(new, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    behind = (urlsplit(url).hostname, urlsplit(url).port)
    variables = {"AWS_CA_BUNDLE": str(certificate)}
    with contextlib.ExitStack() as listeners:
        for service in SERVICES:
            listener = listeners.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            threading.Thread(target=_accept, args=(listener, context, behind), daemon=True).start()
            variables[f"AWS_ENDPOINT_URL_{service}"] = f"https://localhost:{listener.getsockname()[1]}"
        yield variables


def _accept(listener: socket.socket, context: ssl.SSLContext, behind) -> None:
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=_serve, args=(listener.accept()[0], context, behind), daemon=True).start()


def _serve(accepted: socket.socket, context: ssl.SSLContext, behind) -> None:
    with (
        contextlib.suppress(OSError),
        context.wrap_socket(accepted, server_side=True) as client,
        socket.create_connection(behind) as server,
    ):
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        _pump(server, client)
        client.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
