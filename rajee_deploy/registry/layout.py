"""Images in a directory of the OCI layout, as a named build context names them: `oci-layout://<directory>[:tag|@digest]`.

Reads files; asks no registry. https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Digest
from rajee_deploy.registry.manifests import Manifest, parse_config, parse_manifest

if TYPE_CHECKING:
    from rajee_deploy.model import Platform

SCHEME = "oci-layout://"
_TAG = "org.opencontainers.image.ref.name"


def describe(reference: str, platform: Platform) -> BaseConfig:
    """ENV and ONBUILD of the image for a platform. DeployError `base-unknown` where that is not found out."""
    directory, wanted = _split(reference.removeprefix(SCHEME))
    try:
        digest = wanted if wanted.startswith("sha256:") else _tagged(directory, wanted)
        return parse_config(_blob(directory, str(_manifest(directory, digest, platform).config)))
    except (OSError, ValueError, RecursionError) as error:
        raise DeployError(
            "base-unknown", f"what the base image {reference} has by ENV and ONBUILD cannot be found out",
            where=str(directory), cause=str(error), hint="check the directory, the tag and the platform",
        ) from error  # fmt: skip


def _manifest(directory: Path, digest: str, platform: Platform) -> Manifest:
    found = parse_manifest(_blob(directory, digest), "")
    if isinstance(found, Manifest):
        return found
    chosen = found.find(platform)
    if chosen is None:
        raise ValueError(f"it has no image for {platform}")
    inner = parse_manifest(_blob(directory, str(chosen)), "")
    if not isinstance(inner, Manifest):
        raise ValueError("it is an index inside of an index")  # noqa: TRY004 -- one kind of error for all of this
    return inner


def _split(text: str) -> tuple[Path, str]:
    """The directory, and the tag or digest."""
    path, sign, digest = text.partition("@")
    if sign:
        return Path(re.sub(r":[\w][\w.-]{0,127}\Z", "", path)), digest
    found = re.fullmatch(r"(.*):([\w][\w.-]{0,127})", text)
    return (Path(found[1]), found[2]) if found else (Path(text), "latest")


def _tagged(directory: Path, tag: str) -> str:
    index: dict[str, Any] = json.loads((directory / "index.json").read_bytes())
    for manifest in index.get("manifests", ()):
        if (manifest.get("annotations") or {}).get(_TAG) == tag:
            return str(manifest.get("digest"))
    raise ValueError(f"there is no tag {tag!r}")


def _blob(directory: Path, digest: str) -> bytes:
    parsed = Digest.parse(digest)
    body = (directory / "blobs" / parsed.algorithm / parsed.hex).read_bytes()
    if sha256(body).hexdigest() != parsed.hex:
        raise ValueError(f"{digest} does not have its digest")
    return body
