"""The OCI distribution protocol, as far as small documents need it: manifests by tag, blobs by digest.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md. The only door to HTTP. What is read is
believed only when its bytes have the digest that was asked for or announced; absent is only what the registry itself
calls unknown. The password goes to the registry's own host and nowhere else: requests drops it when a redirect leads
elsewhere, as ECR's to S3 does.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from rajee_deploy.aws import CONNECT_SECONDS, READ_SECONDS, unknown
from rajee_deploy.dataclass import dataclass
from rajee_deploy.registry.refusals import broken_off, of_record
from rajee_deploy.system.http_limits import REGISTRY_ANSWER, Limit, within
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from rajee_deploy.model.repository import PushAccess

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_ACCEPTED = (
    MANIFEST_TYPE,
    INDEX_TYPE,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_BYTES = 4 << 20
_CHUNK = 1 << 16
_ABSENT = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}


class TagTakenError(Exception):
    """The repository's tags are written once, and this one is there."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's document and the digest of its bytes, `sha256:…`."""

    document: dict[str, Any]
    digest: str


class OciRepository:
    """One repository of a registry, logged in."""

    def __init__(self, access: PushAccess, answer: Limit = REGISTRY_ANSWER) -> None:
        self._access = access
        self._limit = answer
        # As engines do: plain HTTP for this machine's own loopback, TLS for everybody else.
        scheme = "http" if _is_loopback(urlsplit(f"//{access.host}").hostname or "") else "https"
        self._base = f"{scheme}://{access.host}/v2/{access.uri.partition('/')[2]}/"
        self._session = _session()

    def find_manifest(self, reference: str) -> Manifest | None:
        """The manifest of a tag or digest, None when the registry says that there is none. DeployError otherwise."""
        path = f"manifests/{reference}"
        with self._call("GET", path, headers={"Accept": ", ".join(_ACCEPTED)}) as response:
            body = _read(response, MANIFEST_BYTES)
            if response.status_code == 404 and set(_codes(body)) & _ABSENT:  # noqa: PLR2004 -- HTTP's not found
                return None
            self._expect(response, body, 200)
            digest = _sha256(body)
            if response.headers.get("Docker-Content-Digest", digest) != digest:
                raise unknown(self._named(path), "the manifest's bytes do not have the digest that was announced")
        try:
            document = parse_json(body)
        except ValueError as error:
            raise unknown(self._named(path), "the manifest is not JSON") from error
        if not isinstance(document, dict):
            raise unknown(self._named(path), "the manifest is not a JSON object")
        return Manifest(document, digest)

    def get_blob(self, digest: str, size: int) -> bytes:
        """The bytes of a blob, of exactly this size and digest. DeployError otherwise."""
        path = f"blobs/{digest}"
        with self._call("GET", path) as response:
            body = _read(response, size)
            self._expect(response, body, 200)
        if len(body) != size or _sha256(body) != digest:
            raise unknown(self._named(path), "the blob's bytes do not have the digest that was asked for")
        return body

    def put_blob(self, data: bytes) -> str:
        """Store bytes, unless they are there; their digest. DeployError when they cannot be stored."""
        digest = _sha256(data)
        with self._call("HEAD", f"blobs/{digest}") as response:
            if response.status_code == 200:  # noqa: PLR2004 -- HTTP's success
                return digest
        with self._call("POST", "blobs/uploads/") as response:
            self._expect(response, _read(response, MANIFEST_BYTES), 202)
            place = self._upload_place(response, digest)
        with self._call("PUT", place, data, {"Content-Type": "application/octet-stream"}) as response:
            self._expect(response, _read(response, MANIFEST_BYTES), 201)
        return digest

    def _upload_place(self, response: requests.Response, digest: str) -> str:
        """Where the registry wants the bytes."""
        try:
            place = urljoin(response.url, response.headers.get("Location", ""))
            _origin(place)
            return place + ("&" if urlsplit(place).query else "?") + urlencode({"digest": digest})
        except ValueError as error:
            raise unknown(self._named("blobs/uploads/"), f"the address to upload to is none: {error}") from error

    def put_manifest(self, tag: str, body: bytes) -> None:
        """Store a manifest under a tag. TagTakenError when the tag is there and written once."""
        with self._call("PUT", f"manifests/{tag}", body, {"Content-Type": MANIFEST_TYPE}) as response:
            answer = _read(response, MANIFEST_BYTES)
            if "TAG_INVALID" in _codes(answer):
                raise TagTakenError
            self._expect(response, answer, 201)

    @contextmanager
    def _call(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Iterator[requests.Response]:
        from requests import RequestException

        url = urljoin(self._base, path)
        login = (self._access.username, self._access.password) if _origin(url) == _origin(self._base) else None
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        timeouts = (CONNECT_SECONDS, READ_SECONDS)
        try:
            with (
                within(self._limit, partial(unknown, self._named(path))),
                self._session.request(
                    method, url, data=data, headers=sent, auth=login, stream=True, timeout=timeouts
                ) as response,
            ):
                yield response
        except (RequestException, OSError) as error:
            raise broken_off(self._named(path), str(error)) from error

    def _expect(self, response: requests.Response, body: bytes, status: int) -> None:
        if response.status_code != status:
            raise of_record(response.status_code, _codes(body), f"{response.request.method} {self._access.uri}")

    def _named(self, path: str) -> str:
        return f"{self._access.uri} {path.partition('?')[0]}"


def _session() -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    session.verify = os.environ.get("AWS_CA_BUNDLE") or True  # what botocore trusts, so that one setting serves both
    # Everything asked here may be asked twice: what is stored is named by its digest.
    retry = Retry(
        2,
        backoff_factor=0.2,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,
        redirect=5,
        raise_on_status=False,
    )
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


def _read(response: requests.Response, limit: int) -> bytes:
    """The body, or its beginning when it is longer than `limit`."""
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > limit:
            break
    return bytes(body)


def _codes(body: bytes) -> list[str]:
    """The codes of the protocol's error document; none when it is something else."""
    try:
        return [str(error["code"]) for error in parse_json(body)["errors"]]
    except (ValueError, TypeError, KeyError):
        return []


def _origin(url: str) -> tuple[str, str | None, int]:
    """Who answers for an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
