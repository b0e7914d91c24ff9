"""What a registry, or the way to it, said to an engine that pushes or pulls: each kind with what to do next. Pure.

The words are those of Docker's distribution client, of containerd's in BuildKit, of buildah's, and of Go's own network
and TLS packages, as they came from builds against registries that misbehave.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Refusal(NamedTuple):
    """A kind of failure: `problem` with {act} for what was being done ("pushed", "pulled"), the way out of it."""

    code: str
    problem: str
    hint: str


_AGAIN = "run again in a minute: layers that have arrived are not sent again"
_KEYS = "/etc/docker/certs.d/HOST:PORT/ca.crt, for buildah /etc/containers/certs.d"
_PLAIN = "/etc/docker/daemon.json, for buildah registries.conf"
_QUOTAS = "aws service-quotas list-service-quotas --service-code ecr"
# Codes:
# https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes. The first that fits counts.
_KINDS = (
    (
        r"no such host|Name or service not known",
        Refusal(
            "registry-unknown-host",
            "the registry's host has no address, so that nothing could be {act}",
            "check the host's spelling and region, and that the engine's machine has DNS (getent hosts NAME)",
        ),
    ),
    (
        r"x509:|certificate (signed by|is not|has expired)|tls: (failed to verify|bad cert|unknown cert)",
        Refusal(
            "registry-tls",
            "the engine does not trust the registry's certificate",
            f"give the engine its authority ({_KEYS}); or a proxy opens TLS, or the clock is wrong",
        ),
    ),
    (
        r"first record does not look like a TLS handshake|server gave HTTP response to HTTPS client",
        Refusal(
            "registry-tls",
            "the registry speaks plain HTTP where the engine wants TLS",
            f"take its https address, or list it in insecure-registries ({_PLAIN}) and restart the engine",
        ),
    ),
    (
        r"tag is immutable|tag invalid:|TAG_INVALID|ImageTagAlreadyExists|cannot be overwritten",
        Refusal(
            "tag-immutable",
            "the repository does not let the tag be moved, and it is another image's",
            "rajee-deploy plan shows what is there; where another run pushed just now, run again: its image is used",
        ),
    ),
    (
        r"maximum allowed|LimitExceeded|quota (has|is|was|exceeded)|exceed\w* .*(quota|limit)",
        Refusal(
            "registry-quota",
            "a limit of the registry is reached",
            f"let a lifecycle rule remove old images, or have the quota raised ({_QUOTAS}), then run again",
        ),
    ),
    (
        r"toomanyrequests|too many requests|(?<!:)\b429\b|rate exceeded|rate limit",
        Refusal(
            "throttled",
            "the registry has had too many requests",
            f"{_AGAIN}; fewer builds at a time: build-concurrency",
        ),
    ),
    (
        r"(authorization|security) token .*(expired|invalid)|ExpiredToken",
        Refusal(
            "registry-login",
            "the registry did not take the login any more",
            "run again: a new login is fetched for each build",
        ),
    ),
    (
        r"name unknown|NAME_UNKNOWN|404 Not Found|repository with name .* does not exist|repository .*not found",
        Refusal(
            "no-repository",
            "the repository does not exist",
            "check its name, account and region in the settings; one that a stack makes must come first in cdk.stacks",
        ),
    ),
    (
        r"manifest unknown|MANIFEST_UNKNOWN|: not found\b|requested image not found",
        Refusal(
            "image-unknown",
            "the registry does not have the image",
            "check its name and tag; it may have expired there",
        ),
    ),
    (
        (
            r"denied:|unauthorized|no basic auth|authentication required|access denied|insufficient_scope|"
            r"not authorized|\b40[13] (Forbidden|Unauthorized)|StatusCode: 40[13]|HTTP 40[13] response"
        ),
        Refusal(
            "access-denied",
            "the registry refused the login, or the login lacks a permission",
            "rajee-deploy permissions up prints the permissions it needs; a web page as answer comes from a proxy",
        ),
    ),
    (
        r"(?<!:)\b413\b|entity too large",
        Refusal(
            "layer-too-large",
            "something refused a layer for its size",
            "ECR takes layers of 52 GB, a proxy before it less: raise its limit, or split the large RUN or COPY",
        ),
    ),
    (
        r"HTTP status: 5\d\d|\b5\d\d (Internal|Bad|Service|Gateway)|StatusCode: 5\d\d|HTTP 5\d\d response",
        Refusal(
            "registry-failed",
            "the registry failed",
            f"{_AGAIN}; ECR's own state: https://health.aws.amazon.com/health/status",
        ),
    ),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _KINDS)
# A refusal that none of them knows still is the registry's, and no build's.
UNKNOWN = Refusal(
    "push-refused",
    "the registry did not take the image",
    "its answer is above; correct that and run again: layers that have arrived are not sent again",
)


def refusal(words: str) -> Refusal | None:
    """The kind of what an engine said of a registry; None for none that is known."""
    return next((kind for pattern, kind in _COMPILED if pattern.search(words)), None)
