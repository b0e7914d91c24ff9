"""What a failed build was about. The words are those of Docker's push, of BuildKit's, and of Go's network errors."""

from __future__ import annotations

import pytest

from rajee_deploy.engine.failures import failure

PUSH = "step: pushing localhost:5000/t/x:1 with docker\n"
EXPORT = "step: exporting to image\n"


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (PUSH + 'ERROR: Get "http://localhost:5000/v2/": dial tcp: connect: broken pipe', "push-broken-off"),
        (PUSH + "ERROR: dial tcp 127.0.0.1:5000: connect: connection refused", "push-broken-off"),
        (PUSH + "ERROR: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", "push-broken-off"),
        (PUSH + 'ERROR: Patch "http://localhost:5000/v2/t/x/blobs/uploads/1": EOF', "push-broken-off"),
        (EXPORT + "ERROR: failed to push localhost:5000/t/x:1: unexpected EOF", "push-broken-off"),
        (PUSH + "ERROR: Head http://a.test/v2/t: http: server closed idle connection", "push-broken-off"),
        (PUSH + "ERROR: http2: server sent GOAWAY and closed the connection; LastStreamID=1", "push-broken-off"),
        (PUSH + "ERROR: stream error: stream ID 5; INTERNAL_ERROR; received from peer", "push-broken-off"),
        (PUSH + "ERROR: dial tcp 10.0.0.1:443: connect: connection timed out", "push-broken-off"),
        (PUSH + "ERROR: dial tcp: lookup a.test: Temporary failure in name resolution", "push-broken-off"),
        (PUSH + "ERROR: net/http: HTTP/1.x transport connection broken: write: broken", "push-broken-off"),
        (PUSH + "ERROR: denied: no basic auth credentials", "build-failed"),
        (PUSH + "ERROR: received unexpected HTTP status: 500 Internal Server Error", "build-failed"),
        ("step: [2/2] RUN curl example.com\ncurl: (56) connection reset by peer", "build-failed"),
        ("step: [2/2] RUN make\nERROR: process did not complete successfully: exit code: 2", "build-failed"),
        ("step: [2/2] COPY a /\nERROR: write /a: no space left on device", "engine-no-space"),
        (EXPORT + "ERROR: failed to copy: write /var/lib: No space left on device", "engine-no-space"),
        ("ERROR: no builder x found", "build-failed"),
    ],
)  # fmt: skip
def test_kinds(cause, code):
    found = failure("docker buildx build ended with 1", "localhost:5000/t/x:1", cause)
    assert (found.code, found.where, found.cause) == (code, "localhost:5000/t/x:1", cause)
    assert "again" in found.hint
