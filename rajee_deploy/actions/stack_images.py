"""Which images a stack runs after a deployment, and which of them a Lambda function is to have: the registry is asked
what lies under the address that the function was given. It must never decide whether anything arrived: `rollout` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest
from rajee_deploy.plan.image_check import judge_image
from rajee_deploy.plan.state import ImagePresent, RepositoryAbsent, Tagged
from rajee_deploy.rollout.function_images import ANY_TAG, ImageDigests, deployed_reference, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.registry import RegistryReader
    from rajee_deploy.rollout import Service


@dataclass(frozen=True, slots=True)
class StackImages:
    """The images of a stack, and the parameters by which it takes them."""

    images: Sequence[WantedImage]
    parameters: Mapping[str, str]

    @property
    def references(self) -> dict[str, tuple[str, ...]]:
        """By repository, the tags and digests that the stack runs; ANY_TAG too, where it is the CDK's own: that has the
        images of the whole account, those that the CDK CLI builds for the same stack among them."""
        found: dict[str, tuple[str, ...]] = {}
        for image in self.images:
            own = (image.tag, self.given(image), *((ANY_TAG,) if image.is_asset else ()))
            found[image.repository.name] = (*found.get(image.repository.name, ()), *own)
        return found

    def given(self, image: WantedImage) -> str:
        """The tag or digest that the stack is given of an image."""
        return self.parameters.get(image.parameter, image.tag)


class FunctionImages:
    """The images of a stack in their registry. Functions that share one are asked about once."""

    def __init__(self, registry: RegistryReader, run: StackImages) -> None:
        self._registry = registry
        self._run = run
        self._references = run.references
        self._known: dict[tuple[str, str, str], ImageDigests] = {}

    def find(self, service: Service) -> ImageDigests | None:
        """What a function that has one of these images is to run; None for one that has another, of whoever."""
        named = deployed_reference(service, self._references)
        if named is None or service.image is None:
            return None
        repository, reference = named
        key = (repository, reference, digest_of(service.image))
        image = next((each for each in self._run.images if self._is_named(each, repository, reference)), None)
        if image is not None and key not in self._known:
            self._known[key] = ImageDigests(self._digests(image, reference, key[2]), image.platforms)
        return self._known.get(key)

    def _is_named(self, image: WantedImage, repository: str, reference: str) -> bool:
        return image.repository.name == repository and reference in (image.tag, self._run.given(image))

    def _digests(self, image: WantedImage, reference: str, resolved: str) -> frozenset[str]:
        """What lies under the reference, and what the function has, where that says of itself that it is this image:
        of an index the platform's, or one that was built again."""
        found = self._registry.find(image.repository, [reference])
        state = found[reference] if not isinstance(found, RepositoryAbsent) else None
        if not isinstance(state, Tagged):
            return frozenset()
        digests = {str(state.digest)}
        if resolved and resolved not in digests and self._is_this(image, resolved):
            digests.add(resolved)
        return frozenset(digests)

    def _is_this(self, image: WantedImage, resolved: str) -> bool:
        try:
            digest = Digest.parse(resolved)
            contents = {
                each: self._registry.read_content(image.repository, digest, each) for each in image.platforms[:1]
            }
        except ValueError:
            return False
        except DeployError as error:
            if error.code != "image-gone":
                raise
            return False
        return isinstance(judge_image(digest, contents, image.fingerprint.digest), ImagePresent)
