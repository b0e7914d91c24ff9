"""What a registry's answers are taken for, byte by byte: a server that cuts, lies and leads elsewhere."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import threading
from dataclasses import dataclass, field

import pytest

from rajee_deploy.build_record.store import DOCUMENT_TYPE, Record, RegistryContents
from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.registry.labels import RegistryLabels
from rajee_deploy.registry.oci import MANIFEST_TYPE, OciRepository

TAG = "c-" + "a" * 40
DOCUMENT = b"\x1f\x8b a document of some length"
LOGIN = "Basic " + base64.b64encode(b"AWS:secret-token").decode()


def digest_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def manifest_of(data, media_type=DOCUMENT_TYPE, **changed):
    layer = {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **changed}
    return json.dumps({"mediaType": MANIFEST_TYPE, "layers": [layer], "annotations": {"a": "b"}}).encode()


MANIFEST = manifest_of(DOCUMENT)
BLOB = f"/v2/team/app/blobs/{digest_of(DOCUMENT)}"
PLACE = "/v2/team/app/manifests/m-" + "a" * 40


@dataclass
class Answer:
    """An answer: only the first `cut` bytes of the body are sent, though the header promises all."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class FakeServer(http.server.ThreadingHTTPServer):
    """Answers by path; keeps what it was asked, with the login that came along."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str | None]] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        answer = self.server.answers.get(self.path, Answer(b"nothing here", 404))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        self.close_connection = True

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def serving():
    with FakeServer() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


@pytest.fixture
def server():
    with serving() as found:
        yield found


@pytest.fixture
def access(server):
    return PushAccess(f"127.0.0.1:{server.server_port}/team/app", "AWS", "secret-token")


@pytest.fixture
def store(access):
    return RegistryContents(lambda _repository: access)


def refused(call, *codes):
    with pytest.raises(DeployError) as caught:
        call()
    assert caught.value.code in codes
    assert "secret-token" not in f"{caught.value} {caught.value.cause} {caught.value.hint}"


def test_every_offset_of_the_manifest(server, store):
    server.answers = {PLACE: Answer(MANIFEST), BLOB: Answer(DOCUMENT)}
    assert store.get("team/app", TAG) == Record(DOCUMENT, {"a": "b"})
    for cut in range(len(MANIFEST)):
        server.answers[PLACE] = Answer(MANIFEST, cut=cut)
        refused(lambda: store.get("team/app", TAG), "registry-unreachable", "unknown-answer")
        # A proxy may shorten the promise, too.
        server.answers[PLACE] = Answer(MANIFEST[:cut])
        refused(lambda: store.get("team/app", TAG), "unknown-answer")


def test_every_offset_of_the_document(server, store):
    server.answers = {PLACE: Answer(MANIFEST)}
    for cut in range(len(DOCUMENT)):
        for answer in (Answer(DOCUMENT, cut=cut), Answer(DOCUMENT[:cut])):
            server.answers[BLOB] = answer
            refused(lambda: store.get("team/app", TAG), "registry-unreachable", "unknown-answer")


def test_every_offset_of_the_word_absent(server, store):
    said = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "Requested image not found"}]}).encode()
    server.answers = {PLACE: Answer(said, 404)}
    assert store.get("team/app", TAG) is None
    for cut in range(len(said)):
        server.answers = {PLACE: Answer(said[:cut], 404)}
        refused(lambda: store.get("team/app", TAG), "registry-error")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"", 404), "registry-error"),
        (Answer(b"<html>not here</html>", 404), "registry-error"),
        (Answer(b'{"errors":[{"code":"BLOB_UNKNOWN"}]}', 404), "registry-error"),
        (Answer(b'{"errors":[{"code":"UNAUTHORIZED"}]}', 401), "access-denied"),
        (Answer(b'{"errors":[{"code":"DENIED"}]}', 403), "access-denied"),
        (Answer(b"", 500), "registry-error"),
        (Answer(b"", 200), "unknown-answer"),
        (Answer(b"[]", 200), "unknown-answer"),
        (Answer(MANIFEST, headers={"Docker-Content-Digest": digest_of(b"other")}), "unknown-answer"),
        (Answer(b"{}"), "contents-unusable"),
        (Answer(b'{"layers": []}'), "contents-unusable"),
        (Answer(b'{"layers": null}'), "contents-unusable"),
        (Answer(manifest_of(DOCUMENT, "application/octet-stream")), "contents-unusable"),
        (Answer(manifest_of(DOCUMENT, digest="sha256:../../x")), "contents-unusable"),
        (Answer(manifest_of(DOCUMENT, size=1 << 40)), "contents-unusable"),
        (Answer(manifest_of(DOCUMENT, size="5")), "contents-unusable"),
        (Answer(manifest_of(DOCUMENT, size=len(DOCUMENT) - 1)), "unknown-answer"),
        (Answer(manifest_of(DOCUMENT, size=len(DOCUMENT) + 1)), "unknown-answer"),
    ],
)
def test_neither_there_nor_absent(server, store, answer, code):
    server.answers = {PLACE: answer, BLOB: Answer(DOCUMENT)}
    refused(lambda: store.get("team/app", TAG), code)


def test_other_bytes_are_not_believed(server, store):
    server.answers = {PLACE: Answer(MANIFEST), BLOB: Answer(DOCUMENT[:-1] + b"?")}
    refused(lambda: store.get("team/app", TAG), "unknown-answer")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_is_followed_and_the_login_stays_behind(server, store, status, host):
    with serving() as elsewhere:
        elsewhere.answers = {"/bucket/layer?X-Amz-Signature=1": Answer(DOCUMENT)}
        place = f"http://{host}:{elsewhere.server_port}/bucket/layer?X-Amz-Signature=1"
        server.answers = {PLACE: Answer(MANIFEST), BLOB: Answer(b"", status, {"Location": place})}
        assert store.get("team/app", TAG) == Record(DOCUMENT, {"a": "b"})
        assert elsewhere.asked == [("/bucket/layer?X-Amz-Signature=1", None)]
    assert server.asked == [(PLACE, LOGIN), (BLOB, LOGIN)]


def test_nobody_answers(server, store):
    port = server.server_port
    server.shutdown()
    server.server_close()
    assert port
    refused(lambda: store.get("team/app", TAG), "registry-unreachable")


def test_tls_for_everybody_but_this_machine():
    assert OciRepository(PushAccess("1.dkr.ecr.test/a/b", "AWS", "x"))._base == "https://1.dkr.ecr.test/v2/a/b/"
    assert OciRepository(PushAccess("localhost:5/a", "AWS", "x"))._base == "http://localhost:5/v2/a/"
    assert OciRepository(PushAccess("localhost.test/a", "AWS", "x"))._base == "https://localhost.test/v2/a/"


def test_a_label_of_an_image_and_of_an_index(server, access):
    config = json.dumps({"config": {"Labels": {"name": "value"}}}).encode()
    image = json.dumps({"config": {"digest": digest_of(config), "size": len(config)}, "layers": []}).encode()
    attestation = {"digest": digest_of(b"a"), "platform": {"os": "unknown"}}
    index = {"manifests": [attestation, {"digest": digest_of(image), "platform": {"os": "linux"}}]}
    base = "/v2/team/app"
    server.answers = {
        f"{base}/manifests/one": Answer(image),
        f"{base}/manifests/many": Answer(json.dumps(index).encode()),
        f"{base}/manifests/{digest_of(image)}": Answer(image),
        f"{base}/blobs/{digest_of(config)}": Answer(config),
        f"{base}/manifests/none": Answer(b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', 404),
    }
    labels = RegistryLabels(lambda _repository: access)
    assert [labels.find_label("team/app", tag, "name") for tag in ("one", "many", "none")] == ["value", "value", ""]
    assert labels.find_label("team/app", "one", "other") == ""
    server.answers[f"{base}/blobs/{digest_of(config)}"] = Answer(config[:-1])
    refused(lambda: labels.find_label("team/app", "one", "name"), "unknown-answer")
