"""Images that an app stages, as inputs of the infrastructure: what their Dockerfiles read of the checkout now.

What that is only the room of images knows, so whoever wires the run gives it. A list may come from somebody hostile: no
build context is looked up through a link, and none outside of the checkout.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rajee_deploy.fingerprint import Input
from rajee_deploy.model import is_local_context
from rajee_deploy.synth.tracing.depfile import TracedImage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The digests of images in a checkout, in their order; where there is none, why ("none: …").
DigestImages = Callable[["Path", Sequence[TracedImage]], Sequence[str]]
_NONE = "none: "
# Build contexts that are no files of any machine.
REMOTE = ("docker-image://", "https://", "http://", "git@", "git://", "ssh://")


def none_because(why: str) -> str:
    """What stands in the place of a digest."""
    return _NONE + why


def no_digests(_root: Path, images: Sequence[TracedImage]) -> Sequence[str]:
    """For whoever knows nothing of images: then a synth decides."""
    return [none_because("not asked")] * len(images)


def image_inputs(images: Sequence[TracedImage], root: Path, digest_images: DigestImages) -> Iterator[Input]:
    """An input for each image. Its name tells what is built from where, so that another list is another hash; an image
    without a digest is one that no hash can follow."""
    if not images:
        return
    real = os.path.realpath(root)
    told = [_obstacle(image, real) for image in images]
    fit = [image for image, obstacle in zip(images, told, strict=True) if not obstacle]
    digests = dict(zip(fit, digest_images(root, fit), strict=True)) if fit else {}
    for image, obstacle in zip(images, told, strict=True):
        value = obstacle or digests[image]
        if value.startswith(_NONE):
            yield Input(f"impure:image:{image.name}", f"what the image {image.name} is built from ({value})")
        yield Input(f"image:{_definition(image)}:{image.name}", value)


def has_digest(image: TracedImage, root: Path, digest_images: DigestImages) -> bool:
    """Whether an image can be followed by what its Dockerfile reads."""
    return not any(item.name.startswith("impure:") for item in image_inputs([image], root, digest_images))


def _definition(image: TracedImage) -> str:
    return hashlib.sha256(json.dumps(image).encode()).hexdigest()


def _obstacle(image: TracedImage, root: str) -> str:
    """Why a place is none that may be looked at; "" where it may be."""
    of_dockerfile = os.path.dirname(f"{image.source}/{image.dockerfile}")  # noqa: PTH120 -- a text
    named = [text for _, text in image.build_contexts]
    if not all(is_local_context(text) or text.startswith(REMOTE) for text in named):
        return none_because("a build context that is not understood")
    contexts = [text for text in named if is_local_context(text)]
    if os.path.isabs(image.dockerfile):  # noqa: PTH117 -- a text
        return none_because("its Dockerfile is not in the build context")
    for place in (image.source, of_dockerfile, *contexts):
        path = os.path.normpath(f"{root}/{place}")
        is_below = not os.path.isabs(place) and ".." not in place.split("/")  # noqa: PTH117 -- a text
        if not is_below or os.path.realpath(path) != path:
            return none_because(f"{place} is no directory of the checkout itself")
    return ""
