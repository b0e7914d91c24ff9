"""Does a Lambda function run the image that was deployed? What Lambda says of its image, held against what the
repository has. Pure.

A tag is looked up once, when the function is given it: afterwards the function has that digest, whatever becomes of
the tag. Lambda takes an image for another machine, too, and then cannot start it. What a state of a function means is
in `rollout_state`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.rollout.image_address import split_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.model import Platform
    from rajee_deploy.rollout import FunctionImage, Service
    from rajee_deploy.rollout.standing import StackService

# https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html
_MACHINES = {"x86_64": "amd64", "arm64": "arm64"}


# Among the tags of a repository: any other one may run as well, since the repository is not for one stack's images.
ANY_TAG = "*"


@dataclass(frozen=True, slots=True)
class ImageDigests:
    """An image that was deployed: the digests under which a function may have it (none: not known), and its
    platforms."""

    digests: frozenset[str]
    platforms: tuple[Platform, ...]


def deployed_reference(service: Service, wanted: Mapping[str, tuple[str, ...]]) -> tuple[str, str] | None:
    """The repository and the tag or digest of a function's image, where it is one of those that were deployed."""
    if service.image is None:
        return None
    repository, tag, digest = split_address(service.image.address)
    names = wanted.get(repository, ())
    return next(((repository, each) for each in (digest, tag) if each and each in names), None)


def digest_of(image: FunctionImage) -> str:
    """The digest that Lambda found at the address of a function's image; "" where it does not say."""
    return split_address(image.resolved)[2]


def function_objection(
    own: StackService, service: Service, wanted: Mapping[str, tuple[str, ...]], deployed: ImageDigests | None
) -> str:
    """What speaks against a function that Lambda has updated running what was deployed; "" for nothing."""
    image, name = service.image, service.name
    if image is None:
        return ""
    names = wanted.get(split_address(image.address)[0], (ANY_TAG,))
    is_of_ours = ANY_TAG not in names
    if not own.task_definition and is_of_ours and deployed_reference(service, wanted) is None:
        return f"the function {name} runs {image.address}"
    if deployed is None:
        return ""
    found = digest_of(image)
    if found and deployed.digests and found not in deployed.digests:
        there = ", ".join(sorted(deployed.digests))
        return f"the function {name} has {found} as {image.address}, and the repository has {there} there"
    machine = _MACHINES.get(image.architecture, "")
    if machine and machine not in [each.architecture for each in deployed.platforms]:
        built = " and ".join(map(str, deployed.platforms))
        return (
            f"the function {name} runs on {image.architecture} and its image is for {built}, so it cannot start: "
            "its Architectures has to be another, or the image's platform"
        )
    return ""
