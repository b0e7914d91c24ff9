"""The images that a CDK app has of its own (assets), which the CDK CLI builds and pushes: by the last synth that was
kept here. It only tells of them; what is deployed does not depend on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.system.regular_files import LARGE, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HASH = 12  # characters of an asset's name that tell it from others
_MOST_FILES = 1000


def images_of_cdk(assembly: Path) -> list[str]:
    """Each as `STACK NAME (DOCKERFILE)`, by the manifests of assets in an assembly; of one that cannot be read none."""
    try:
        found = sorted(path for path, _ in zip(assembly.rglob("*.assets.json"), range(_MOST_FILES), strict=False))
    except OSError:
        return []  # closed to us
    return [text for path in found for text in _images_of(path)]


def _images_of(path: Path) -> Iterator[str]:
    try:
        document: Any = read_json(path, LARGE)
    except (OSError, ValueError):
        return
    images = document.get("dockerImages") if isinstance(document, dict) else None
    for key, image in images.items() if isinstance(images, dict) else ():
        one: dict[str, Any] = image if isinstance(image, dict) else {}
        source = one.get("source")
        file = source.get("dockerFile") if isinstance(source, dict) else None
        name = str(one.get("displayName") or key[:_HASH])
        yield f"{path.name.removesuffix('.assets.json')} {name}" + (f" ({file})" if file else "")
