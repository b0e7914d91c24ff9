"""Images for tests of the registry's room: configurations, manifests, indexes."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import FINGERPRINT_LABEL
from rajee_deploy.model.repository import Repository

LINUX = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")
REPOSITORY = Repository("team/app")
OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OURS = "sha256:" + "f" * 64


def digest_of(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Image:
    """One image: its configuration and its manifest."""

    configuration: bytes
    manifest: str
    media_type: str = OCI_IMAGE

    @property
    def digest(self) -> Digest:
        return digest_of(self.manifest.encode())


def make_image(fingerprint: str = OURS, architecture: str = "amd64", note: str = "", **more: Any) -> Image:
    labels = {FINGERPRINT_LABEL: fingerprint} if fingerprint else {}
    document = {"os": "linux", "architecture": architecture, "config": {"Labels": labels}, "note": note, **more}
    configuration = json.dumps(document).encode()
    descriptor = {"mediaType": "x", "digest": str(digest_of(configuration)), "size": len(configuration)}
    manifest = {"schemaVersion": 2, "mediaType": OCI_IMAGE, "config": descriptor, "layers": []}
    return Image(configuration, json.dumps(manifest))


def make_index(*images: tuple[Image, str]) -> str:
    """An index of images by architecture; an architecture `unknown` is that of an attestation."""
    listed = [
        {
            "mediaType": OCI_IMAGE,
            "digest": str(image.digest),
            "size": len(image.manifest),
            "platform": {"os": "unknown" if architecture == "unknown" else "linux", "architecture": architecture},
        }
        for image, architecture in images
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed})


@dataclass(frozen=True)
class Reply:
    """What the server sends: a document or bytes, at most `cut` bytes of it, or nothing at all (`hangs_up`)."""

    body: Any = b""
    status: int = 200
    cut: int | None = None
    hangs_up: bool = False

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def error(code: str, status: int = 400, message: str = "because") -> Reply:
    return Reply({"__type": code, "message": message}, status)


def present(image: Image, *tags: str) -> dict[str, Any]:
    """The records of BatchGetImage for an image under these tags, or under its digest."""
    ids = [{"imageTag": tag} for tag in tags] or [{}]
    return {
        "images": [
            {
                "registryId": "1",
                "repositoryName": REPOSITORY.name,
                "imageId": {"imageDigest": str(image.digest), **each},
                "imageManifest": image.manifest,
                "imageManifestMediaType": image.media_type,
            }
            for each in ids
        ],
        "failures": [],
    }


def missing(*tags: str, code: str = "ImageNotFound") -> list[dict[str, Any]]:
    return [{"imageId": {"imageTag": tag}, "failureCode": code, "failureReason": "because"} for tag in tags]


TOKEN = base64.b64encode(b"AWS:pass:word").decode()
