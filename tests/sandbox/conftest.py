"""One corrected sandbox and one plain moto for all tests of the room; names are new in each test, so they share."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from sandboxes import running_sandbox
from session import ending_with_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.sandbox.state import SandboxState


@dataclass(frozen=True)
class Cloud:
    """An emulated AWS on a port, and a name that nobody has used there."""

    port: int
    name: str

    def client(self, service: str, region: str = "us-east-1") -> Any:
        return _client(self.port, service, region)


@cache
def _client(port: int, service: str, region: str) -> Any:
    import boto3
    from botocore.config import Config

    # No retries: an answer 500 is an observation here, not an accident.
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def client_of() -> Any:
    """A client of a service on a port of this machine."""

    def client_of(port: int, service: str) -> Any:
        return _client(port, service, "us-east-1")

    return client_of


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    with running_sandbox(tmp_path_factory.mktemp("state")) as state:
        yield state


@pytest.fixture(scope="session")
def plain_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    argv = ending_with_us(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port, server)
            yield port
        finally:
            server.terminate()


@pytest.fixture
def cloud(running: SandboxState) -> Cloud:
    """The sandbox."""
    return Cloud(running.port, f"n{uuid.uuid4().hex[:12]}")


@pytest.fixture
def plain(plain_port: int) -> Cloud:
    """Moto as it comes."""
    return Cloud(plain_port, f"n{uuid.uuid4().hex[:12]}")


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/moto-api/")
            connection.getresponse().read()
        except OSError:
            assert server.poll() is None, "plain moto did not start"
            assert time.monotonic() < deadline, "plain moto did not answer"
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()


@dataclass(frozen=True)
class Registry:
    """A raw client of the image registry, logged in unless told otherwise, working in one repository."""

    port: int
    repository: str
    token: str

    def call(self, method: str, path: str, body: Any = None, /, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body; `path` under the repository when it does not begin with a slash. A body that is
        neither bytes nor None is sent with Transfer-Encoding: chunked."""
        path = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        sent = {"Authorization": f"Basic {self.token}"} if self.token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method, path, body, sent, encode_chunked=body is not None and not isinstance(body, bytes)
            )
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def refused(self, *arguments: Any, **headers: str) -> tuple[int, str]:
        """Status and the code of the protocol's error document."""
        status, _, body = self.call(*arguments, **headers)
        return status, json.loads(body)["errors"][0]["code"]

    def push_blob(self, content: bytes) -> str:
        digest = digest_of(content)
        assert self.call("POST", f"blobs/uploads/?digest={digest}", content)[0] == 201
        return digest

    def push_image(self, tag: str, content: str = "a") -> str:
        """Push a tiny image; returns the digest that the registry answered."""
        layer, config = self.push_blob(content.encode()), self.push_blob(b"{}")
        body = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
                "layers": [
                    {
                        "mediaType": "application/vnd.oci.image.layer.v1.tar",
                        "digest": layer,
                        "size": len(content),
                    }
                ],
            }
        ).encode()
        status, headers, _ = self.call("PUT", f"manifests/{tag}", body, Content_Type=OCI_MANIFEST)
        assert status == 201
        return str(headers["Docker-Content-Digest"])


OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def registry(cloud: Cloud) -> Registry:
    """A client of the sandbox's registry, in a repository of its own whose tags are immutable but for `live-*`."""
    ecr = cloud.client("ecr")
    ecr.create_repository(
        repositoryName=cloud.name,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "live-*"}],
    )
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return Registry(cloud.port, cloud.name, token)
