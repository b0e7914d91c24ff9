"""The data plane that moto lacks: the part of the OCI distribution protocol that docker, buildx and buildah speak.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md. Repositories, manifests and tags live in moto's
ECR (`images`), bytes in `blobs`; a repository may read the blobs that moto lists in its `layers`. This room never
creates a repository, and lets nobody in without the password that GetAuthorizationToken hands out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestedRangeNotSatisfiable
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import wrap_file

from rajee_deploy.sandbox import images
from rajee_deploy.sandbox.blobs import BlobStore, DigestMismatchError, Upload
from rajee_deploy.system.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable

MANIFEST_BYTES = 4 << 20  # ECR's limit

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ROUTE = re.compile(
    r"/v2/(?P<name>.+)/(?:blobs/uploads/(?P<upload>[^/]*)|blobs/(?P<blob>[^/]+)"
    r"|manifests/(?P<manifest>[^/]+)|tags/(?P<tags>list))"
)


class OciError(Exception):
    """A refusal in the protocol's own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Any:
        """The protocol's error document. A 401 asks for the login."""
        body = json.dumps({"errors": [{"code": self.code, "message": str(self), "detail": None}]})
        challenge = {"WWW-Authenticate": 'Basic realm="rajee-sandbox"'} if self.status == 401 else {}  # noqa: PLR2004
        return Response(body, self.status, challenge, content_type="application/json")


class RegistryApi:
    """A WSGI application for everything under /v2/."""

    def __init__(self, blobs: BlobStore, password: str) -> None:
        self._blobs = blobs
        self._password = password

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except OciError as error:
            response = error.response()
        except ClientDisconnected:  # nobody reads this, but the server must not report it as a bug of its own
            response = OciError(400, "BLOB_UPLOAD_INVALID", "the body ended early").response()
        except RequestedRangeNotSatisfiable as error:
            response = OciError(416, "RANGE_INVALID", "the blob has no such bytes").response()
            response.headers["Content-Range"] = f"bytes */{error.length or 0}"
        except HTTPException as error:  # what werkzeug finds wrong with a request
            response = OciError(error.code or 400, "UNSUPPORTED", error.description or "").response()
        response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        answer: Iterable[bytes] = response(environ, start_response)
        return answer

    def _answer(self, request: Any) -> Any:
        self._authorize(request)
        if request.path in ("/v2", "/v2/"):
            return Response("{}", content_type="application/json")
        route = _ROUTE.fullmatch(request.path)
        if route is None:
            raise OciError(404, "UNSUPPORTED", "the sandbox's registry does not know this path")
        repository = images.find_repository(route["name"])
        if repository is None:
            message = f"The repository with name '{route['name']}' does not exist in the registry"
            raise OciError(404, "NAME_UNKNOWN", message)
        if route["upload"] is not None:
            return self._upload(request, repository, route["upload"])
        if route["blob"]:
            return self._read_blob(request, repository, route["blob"])
        if route["tags"]:
            return _list_tags(request, repository)
        return self._manifest(request, repository, route["manifest"])

    def _authorize(self, request: Any) -> None:
        if self._is_signed(request):
            return
        given = request.authorization
        known = (
            given is not None
            and given.type == "basic"
            and given.username == "AWS"
            and _is_same(str(given.password), self._password)
        )
        if not known:
            raise OciError(401, "UNAUTHORIZED", "log in as AWS with the password of ecr:GetAuthorizationToken")

    def _is_signed(self, request: Any) -> bool:
        """Whether the address is one that GetDownloadUrlForLayer gave out, for just this blob."""
        route = _ROUTE.fullmatch(request.path)
        if request.method != "GET" or route is None or not route["blob"]:
            return False
        expected = signature(self._password, route["name"], route["blob"])
        return _is_same(request.args.get("signature", ""), expected)

    # -- blobs -----------------------------------------------------------------------------------------------------

    def _read_blob(self, request: Any, repository: Any, digest: str) -> Any:
        _allow(request, "GET", "HEAD")
        path = self._blobs.find(digest) if _DIGEST.fullmatch(digest) and digest in repository.layers else None
        if path is None:
            raise OciError(404, "BLOB_UNKNOWN", f"the blob {digest} is not in this repository")
        size = path.stat().st_size
        headers = {"Docker-Content-Digest": digest, "Content-Length": str(size), "ETag": f'"{digest}"'}
        if request.method == "HEAD":
            return Response(None, 200, headers, content_type="application/octet-stream")
        response = Response(
            wrap_file(request.environ, open_regular(path)),
            200,
            headers,
            content_type="application/octet-stream",
            direct_passthrough=True,
        )
        return response.make_conditional(request, accept_ranges=True, complete_length=size)

    def _upload(self, request: Any, repository: Any, name: str) -> Any:
        if not name:
            return self._start_upload(request, repository)
        with self._blobs.hold(name) as upload:
            if upload is None:
                raise OciError(404, "BLOB_UPLOAD_UNKNOWN", "this upload is unknown, or over")
            return self._go_on(request, repository, name, upload)

    def _go_on(self, request: Any, repository: Any, name: str, upload: Upload) -> Any:
        if request.method == "DELETE":
            self._blobs.discard(name)
            return Response(None, 204)
        _allow(request, "GET", "PATCH", "PUT")
        if request.method == "GET":
            return _progress(repository, name, upload, 204)
        _check_order(request, upload)
        self._blobs.append(upload, request.stream)
        if request.method == "PATCH":
            return _progress(repository, name, upload, 202)
        return self._finish(request, repository, name, upload)

    def _start_upload(self, request: Any, repository: Any) -> Any:
        _allow(request, "POST")
        mount, origin = request.args.get("mount", ""), request.args.get("from", "")
        if mount and self._mount(repository, mount, origin):
            return _created(repository, f"blobs/{mount}", mount)
        name = self._blobs.start_upload()
        with self._blobs.hold(name) as upload:
            assert upload is not None  # noqa: S101 -- started in the line before
            if "digest" in request.args:
                self._blobs.append(upload, request.stream)
                return self._finish(request, repository, name, upload)
            return _progress(repository, name, upload, 202)

    def _mount(self, repository: Any, digest: str, origin: str) -> bool:
        other = images.find_repository(origin)
        if other is None or digest not in other.layers or self._blobs.find(digest) is None:
            return False
        repository.layers[digest] = other.layers[digest]
        return True

    def _finish(self, request: Any, repository: Any, name: str, upload: Upload) -> Any:
        digest = request.args.get("digest", "")
        if not _DIGEST.fullmatch(digest):
            raise OciError(400, "DIGEST_INVALID", f"{digest!r} is not a sha256 digest")
        try:
            self._blobs.finish(name, digest)
        except DigestMismatchError as error:
            raise OciError(400, "DIGEST_INVALID", str(error)) from error
        repository.layers[digest] = upload.size
        return _created(repository, f"blobs/{digest}", digest)

    # -- manifests -------------------------------------------------------------------------------------------------

    def _manifest(self, request: Any, repository: Any, reference: str) -> Any:
        _allow(request, "GET", "HEAD", "PUT")
        if request.method == "PUT":
            return self._put_manifest(request, repository, reference)
        image = images.find_image(repository, reference)
        if image is None:
            raise OciError(404, "MANIFEST_UNKNOWN", f"no image {reference} in {repository.name}")
        body = image.image_manifest.encode()
        headers = {"Docker-Content-Digest": image.get_image_digest(), "Content-Length": str(len(body))}
        return Response(
            None if request.method == "HEAD" else body, 200, headers, content_type=image.image_manifest_media_type
        )

    def _put_manifest(self, request: Any, repository: Any, reference: str) -> Any:
        body = request.stream.read(MANIFEST_BYTES + 1)
        document = _parse_manifest(body)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if _DIGEST.fullmatch(reference) and reference != digest:
            raise OciError(400, "DIGEST_INVALID", f"the manifest received has the digest {digest}")
        self._check_parts(repository, document)
        media_type = request.mimetype or document.get("mediaType")
        tag = None if reference == digest else reference
        try:
            images.record_image(repository, body.decode(), tag, media_type, digest)
        except ServiceException as error:
            # Pushing again what is there already is success for a registry, an error for ECR's own PutImage.
            if error.code != "ImageAlreadyExistsException":
                code = "TAG_INVALID" if error.code == "ImageTagAlreadyExistsException" else "MANIFEST_INVALID"
                raise OciError(400, code, error.message) from error
        return _created(repository, f"manifests/{digest}", digest)

    def _check_parts(self, repository: Any, document: dict[str, Any]) -> None:
        """Everything that a manifest names must have been pushed before it, as ECR demands."""
        for blob in [document.get("config"), *document.get("layers", ())]:
            if blob and not blob.get("urls") and blob.get("digest") not in repository.layers:
                raise OciError(400, "MANIFEST_BLOB_UNKNOWN", f"the blob {blob.get('digest')} was not pushed")
        for child in document.get("manifests", ()):
            if images.find_image(repository, child.get("digest", "")) is None:
                raise OciError(400, "MANIFEST_BLOB_UNKNOWN", f"the image {child.get('digest')} was not pushed")


def signature(password: str, name: str, digest: str) -> str:
    """What opens one blob of one repository without a login."""
    return hmac.new(password.encode(), f"{name}@{digest}".encode(), "sha256").hexdigest()


def _is_same(given: str, expected: str) -> bool:
    """Compared as bytes: of texts, hmac takes ASCII alone."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _path(repository: Any) -> str:
    return images.place(repository.region_name, repository.name)


def _allow(request: Any, *methods: str) -> None:
    if request.method not in methods:
        raise OciError(405, "UNSUPPORTED", f"{request.method} is not possible here")


def _check_order(request: Any, upload: Upload) -> None:
    """A chunk must start where the last one ended (`Content-Range: first-last`)."""
    stated = re.match(r"(?:bytes )?(\d+)-", request.headers.get("Content-Range", ""))
    if stated and int(stated[1]) != upload.size:
        raise OciError(416, "BLOB_UPLOAD_INVALID", f"the next chunk must start at byte {upload.size}")


def _progress(repository: Any, name: str, upload: Upload, status: int) -> Any:
    headers = {
        "Location": f"/v2/{_path(repository)}/blobs/uploads/{name}",
        "Range": f"0-{max(upload.size - 1, 0)}",
        "Docker-Upload-UUID": name,
        "Content-Length": "0",
    }
    return Response(None, status, headers)


def _created(repository: Any, place: str, digest: str) -> Any:
    headers = {"Location": f"/v2/{_path(repository)}/{place}", "Docker-Content-Digest": digest, "Content-Length": "0"}
    return Response(None, 201, headers)


def _parse_manifest(body: bytes) -> dict[str, Any]:
    if len(body) > MANIFEST_BYTES:
        raise OciError(413, "SIZE_INVALID", f"a manifest may have {MANIFEST_BYTES} bytes")
    try:
        return images.parse_manifest(body.decode())
    except ValueError as error:
        raise OciError(400, "MANIFEST_INVALID", f"the manifest cannot be read: {error}") from error


def _list_tags(request: Any, repository: Any) -> Any:
    _allow(request, "GET")
    tags = sorted({tag for image in list(repository.images) for tag in image.image_tags})
    body = json.dumps({"name": _path(repository), "tags": tags})
    return Response(body, content_type="application/json")
