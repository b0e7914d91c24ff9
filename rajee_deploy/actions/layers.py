"""Whether a build was needless: whether what was just built and pushed has the layers of what its stack ran before.

For the history alone: must never decide anything, nor fail a run. It costs a request for each repository, and the
configuration of what ran before where this machine does not know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.retention import deployed_digest
from rajee_deploy.plan.state import Tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.model import Digest
    from rajee_deploy.plan.state import Observed, WantedImage
    from rajee_deploy.plan.steps import BuildAndPush
    from rajee_deploy.registry import RegistryReader

SAME, OTHER = "same", "other"


def compare_layers(run: CurrentRun, builds: Sequence[BuildAndPush], planned: Planned) -> None:
    """Note of each image that was built whether it has the same layers as before; of those without a before nothing."""
    built = {step.image for step in builds}
    for image in planned.wanted.images:
        before = _before(image, planned.observed) if image.name in built else None
        if before is None:
            continue
        try:
            found = _compare(run.ports.registry, image, before)
        except DeployError:  # whoever needs the image hears of it
            continue
        if found:
            run.layers[image.name] = found


def _before(image: WantedImage, observed: Observed) -> Digest | None:
    return deployed_digest(image, observed) if image.stack in observed.stacks else None


def _compare(registry: RegistryReader, image: WantedImage, before: Digest) -> str:
    """For each platform; "" where nobody can tell."""
    found = registry.find(image.repository, [image.tag])
    state = found.get(image.tag) if isinstance(found, dict) else None
    if not isinstance(state, Tagged):
        return ""
    pairs = [
        [registry.read_content(image.repository, digest, platform).layers for digest in (before, state.digest)]
        for platform in image.platforms
    ]
    if not all(all(pair) for pair in pairs):
        return ""
    return SAME if all(old == new for old, new in pairs) else OTHER
