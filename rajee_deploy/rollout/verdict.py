"""Did the deployment arrive? What CloudFormation calls complete is believed only when ECS runs it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.rollout import Service

# host[:port]/name, then :tag, @digest or both
_IMAGE = re.compile(r"(?:[^/]*[.:][^/]*/|localhost/)?(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?")


def is_stable(service: Service) -> bool:
    """Whether nothing moves any more: one deployment, with all of its tasks running and its rollout completed."""
    primary = service.primary
    return (
        primary is not None
        and len(service.deployments) == 1
        and primary.pending == 0
        and primary.running == primary.desired
        and primary.state in ("", "COMPLETED")
    )


def uses(images: Iterable[str], repository: str) -> bool:
    """Whether a task definition takes an image of the repository (its name, without a registry's host)."""
    return any(_split(image)[0] == repository for image in images)


def rollout_objection(service: Service, images: Iterable[str], wanted: Mapping[str, tuple[str, ...]]) -> str:
    """What speaks against believing that a service runs what was deployed; empty when nothing does.

    `images` are those of the primary deployment's task definition, `wanted` says of a repository which tags and digests
    are what was deployed. Images of other repositories are nobody's concern here.
    """
    primary = service.primary
    if primary is None:
        return f"the service {service.name} has no primary deployment"
    if primary.state == "FAILED":
        return f"the rollout of {service.name} failed" + (f": {primary.reason}" if primary.reason else "")
    for image in images:
        repository, tag, digest = _split(image)
        if repository in wanted and tag not in wanted[repository] and digest not in wanted[repository]:
            return f"the service {service.name} runs {image}"
    if not is_stable(service):
        return f"the service {service.name} is not stable: {primary.running} of {primary.desired} tasks run"
    return ""


def _split(image: str) -> tuple[str, str, str]:
    """An image reference as repository name, tag and digest ("" for what it lacks)."""
    found = _IMAGE.fullmatch(image)
    if found is None:
        return image, "", ""
    return found["name"], found["tag"] or "", found["digest"] or ""
