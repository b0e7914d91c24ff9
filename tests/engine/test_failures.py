"""What a failed build was about. The words are those of Docker's push, of BuildKit's, and of Go's network errors."""

# ruff: noqa: E501, ISC004 -- what others said stays as they said it
from __future__ import annotations

import pytest

from rajee_deploy.engine.failures import exports_no_cache, failure

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
        ("step: [2/2] RUN curl example.com\ncurl: (56) connection reset by peer", "build-failed"),
        ("step: [2/2] RUN make\nERROR: process did not complete successfully: exit code: 2", "build-failed"),
        ("step: [2/2] COPY a /\nERROR: write /a: no space left on device", "engine-no-space"),
        (EXPORT + "ERROR: failed to copy: write /var/lib: No space left on device", "engine-no-space"),
        ("ERROR: no builder x found", "build-failed"),
    ],
)
def test_kinds(cause, code):
    found = failure("docker buildx build ended with 1", "localhost:5000/t/x:1", cause)
    assert (found.code, found.where, found.cause) == (code, "localhost:5000/t/x:1", cause)
    assert "again" in found.hint


BUILDAH = 'Error: pushing image "a" to "docker://localhost:5000/t/x:1": writing blob: initiating layer upload to /v2/t/x/blobs/uploads/ in localhost:5000: '
CONTAINERD = "ERROR: failed to push localhost:5000/t/x:1: "
# As engines said it of registries that misbehaved so: Docker 26.1 with buildx 0.13, buildah 1.39, BuildKit's own push.
REFUSED = [
    (PUSH, "ERROR: no basic auth credentials", "access-denied", "permissions"),
    (PUSH, "ERROR: unauthorized: no basic auth credentials", "access-denied", "permissions"),
    (
        PUSH,
        "ERROR: denied: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:InitiateLayerUpload on "
        "resource: arn:aws:ecr:us-east-1:1:repository/t/x because no identity-based policy allows the action",
        "access-denied",
        "rajee-deploy permissions up",
    ),
    (
        PUSH,
        "ERROR: error parsing HTTP 403 response body: invalid character '<' looking for beginning of value: \"<html>\"",
        "access-denied",
        "proxy",
    ),
    (
        PUSH,
        "ERROR: error parsing HTTP 413 response body: invalid character '<' looking for beginning of value: \"<html>413 "
        'Request Entity Too Large</html>"',
        "layer-too-large",
        "proxy",
    ),
    (PUSH, "ERROR: toomanyrequests: Rate exceeded", "throttled", "minute"),
    (PUSH, "ERROR: received unexpected HTTP status: 500 Internal Server Error", "registry-failed", "minute"),
    (PUSH, "ERROR: received unexpected HTTP status: 503 Service Unavailable", "registry-failed", "minute"),
    (
        PUSH,
        "ERROR: tag invalid: The image tag 'c-1' already exists in the 't/x' repository and cannot be overwritten because "
        "the tag is immutable.",
        "tag-immutable",
        "plan",
    ),
    (
        PUSH,
        "ERROR: denied: The repository with name 't/x' in registry with id '1' already has the maximum allowed number of "
        "images which is '100000'",
        "registry-quota",
        "lifecycle",
    ),
    (
        PUSH,
        "ERROR: denied: Your authorization token has expired. Reauthenticate and try again.",
        "registry-login",
        "again",
    ),
    (
        PUSH,
        "ERROR: name unknown: The repository with name 't/x' does not exist in the registry with id '1'",
        "no-repository",
        "region",
    ),
    (PUSH, "ERROR: manifest blob unknown", "push-refused", "again"),
    (
        PUSH,
        "ERROR: unsupported: Invalid parameter at ImageManifest failed to satisfy constraint: Unsupported media type",
        "push-refused",
        "above",
    ),
    (
        PUSH,
        'ERROR: Get "https://nope.invalid/v2/": dial tcp: lookup nope.invalid on 10.0.0.1:53: no such host',
        "registry-unknown-host",
        "spelling",
    ),
    (
        PUSH,
        'ERROR: Get "https://192.0.2.2:5000/v2/": tls: failed to verify certificate: x509: cannot validate certificate for '
        "192.0.2.2 because it doesn't contain any IP SANs",
        "registry-tls",
        "certs.d",
    ),
    (
        PUSH,
        'ERROR: Get "https://192.0.2.2:5000/v2/": tls: first record does not look like a TLS handshake',
        "registry-tls",
        "insecure-registries",
    ),
    (PUSH, BUILDAH + "denied: not authorized to perform: ecr:InitiateLayerUpload", "access-denied", "permissions"),
    (PUSH, BUILDAH + 'StatusCode: 403, "Forbidden"', "access-denied", "proxy"),
    (PUSH, BUILDAH + 'StatusCode: 413, "<html>413 Request Entity Too Large</html>"', "layer-too-large", "proxy"),
    (
        PUSH,
        "Error: checking whether a blob sha256:3c exists in localhost:5000/t/x: authentication required",
        "access-denied",
        "permissions",
    ),
    (
        EXPORT,
        CONTAINERD
        + "unexpected status from POST request to https://localhost:5000/v2/t/x/blobs/uploads/: 403 Forbidden",
        "access-denied",
        "permissions",
    ),
    (
        EXPORT,
        CONTAINERD + "unexpected status from PUT request to https://h/v2/t/x/manifests/1: 500 Internal Server Error",
        "registry-failed",
        "minute",
    ),
    (
        EXPORT,
        CONTAINERD + "push access denied, repository does not exist or may require authorization: server message: "
        "insufficient_scope: authorization failed",
        "access-denied",
        "permissions",
    ),
    (
        EXPORT,
        CONTAINERD + 'failed to do request: Head "https://h/v2/": dial tcp: lookup h: no such host',
        "registry-unknown-host",
        "DNS",
    ),
    (
        EXPORT,
        CONTAINERD + "unexpected status from PUT request to https://h/v2/: 400 Bad Request",
        "push-refused",
        "above",
    ),
]


@pytest.mark.parametrize(("step", "said", "code", "hint"), REFUSED)
def test_what_a_registry_refuses_is_no_build_that_failed(step, said, code, hint):
    found = failure("docker buildx build ended with 1", "localhost:5000/t/x:1", step + said)
    assert (found.code, found.exit_code) == (code, 1)
    assert hint in found.hint
    assert "buildx" not in found.problem
    assert "{" not in found.problem
    assert "network was lost" not in found.problem
    # The same words of a program that a RUN runs are the user's own.
    assert failure("ended", "localhost:5000/t/x:1", f"step: [2/2] RUN make\n{said}").code == "build-failed"


PULL = "step: [internal] load metadata for localhost:5000/base:1\nERROR: failed to solve: localhost:5000/base:1: failed to resolve source metadata for localhost:5000/base:1: "


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            'failed to do request: Head "https://nope.invalid/v2/": dial tcp: lookup nope.invalid: no such host',
            "registry-unknown-host",
        ),
        (
            'failed to do request: Head "https://h/v2/": tls: failed to verify certificate: x509: unknown authority',
            "registry-tls",
        ),
        ("failed to do request: Head: tls: first record does not look like a TLS handshake", "registry-tls"),
        ("dial tcp 127.0.0.1:9: connect: connection refused", "pull-broken-off"),
        ("localhost:5000/base:1: not found", "image-unknown"),
        (
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope",
            "access-denied",
        ),
        ("unexpected status from HEAD request to https://h/v2/: 429 Too Many Requests", "throttled"),
        ("unexpected status from HEAD request to https://h/v2/: 503 Service Unavailable", "registry-failed"),
        ("no match for platform in manifest", "build-failed"),
    ],
)
def test_a_base_image_that_cannot_be_pulled(said, code):
    found = failure("docker buildx build ended with 1", "localhost:6000/t/x:1", PULL + said, "Dockerfile:1")
    assert (found.code, found.where) == (code, "Dockerfile:1")
    assert ("base image" in found.problem) is (code != "build-failed")


def test_names_are_no_words():
    reference = "localhost:5000/quota-exceeded/denied:429"
    found = failure("ended", reference, f"step: pushing {reference} with docker\nERROR: something new of {reference}")
    assert found.code == "push-refused"


def test_only_a_builder_says_that_it_exports_no_cache():
    said = "ERROR: Cache export is not supported for the docker driver.\nSwitch to a different driver"
    assert exports_no_cache(said)
    assert not exports_no_cache(f"step: [2/2] RUN make\n{said}"), "a program of the user's"
