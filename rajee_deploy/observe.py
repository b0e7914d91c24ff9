"""Observing the registry: which questions are asked of it for a plan, and after a push. It decides nothing.

One look per repository answers for all images that share it. What an image says of itself is asked only of those that
have one of our tags.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rajee_deploy import retention, trust
from rajee_deploy.facts import ImageAbsent, ImageInaccessible, Observed, RepositoryAbsent, Tagged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.facts import ImageState, ReferenceState, StackState, WantedImage
    from rajee_deploy.model import Repository
    from rajee_deploy.registry import RegistryReader

_AT_ONCE = 8

Found = RepositoryAbsent | dict[str, "ReferenceState"]


def observe(registry: RegistryReader, images: Sequence[WantedImage], stacks: Mapping[str, StackState]) -> Observed:
    """The images, and everything that has to be known of their repositories."""
    repositories = tuple(dict.fromkeys(image.repository for image in images))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda repository: _find(registry, repository, images, stacks), repositories)
        found = dict(zip(repositories, answers, strict=True))
        judged = pool.map(lambda image: _image_state(registry, image, found[image.repository]), images)
        states = dict(zip((image.name for image in images), judged, strict=True))
    references = {
        (repository, reference): state
        for repository, answer in found.items()
        if not isinstance(answer, RepositoryAbsent)
        for reference, state in answer.items()
    }
    seen = Observed(states, stacks, references)
    return Observed(states, stacks, references, _frozen(registry, images, seen))


def image_state(registry: RegistryReader, image: WantedImage) -> ImageState:
    """One image as it is now."""
    found = registry.find(image.repository, [image.tag])
    return _image_state(registry, image, found if isinstance(found, RepositoryAbsent) else dict(found))


def _find(
    registry: RegistryReader, repository: Repository, images: Sequence[WantedImage], stacks: Mapping[str, StackState]
) -> Found:
    wanted = [
        reference
        for image in images
        if image.repository == repository
        for reference in retention.references(image, stacks.get(image.stack))
    ]
    found = registry.find(repository, wanted)
    return found if isinstance(found, RepositoryAbsent) else dict(found)


def _image_state(registry: RegistryReader, image: WantedImage, found: Found) -> ImageState:
    if isinstance(found, RepositoryAbsent):
        return found
    state = found[image.tag]
    match state:
        case Tagged(digest=digest):
            contents = {each: registry.read_content(image.repository, digest, each) for each in image.platforms}
            return trust.judged(digest, contents, image.fingerprint.digest)
        case ImageAbsent():
            return registry.confirm_absent(image.repository, image.tag)
        case ImageInaccessible():
            return state


def _frozen(
    registry: RegistryReader, images: Sequence[WantedImage], seen: Observed
) -> frozenset[tuple[Repository, str]]:
    """Whether tags that have to move can: asked only where one is in the wrong place."""
    wrong: dict[Repository, list[str]] = {}
    for image in images:
        wrong.setdefault(image.repository, []).extend(retention.misplaced(image, seen))
    return frozenset(
        (repository, tag)
        for repository, tags in wrong.items()
        if tags
        for tag in registry.find_frozen(repository, tags)
    )
