"""Labels of an image in a registry, read from its configuration without pulling it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.foreign import parse_json
from rajee_deploy.registry.oci import MANIFEST_BYTES, OciRepository

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.model import PushAccess, Repository

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
        config = (found.document if found else {}).get("config")
        if not isinstance(config, dict) or not 0 < int(config.get("size", 0)) <= MANIFEST_BYTES:
            return ""
        return _label(place.get_blob(str(config.get("digest", "")), int(config["size"])), name)


def _first_image(document: dict[str, Any]) -> str:
    """The first image of an index that is one for a machine (attestations say `unknown`); "" for no index."""
    for child in document.get("manifests", ()):
        if (child.get("platform") or {}).get("os") != "unknown":
            return str(child.get("digest", ""))
    return ""


def _label(config: bytes, name: str) -> str:
    try:
        return str(parse_json(config)["config"]["Labels"][name])
    except (ValueError, TypeError, KeyError):
        return ""
