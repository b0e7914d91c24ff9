"""Worlds whose hash is right, verified: what `verify` says of the contents of each."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING

from conformance.worlds import make_world, write_world

from rajee_deploy.engine.probe import BuildxProbe
from rajee_deploy.errors import DeployError
from rajee_deploy.image import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings
from rajee_deploy.verify.contents import compare

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def verdicts(seeds: Iterable[int], place: Path) -> Counter[str]:
    """How often each verdict was met: `cached`, `contents`, why nothing was compared, or `refused` (no build does).

    AssertionError with the world where one was found to differ.
    """
    counts: Counter[str] = Counter()
    for seed in seeds:
        root = place / str(seed)
        root.mkdir()
        world = make_world(seed, uuid.uuid4().hex[:8])
        write_world(world, root)
        try:
            inputs = read_inputs(_settings(root, world))
        except DeployError:
            counts["refused"] += 1
            continue
        try:
            (one,) = compare(inputs, BuildxProbe())
        except DeployError as error:
            told = f"seed {seed}: {error}\n{error.cause}\n{world.files}\n{world.ignore}\n{world.dockerfile}"
            raise AssertionError(told) from error
        counts[one.how or one.reason.partition(":")[0]] += 1
    return counts


def _settings(root: Path, world: object) -> ImageSettings:
    return ImageSettings(
        name="app",
        context=root / "context",
        dockerfile=root / "context/Dockerfile",
        repository="",
        platforms=(Platform.parse("linux/amd64"),),
        target=None,
        build_args=world.args,
        build_contexts={"named": str(root / "named")} if world.named else {},
    )
