"""A response of ECR that is cut off at any byte says nothing: never "absent", never "present" unless it is whole."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import ImagePresent
from rajee_deploy.model import Digest
from rajee_deploy.registry.ecr import Ecr

DIGEST = "sha256:" + "a" * 64
BODY = json.dumps(
    {"imageDetails": [{"registryId": "1", "repositoryName": "team/app", "imageDigest": DIGEST, "imageTags": ["c-1"]}]}
).encode()


class CuttingServer(http.server.ThreadingHTTPServer):
    """Sends BODY, but only its first `cut` bytes, though the header promises all of them."""

    cut = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: self.server.cut])
        self.close_connection = True

    def log_message(self, *_arguments) -> None:
        pass


@pytest.fixture
def server():
    with CuttingServer(("127.0.0.1", 0), _Handler) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_every_offset(server, monkeypatch):
    for name, value in {
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
        "ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    ecr = Ecr(Aws(region="us-east-1"))
    for cut in range(len(BODY)):
        server.cut = cut
        with pytest.raises(DeployError) as caught:
            ecr.find_image("team/app", "c-1")
        assert caught.value.code in {"unknown-answer", "aws-unreachable"}, cut
    server.cut = len(BODY)
    assert ecr.find_image("team/app", "c-1") == ImagePresent(Digest.parse(DIGEST))
