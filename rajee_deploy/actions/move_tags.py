"""Moving tags by manifest, and resolving what a stack is told by digest: acts on the registry, decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.plan.state import RepositoryAbsent, Tagged
from rajee_deploy.registry import image_gone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.model import Digest
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.state import ReferenceState
    from rajee_deploy.plan.steps import DeployStack, MoveTag
    from rajee_deploy.registry import Registry, RegistryReader


def move_tag(registry: Registry, step: MoveTag) -> Digest:
    """Make a tag name what its target names; returns that digest. Nothing is written when it does already."""
    target, now = _look(registry, step.repository, [step.target, step.tag])
    if not isinstance(target, Tagged):
        raise image_gone(step.repository, step.target)
    if now != target:
        registry.put_tag(step.repository, target.digest, step.tag)
    return target.digest


def with_digests(registry: RegistryReader, step: DeployStack) -> DeployStack:
    """The step with the digests of what this run has built."""
    known = {}
    for parameter, repository, tag in step.digests:
        (found,) = _look(registry, repository, [tag])
        if not isinstance(found, Tagged):
            raise image_gone(repository, tag)
        known[parameter] = str(found.digest)
    return replace(step, parameters=tuple((key, known.get(key, value)) for key, value in step.parameters))


def _look(registry: RegistryReader, repository: Repository, references: Sequence[str]) -> list[ReferenceState]:
    found = registry.find(repository, references)
    if isinstance(found, RepositoryAbsent):
        raise image_gone(repository, references[0])
    return [found[reference] for reference in references]
