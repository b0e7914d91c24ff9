"""Labels of an image in a registry, read from its configuration without pulling it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.registry.oci import MANIFEST_BYTES, OciRepository
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.model.repository import PushAccess, Repository

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DEPTH = 2  # an index may name indexes; ours name images


class RegistryLabels:
    """The labels of images. `access` gives a login for a repository."""

    def __init__(self, access: Callable[[Repository], PushAccess]) -> None:
        self._access = access

    def find_label(self, repository: Repository, tag: str, name: str) -> str:
        """A label of the image; "" when there is no such image, or it has none. DeployError when nobody can tell."""
        place = OciRepository(self._access(repository))
        found = place.find_manifest(tag)
        for _ in range(_DEPTH):
            child = _first_image(found.document) if found else ""
            if child:
                found = place.find_manifest(child)
        digest, size = _describe(found.document.get("config") if found else None)
        return _label(place.get_blob(digest, size), name) if digest else ""


def _first_image(document: dict[str, Any]) -> str:
    """The first image of an index that is one for a machine (attestations say `unknown`); "" for no index."""
    children = document.get("manifests", ())
    for child in children if isinstance(children, list) else ():
        platform = child.get("platform") if isinstance(child, dict) else {"os": "unknown"}
        if not isinstance(platform, dict) or platform.get("os") != "unknown":
            return _describe({**child, "size": 1})[0]
    return ""


def _describe(descriptor: Any) -> tuple[str, int]:
    """Digest and size that a descriptor tells; ("", 0) for one that nothing can be fetched by."""
    match descriptor:
        case {"digest": str(digest), "size": int(size)} if _DIGEST.fullmatch(digest) and 0 < size <= MANIFEST_BYTES:
            return digest, size
        case _:
            return "", 0


def _label(config: bytes, name: str) -> str:
    try:
        return str(parse_json(config)["config"]["Labels"][name])
    except (ValueError, TypeError, KeyError):
        return ""
