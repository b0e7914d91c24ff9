"""The sandbox's server: moto's control plane and the image registry behind one port, on loopback only.

Everything under /v2/ that is not signed by an AWS client is the registry's; /rajee-sandbox/state tells who answers;
the rest is moto's, one request at a time (`turns`). This room never leaves loopback: whoever reaches the port is
admitted by moto with any keys, so that pages in a browser are kept out (`callers`).
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import warnings
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from rajee_deploy.sandbox import corrections, images
from rajee_deploy.sandbox.blobs import BlobStore
from rajee_deploy.sandbox.callers import refusal
from rajee_deploy.sandbox.in_turn import InTurn
from rajee_deploy.sandbox.registry_api import RegistryApi
from rajee_deploy.sandbox.state import STATE_PATH
from rajee_deploy.sandbox.turns import MOTO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

HOST = "127.0.0.1"
_BIND_ATTEMPTS = 20


class _Handler(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """What is no HTTP, such as a TLS greeting, is answered with a status line, as Go's servers do.

    BuildKit tries HTTPS first wherever containerd's image store is on (new engines have it), and plain HTTP only when
    `HTTP/` comes back; Python would take the greeting for HTTP/0.9, which has no status line.
    """

    default_request_version = "HTTP/1.0"


class Router:
    """The WSGI application of the whole sandbox."""

    def __init__(self, aws: Any, registry: Any, repositories: Callable[[], list[str]]) -> None:
        self._aws = aws
        self._registry = registry
        self._repositories = repositories

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        answer: Iterable[bytes]
        is_registry = _is_registry(path, environ.get("HTTP_AUTHORIZATION", ""))
        why = refusal(environ, is_registry=is_registry)
        if why:
            answer = Response(f"{why}\n", 403, content_type="text/plain")(environ, start_response)
        elif path == STATE_PATH:
            answer = self._state()(environ, start_response)
        elif is_registry:
            answer = self._registry(environ, start_response)
        else:
            answer = self._aws(environ, start_response)
        return answer

    def _state(self) -> Any:
        body = json.dumps({"pid": os.getpid(), "repositories": self._repositories()})
        return Response(body, content_type="application/json")


def serve(port: int, folder: Path, password: str, ready: Callable[[int], None], registry_port: int = 0) -> None:
    """Serve until the process is told to end. `port` 0 takes a free one; `ready` gets the port once it answers.

    `folder` takes the blobs. `registry_port` is what repositories' addresses say, where a proxy stands before the
    registry (0: no proxy does). OSError when the port is taken.
    """
    sockets = listen(port)
    port = sockets[0].getsockname()[1]
    application = compose(registry_port or port, folder, password)
    servers = [_server(each, port, application) for each in sockets]
    for extra in servers[1:]:
        threading.Thread(target=extra.serve_forever, daemon=True).start()
    ready(port)
    servers[0].serve_forever()


def compose(port: int, folder: Path, password: str) -> Router:
    """The application, whose registry clients reach at `port`. Corrects moto for this whole process."""
    corrections.apply(port=port, password=password)
    # Both say, at every deploy, that a resource type is not emulated: known, and nothing to act on.
    warnings.filterwarnings("ignore", message=".*not supported by moto's CloudFormation")
    logging.getLogger("moto").setLevel(logging.ERROR)
    # A line per request helps nobody, and neither does one per TLS greeting: engines try HTTPS first.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    logging.getLogger("werkzeug").addFilter(lambda record: ", message Bad " not in record.getMessage())
    aws = InTurn(DomainDispatcherApplication(create_backend_app), MOTO)
    return Router(aws, RegistryApi(BlobStore(folder), password), images.all_repositories)


def listen(port: int) -> list[socket.socket]:
    """Listening sockets on 127.0.0.1 and, where the machine has it, on ::1 with the same port: `localhost` may mean
    either, and not every client tries both."""
    for _ in range(_BIND_ATTEMPTS):
        first = socket.create_server((HOST, port))
        try:
            return [first, *_listen_v6(first.getsockname()[1])]
        except OSError:
            first.close()
            if port:
                raise
    raise OSError("no port is free on both 127.0.0.1 and ::1")


def _listen_v6(port: int) -> list[socket.socket]:
    try:
        probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        return []  # this machine has no IPv6 loopback
    probe.close()
    return [socket.create_server(("::1", port), family=socket.AF_INET6)]


def _server(listening: socket.socket, port: int, application: Router) -> Any:
    host = listening.getsockname()[0]
    server = make_server(host, port, application, threaded=True, request_handler=_Handler, fd=listening.detach())
    server.daemon_threads = True
    return server


def _is_registry(path: str, authorization: str) -> bool:
    """SES and others have AWS paths under /v2/ too, but an AWS client signs its requests."""
    return (path == "/v2" or path.startswith("/v2/")) and not authorization.startswith("AWS4-")
