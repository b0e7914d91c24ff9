"""A registry small enough to misbehave on purpose: logins of every kind, redirects, refusals, answers cut short."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER, PASSWORD, IDENTITY, TOKEN = "ann", "hunter2", "id-hunter2", "token-hunter2"
BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def digest_of(body: bytes) -> str:
    return f"sha256:{sha256(body).hexdigest()}"


@dataclass
class Faults:
    """What goes wrong. `statuses` are given out first, one to a request; `cut` is how much of a body is sent, by the
    last part of its path; `unnamed` leaves out the header with the digest, `lies` puts another in its place."""

    statuses: list[int] = field(default_factory=list)
    cut: dict[str, int] = field(default_factory=dict)
    unnamed: bool = False
    lies: str = ""
    redirect: str = ""  # where blobs are


class SmallRegistry:
    """`login` is what it asks for: "", "basic" or "bearer" (tokens for the user, or for anybody: "anonymous")."""

    def __init__(self, login: str = "") -> None:
        self.login = login
        self.faults = Faults()
        self.manifests: dict[str, tuple[bytes, str]] = {}
        self.blobs: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.credentials: set[str] = set()
        self.realm = ""
        self.port = 0

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def push(self, tag: str, config: dict, kind: str = OCI_MANIFEST) -> str:
        """An image of one platform; returns its digest."""
        body = json.dumps({"architecture": "amd64", "os": "linux", "config": config}).encode()
        self.blobs[digest_of(body)] = body
        part = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(body), "size": len(body)}
        return self.put(tag, {"schemaVersion": 2, "mediaType": kind, "config": part, "layers": []}, kind)

    def push_index(self, tag: str, manifests: dict[str, str], kind: str = OCI_INDEX) -> str:
        """An index of digests by platform, with an attestation as buildx adds them."""
        parts = []
        for platform, digest in {**manifests, "unknown/unknown": f"sha256:{0:064}"}.items():
            names = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
            parts.append({"mediaType": OCI_MANIFEST, "digest": digest, "size": 1, "platform": names})
        return self.put(tag, {"schemaVersion": 2, "mediaType": kind, "manifests": parts}, kind)

    def put(self, tag: str, document: object, kind: str) -> str:
        body = document if isinstance(document, bytes) else json.dumps(document, indent=1).encode() + b"\n"
        self.manifests[tag] = self.manifests[digest_of(body)] = (body, kind)
        return digest_of(body)

    @contextmanager
    def running(self):
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                registry.answer(self)

            do_HEAD = do_POST = do_GET  # noqa: N815 -- the names that http.server looks for

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        self.realm = self.realm or f"http://{self.host}/token"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    # -- answers ---------------------------------------------------------------------------------------------------

    def answer(self, request) -> None:
        path = urlsplit(request.path).path
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0)).decode()
        self.asked[f"{request.command} {path}"] += 1
        given = request.headers.get("Authorization", "")
        self.credentials |= {given} - {""}
        if self.faults.statuses:
            self._send(request, self.faults.statuses.pop(0), b"", {"Retry-After": "0"})
        elif path == "/token":
            self._token(request, given, parse_qs(body))
        elif not self._may(given):
            self._send(request, 401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', {"WWW-Authenticate": self._challenge()})
        else:
            self._content(request, path)

    def _may(self, given: str) -> bool:
        return given == {"": given, "basic": BASIC}.get(self.login, f"Bearer {TOKEN}")

    def _challenge(self) -> str:
        if self.login == "basic":
            return 'Basic realm="here"'
        return f'Bearer realm="{self.realm}",service="small, and odd",scope="repository:team/base:pull"'

    def _token(self, request, given: str, form: dict[str, list[str]]) -> None:
        asked = parse_qs(urlsplit(request.path).query) or form
        assert asked["service"] == ["small, and odd"]
        assert asked["scope"] == ["repository:team/base:pull"]
        right = given == BASIC or form.get("refresh_token") == [IDENTITY] or self.login == "anonymous"
        document = {"access_token" if form else "token": TOKEN} if right else {"errors": [{"code": "DENIED"}]}
        self._send(request, 200 if right else 401, json.dumps(document).encode())

    def _content(self, request, path: str) -> None:
        *_, kind, name = path.split("/")
        if kind == "manifests" and name in self.manifests:
            body, media_type = self.manifests[name]
            assert media_type in request.headers["Accept"]
            headers = {"Content-Type": media_type, "Docker-Content-Digest": self.faults.lies or digest_of(body)}
            if self.faults.unnamed:
                del headers["Docker-Content-Digest"]
            self._send(request, 200, body[: self.faults.cut.get(name, len(body))], headers)
        elif kind == "blobs" and self.faults.redirect:
            self._send(request, 307, b"", {"Location": f"{self.faults.redirect}{path}?signature=hunter2"})
        elif kind == "blobs" and name in self.blobs:
            body = self.blobs[name]
            self._send(request, 200, body[: self.faults.cut.get(name, len(body))])
        else:
            self._send(request, 404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}')

    @staticmethod
    def _send(request, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        request.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)
