"""Images that a CDK app declares itself, as a cloud assembly that was made neutral lists them; for FakeStacks."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import parse_platforms
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.tagged_templates import placeholder
from rajee_deploy.settings import DEFAULT_PLATFORM, ImageSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REPOSITORY = "cdk-assets"
AppImages = dict[str, dict[str, "Path"]]  # by stack and name: the directories that the app stages


def tags_of(images: Mapping[str, Path]) -> dict[str, str]:
    """The tags that these directories make, by name."""
    return {name: _tag(name, directory) for name, directory in images.items()}


def _tag(name: str, directory: Path) -> str:
    platforms = parse_platforms([DEFAULT_PLATFORM])
    image = ImageSettings(name, directory, directory / "Dockerfile", Repository(""), platforms)
    return read_inputs(image).fingerprint.tag


def stage_assets(
    assembly: Path, stack: str, images: Mapping[str, Path], artifact: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Stage the directories, and list them; the artifact of the list, on which the stack's depends from now on."""
    if not images:
        return {}
    for name, directory in images.items():
        shutil.copytree(directory, assembly / f"asset.{name}")
    listed = {
        name: {
            "displayName": name,
            "source": {"directory": f"asset.{name}", "platform": DEFAULT_PLATFORM},
            "destinations": {"here": {"repositoryName": REPOSITORY, "imageTag": placeholder(name)}},
        }
        for name in images
    }
    (assembly / f"{stack}.assets.json").write_text(json.dumps({"dockerImages": listed}))
    artifact["dependencies"] = [f"{stack}.assets"]
    return {f"{stack}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{stack}.assets.json"}}}


def named_tags(assembly: Path, stack: str) -> tuple[str, ...]:
    """The tags that the lists of a stack's assets name."""
    path = assembly / f"{stack}.assets.json"
    images = json.loads(path.read_text())["dockerImages"].values() if path.exists() else ()
    return tuple(place["imageTag"] for image in images for place in image["destinations"].values())
