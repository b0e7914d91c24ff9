"""Images to put into registries, a server that plays ECR and fails as told, and a sandbox."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from registry_images import Image, Reply, digest_of
from sandboxes import running_sandbox

from rajee_deploy.aws import Aws
from rajee_deploy.model.repository import Repository
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.known_images import KnownImages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Script:
    """Replies by operation; a list is used up, its last reply stays. `asked` are operations and their arguments."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    def answer(self, operation: str, *replies: Reply) -> None:
        self.replies[operation] = list(replies)

    def next(self, operation: str, arguments: dict[str, Any]) -> Reply:
        self.asked.append((operation, arguments))
        queue = self.replies[operation]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def calls(self) -> list[str]:
        return [operation for operation, _ in self.asked]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        arguments = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(self.server.script.next(self.headers["X-Amz-Target"].split(".")[1], arguments))

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        reply = self.server.script.next("GET", {"path": self.path})
        cut = int(asked["cut"][0]) if "cut" in asked else reply.cut
        self._send(Reply(reply.data, reply.status, cut, reply.hangs_up))

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.hangs_up:
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(reply.data)))
        self.end_headers()
        self.wfile.write(reply.data if reply.cut is None else reply.data[: reply.cut])

    def log_message(self, *_arguments: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200
    script: Script


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """A server that AWS's clients take for AWS."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.script = Script(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        _use(monkeypatch, server.script.url)
        yield server.script
        server.shutdown()
        thread.join()


def _use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "ENDPOINT_URL": url}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def known_images(tmp_path: Path) -> KnownImages:
    return KnownImages(tmp_path / "verdicts.json")


@pytest.fixture(params=["short", "boto3"])
def way(request: pytest.FixtureRequest) -> str:
    """The path that calls take: boto3 alone, or the short one before it."""
    return str(request.param)


@pytest.fixture
def ecr(script: Script, known_images: KnownImages, way: str, monkeypatch: pytest.MonkeyPatch) -> Ecr:
    """The adapter, before the scripted server."""
    assert script
    if way == "boto3":
        monkeypatch.setenv("AWS_DEFAULTS_MODE", "legacy")  # boto3's default, but more than the short path knows
    return Ecr(Aws(region="us-east-1"), known_images)


# -- a sandbox -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a sandbox of this folder's own."""
    with running_sandbox(tmp_path_factory.mktemp("state")) as state:
        yield state.port


@dataclass
class Seed:
    """Puts images into one repository of the sandbox, the way engines do."""

    port: int
    aws: Aws
    repository: Repository = field(default_factory=lambda: Repository(f"n{uuid.uuid4().hex[:12]}"))

    def create(self, *excluded: str, mutability: str = "IMMUTABLE_WITH_EXCLUSION") -> None:
        filters = [{"filterType": "WILDCARD", "filter": each} for each in excluded]
        more = {"imageTagMutabilityExclusionFilters": filters} if filters else {}
        self.aws.client("ecr").create_repository(
            repositoryName=self.repository.name, imageTagMutability=mutability, **more
        )

    def put(self, tag: str, image: Image) -> None:
        self.blob(image.configuration)
        assert self.call("PUT", f"manifests/{tag}", image.manifest.encode(), image.media_type) == 201

    def blob(self, data: bytes) -> None:
        assert self.call("POST", f"blobs/uploads/?digest={digest_of(data)}", data, "application/octet-stream") == 201

    def call(self, method: str, path: str, body: bytes, media_type: str) -> int:
        token = self.aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Authorization": f"Basic {token}", "Content-Type": media_type}
            connection.request(method, f"/v2/{self.repository.name}/{path}", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def seed(sandbox: int, monkeypatch: pytest.MonkeyPatch) -> Seed:
    _use(monkeypatch, f"http://127.0.0.1:{sandbox}")
    return Seed(sandbox, Aws(region="us-east-1"))


@pytest.fixture
def sandbox_aws(sandbox: int, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The sandbox's AWS."""
    _use(monkeypatch, f"http://127.0.0.1:{sandbox}")
    return Aws(region="us-east-1")


@pytest.fixture(params=["IMMUTABLE", "MUTABLE"])
def repository(request: pytest.FixtureRequest, sandbox_aws: Aws) -> str:
    """A new repository of the sandbox, of either kind."""
    name = f"team/{uuid.uuid4().hex[:12]}"
    sandbox_aws.client("ecr").create_repository(repositoryName=name, imageTagMutability=request.param)
    return name
