"""What registries refuse, and what to do next: the one table, whoever asked. Pure.

Engines that push and pull tell it in words (`refusal`): those of Docker's distribution client, of containerd's in
BuildKit, of buildah's, and of Go's own network and TLS packages, as they came from builds against registries that
misbehave. What we ask ourselves is answered by HTTP's status: reads of other people's images, build records, ECR. What
every service of AWS can refuse (throttled, access denied) is in `aws.errors`; which of ECR's codes mean absent, in
`answers`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNAUTHORIZED, _FORBIDDEN = 401, 403

# -- what engines are told -------------------------------------------------------------------------------------------


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


# -- what reads of images are answered -------------------------------------------------------------------------------


def of_read(status: int, host: str, where: str, words: str) -> DeployError:
    """The error for a status that is no success, of a registry that is asked for somebody's image: `not-in-registry`,
    which alone says that something is absent, `registry-denied`, `registry-throttled`, `registry-answer`."""
    match status:
        case 404:
            return DeployError(
                "not-in-registry",
                f"{where} does not exist",
                where=host,
                cause=words,
                hint="check the name and the tag; a private image looks like this to those who may not see it",
            )
        case 401 | 403:
            return denied_read(host, words or f"status {status}")
        case 429:
            return DeployError(
                "registry-throttled",
                f"{host} takes no more questions for now",
                where=where,
                cause=words,
                hint=f"wait, or log in: docker login {host}",
            )
        case _:
            return odd_answer(host, f"status {status} for {where}: {words}")


def denied_read(host: str, cause: str) -> DeployError:
    """A login is asked for, or the one that is there is refused."""
    return DeployError(
        "registry-denied",
        f"{host} does not let this user read the image",
        where=host,
        cause=cause,
        hint=f"docker login {host}; an image that does not exist may look like this, too",
    )


def odd_answer(host: str, cause: str) -> DeployError:
    """An answer that says neither yes nor no: cut short, foreign, or contradicting itself."""
    hint = "run again; if it stays, look for a proxy between this machine and the registry that rewrites its answers"
    return DeployError(
        "registry-answer", f"{host} answered with something that cannot be believed", where=host, cause=cause, hint=hint
    )


def unreachable(host: str, cause: str) -> DeployError:
    """No answer at all. `cause` goes without the query of an address: a signed one is a secret for a while."""
    return DeployError(
        "registry-unreachable",
        f"the registry {host} cannot be reached",
        where=host,
        cause=re.sub(r"\?[^\s'\")]*", "?…", cause),
        hint="check the network, the proxy (HTTPS_PROXY) and the certificates (REQUESTS_CA_BUNDLE)",
    )


# -- what build records are answered ---------------------------------------------------------------------------------


def of_record(status: int, codes: Sequence[str], where: str) -> DeployError:
    """The error for a status that is not the expected one, with the protocol's error codes: `access-denied`,
    `registry-error`."""
    denied = status in (_UNAUTHORIZED, _FORBIDDEN)
    said = f"{status} {', '.join(codes)}".strip()
    return DeployError(
        "access-denied" if denied else "registry-error",
        f"the registry answered {said}",
        where=where,
        hint="rajee-deploy permissions plan (and permissions up) prints what is needed" if denied else "",
    )


def broken_off(where: str, cause: str) -> DeployError:
    """No answer, or not all of it."""
    return DeployError(
        "registry-unreachable",
        "the registry could not be reached, or broke off",
        where=where,
        cause=cause,
        hint="check the network and the proxy settings",
    )


# -- what ECR answers ------------------------------------------------------------------------------------------------


def of_image(asked: str, reference: str, code: str, reason: str) -> DeployError:
    """The error for an image that ECR has and cannot give, by BatchGetImage's failureCode.
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html"""
    return DeployError(
        "registry-failed",
        f"ECR could not give the image {reference}",
        where=asked,
        cause=f"{code}: {reason}",
        hint="KmsError: check the key of the repository; Upstream…: the pull-through cache; then run again",
    )


def no_repository(name: str) -> DeployError:
    """The error for a repository that has to be there and is not, once somebody asked it for a push: what a plan says
    of one is `planner.check_repositories`."""
    return DeployError(
        "no-repository",
        f"the ECR repository {name} does not exist",
        where=name,
        hint="the stack that makes it must come first in cdk.stacks; check the account and the region too",
    )


def immutable_tag(repository: str, tag: str, cause: str) -> DeployError:
    """The error for a tag that is to be moved and may not be."""
    return DeployError(
        "tag-immutable",
        f"{repository} does not let the tag {tag} be moved",
        where=f"{repository}:{tag}",
        cause=cause,
        hint=EXCLUSION_HINT,
    )


EXCLUSION_HINT = (
    "moving tags need the repository's imageTagMutability IMMUTABLE_WITH_EXCLUSION with filters for them, such as "
    "live-* and prev-*; docs/your-service.md shows it"
)
