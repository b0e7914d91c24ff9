"""Manifests, indexes and image configurations: text → what they say. Pure; every digest is checked here.

https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md and its neighbours, and Docker's older forms.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import FINGERPRINT_LABEL
from rajee_deploy.plan.state import ImageContent
from rajee_deploy.text.foreign import parse_json

_IMAGES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MEDIA_TYPES = (*_IMAGES, *_INDEXES)
_LAYERS_HEX = 32
CONFIGURATION_BYTES = 8 << 20  # far above what any build writes; a bound for what is read into memory


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """A manifest of one image: where its configuration is."""

    configuration: Digest


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """An index: its images by platform. Attestations, which have the platform unknown/unknown, are left out."""

    images: tuple[tuple[Platform, Digest], ...]


@dataclass(frozen=True, slots=True)
class OtherManifest:
    """Something else that a registry can hold, such as a chart or a manifest of Docker's first schema."""

    media_type: str


def is_of(data: bytes, digest: Digest) -> bool:
    """Whether the bytes are those that the digest names."""
    return hashlib.sha256(data).hexdigest() == digest.hex


def read_manifest(text: str, media_type: str) -> ImageManifest | ImageIndex | OtherManifest:
    """Read a manifest whose digest was checked. ValueError when it is not what its media type says."""
    document = _object(text)
    if media_type in _IMAGES:
        return ImageManifest(Digest.parse(str(_object(document.get("config")).get("digest", ""))))
    if media_type in _INDEXES:
        listed = document.get("manifests", ())
        if not isinstance(listed, list | tuple):
            raise ValueError("it lists no manifests")
        return ImageIndex(tuple(found for item in listed if (found := _entry(_object(item))) is not None))
    return OtherManifest(media_type)


def read_configuration(data: bytes) -> ImageContent:
    """Read an image's configuration, whose digest was checked. ValueError when it is none."""
    document = _object(data.decode("utf-8"))
    labels = _object(document.get("config") or {}).get("Labels") or {}
    recorded = labels.get(FINGERPRINT_LABEL, "") if isinstance(labels, dict) else ""
    platform = _platform(document)
    return ImageContent(str(platform) if platform else "unknown", str(recorded), _layers(document))


def _layers(document: dict[str, Any]) -> str:
    """A digest of what of an image counts while it runs; "" where its layers are not listed."""
    rootfs = document.get("rootfs")
    listed = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(listed, list):
        return ""
    config = {key: value for key, value in _object(document.get("config") or {}).items() if key != "Labels"}
    text = json.dumps([listed, config], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LAYERS_HEX]


def _entry(item: dict[str, Any]) -> tuple[Platform, Digest] | None:
    platform = _platform(_object(item.get("platform") or {}))
    return (platform, Digest.parse(str(item.get("digest", "")))) if platform else None


def _platform(document: dict[str, Any]) -> Platform | None:
    """The platform as containerd would normalise it, None where the document names none."""
    named = [document.get(key) or "" for key in ("os", "architecture", "variant")]
    if "unknown" in named or not all(isinstance(part, str) for part in named):
        return None
    try:
        return Platform.parse("/".join(part for part in named if part))
    except ConfigurationError:
        return None


def _object(value: Any) -> dict[str, Any]:
    found = parse_json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 -- wrong data, not a wrong call
    return found
