"""Whether an image that has our tag is what the tag says, and what to say when it is not. Pure.

The label is no signature: who may push can write any label. It catches images that got under a tag by mistake or by
somebody who did not know of it; that nobody else may push is the business of the repository's policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImageForeign,
    ImageInaccessible,
    ImageOfOtherPlatform,
    ImagePresent,
    RepositoryAbsent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.model import Digest, Platform
    from rajee_deploy.plan.state import ImageContent, ImageState, WantedImage

_PLANTED = (
    "find out who pushed it (CloudTrail: PutImage) before anything else; when it may go, remove it with "
    "aws ecr batch-delete-image and run again"
)


def judge_image(digest: Digest, contents: Mapping[Platform, ImageContent], fingerprint: Digest) -> ImageState:
    """Whether an image that has our tag is what the tag says, on every platform that was asked about."""
    for platform, content in contents.items():
        if content.platform != str(platform):
            return ImageOfOtherPlatform(digest, content.platform)
        if content.fingerprint != str(fingerprint):
            return ImageForeign(digest, content.fingerprint)
    return ImagePresent(digest)


def find_refusal(image: WantedImage, state: ImageState) -> DeployError | None:
    """What is wrong with an image that has the tag, None where it can be used or is absent."""
    where = f"{image.repository}:{image.tag}"
    match state:
        case ImagePresent() | ImageAbsent() | RepositoryAbsent():
            return None
        case ImageInaccessible(status=status):
            return DeployError(
                "image-archived",
                f"the image {image.tag} exists but is {status}, so it cannot be pulled",
                where=where,
                hint="restore it: aws ecr update-image-storage-class --target-storage-class STANDARD, then run again",
            )
        case ImageForeign(digest=digest, recorded=recorded):
            built_for = f"it was built for {recorded}" if recorded else "it records no fingerprint"
            return DeployError(
                "image-not-ours",
                f"the image {image.tag} is not what its tag says; it may have been tampered with",
                where=where,
                cause=f"{digest}: {built_for}, not for {image.fingerprint.digest}",
                hint=_PLANTED,
            )
        case ImageOfOtherPlatform(digest=digest, platforms=platforms):
            return DeployError(
                "image-wrong-platform",
                f"the image {image.tag} is not for {_all(image.platforms)}",
                where=where,
                cause=f"{digest} is for {platforms}",
                hint=_PLANTED,
            )
        case _:
            assert_never(state)


def _all(platforms: Iterable[Platform]) -> str:
    return " and ".join(map(str, platforms))
