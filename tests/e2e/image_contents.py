"""What an image of the sandbox's registry consists of, without times: equal for two builds of the same files."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from functools import cache
from typing import Any
from urllib.request import urlopen

from botocore.exceptions import ClientError

_RUN_BY = ("Cmd", "Entrypoint", "Env", "ExposedPorts", "User", "Volumes", "WorkingDir")
_OF_A_BUILD = ("io.rajee-deploy.", "org.opencontainers.image.")


def image_content(ecr: Any, repository: str, tag: str) -> str:
    """A digest over the entries of each layer and over how it is run; `absent` without the image."""
    try:
        manifest = _manifest(ecr, repository, {"imageTag": tag})
    except LookupError:
        return "absent"
    config = json.loads(_blob(ecr, repository, manifest["config"]["digest"]))
    run = {key: config["config"].get(key) for key in _RUN_BY}
    labels = {
        key: value for key, value in (config["config"].get("Labels") or {}).items() if not key.startswith(_OF_A_BUILD)
    }
    layers = [_entries(_blob(ecr, repository, each["digest"])) for each in manifest["layers"]]
    told = [run, labels, config["os"], config["architecture"], layers]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _manifest(ecr: Any, repository: str, image: dict[str, str]) -> Any:
    """The manifest of a tag; the first one for a platform where it is an index."""
    try:
        found = ecr.batch_get_image(repositoryName=repository, imageIds=[image])["images"]
    except ClientError as error:
        raise LookupError(repository) from error
    if not found:
        raise LookupError(str(image))
    document = json.loads(found[0]["imageManifest"])
    for each in document.get("manifests", ()):
        if each.get("platform", {}).get("os") != "unknown":
            return _manifest(ecr, repository, {"imageDigest": each["digest"]})
    return document


def _blob(ecr: Any, repository: str, digest: str) -> bytes:
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)["downloadUrl"]
    return bytes(urlopen(url).read())


@cache
def _entries(layer: bytes) -> tuple[tuple[Any, ...], ...]:
    """Each entry of a layer: kind, mode, owner, link and content."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return tuple(
            sorted(
                (
                    each.name.rstrip("/"),
                    each.type.decode(),
                    each.mode,
                    each.uid,
                    each.gid,
                    each.linkname,
                    hashlib.sha256(file.read()).hexdigest() if (file := archive.extractfile(each)) else "",
                )
                for each in archive
            )
        )
