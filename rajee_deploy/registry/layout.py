"""Images in a directory of the OCI layout, as a named build context names them: `oci-layout://<directory>[:tag|@digest]`.

Reads files; asks no registry. https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Digest
from rajee_deploy.model.repository import TAG
from rajee_deploy.registry.image_layout import SCHEME, pinned_layout
from rajee_deploy.registry.manifests import PlatformManifest, parse_config, parse_manifest
from rajee_deploy.system.regular_files import DOCUMENT, read_regular

if TYPE_CHECKING:
    from rajee_deploy.model import Platform


def describe(reference: str, platform: Platform) -> BaseConfig:
    """ENV and ONBUILD of the image for a platform. DeployErrors `layout-unreadable`, and `base-unknown` where that is
    not found out."""
    place, _, digest = pinned_layout(reference).removeprefix(SCHEME).partition("@")
    directory = Path(re.sub(rf":{TAG}\Z", "", place))
    try:
        return parse_config(_blob(directory, str(_manifest(directory, digest, platform).config)))
    except (OSError, ValueError, RecursionError) as error:
        raise DeployError(
            "base-unknown",
            f"what the base image {reference} has by ENV and ONBUILD cannot be found out",
            where=str(directory),
            cause=str(error),
            hint="check the directory, the tag and the platform",
        ) from error


def _manifest(directory: Path, digest: str, platform: Platform) -> PlatformManifest:
    found = parse_manifest(_blob(directory, digest), "")
    if isinstance(found, PlatformManifest):
        return found
    chosen = found.find(platform)
    if chosen is None:
        raise ValueError(f"it has no image for {platform}")
    inner = parse_manifest(_blob(directory, str(chosen)), "")
    if not isinstance(inner, PlatformManifest):
        raise ValueError("it is an index inside of an index")  # noqa: TRY004 -- one kind of error for all of this
    return inner


def _blob(directory: Path, digest: str) -> bytes:
    parsed = Digest.parse(digest)
    body = read_regular(directory / "blobs" / parsed.algorithm / parsed.hex, DOCUMENT)
    if sha256(body).hexdigest() != parsed.hex:
        raise ValueError(f"{digest} does not have its digest")
    return body
