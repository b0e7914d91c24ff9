"""The way back of images that the app declares itself (assets). What ran before is in what their stack records, and
what cannot go back without the CDK CLI is refused before anything is promised.

Such an image is never built again here: of what, only a synth of its revision says.
"""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.actions.rollback import Target
from rajee_deploy.actions.rollback.target import listing
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import TAG_PREFIX
from rajee_deploy.model import parse_platforms
from rajee_deploy.model.revision import is_dirty
from rajee_deploy.plan.rollback import by_the_cdk
from rajee_deploy.plan.state import RepositoryAbsent, Tagged

if TYPE_CHECKING:
    from rajee_deploy.actions.rollback.past import Recorded
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.state import StackPresent, WantedImage
    from rajee_deploy.settings import ImageSettings


def with_its_platforms(run: CurrentRun, image: ImageSettings, tag: str) -> ImageSettings:
    """The image with the platforms of what its stack runs now: it says nothing else of them."""
    found = run.ports.registry.find(image.repository, [tag])
    state = found[tag] if not isinstance(found, RepositoryAbsent) else None
    if not isinstance(state, Tagged):
        return image
    content = run.ports.registry.read_content(image.repository, state.digest, image.platforms[0])
    try:
        return replace(image, platforms=parse_platforms(content.platform.split(", ")))
    except ValueError:
        return image


def previous_of_asset(image: WantedImage, state: StackPresent) -> Target:
    """What the image's stack ran before, by its own record. DeployError `no-previous`."""
    recorded = next((each for each in state.images if each.parameter == image.parameter), None)
    if recorded is not None and recorded.former:
        return Target(recorded.former, f"{image.stack} records it as what it ran before")
    runs = recorded.tag if recorded is not None else "now"
    raise DeployError(
        "no-previous",
        f"no record says what {image.stack} ran before {runs}",
        where=f"image {image.name}",
        cause=f"{image.stack} records no former tag: the image did not change since rajee-deploy deploys it",
        hint=f"name the tag: rajee-deploy rollback TAG --image {quote(image.name)}\n"
        f"it begins with {TAG_PREFIX}; all that there are: {listing(image.repository)}",
    )


def check_retaggable(image: ImageSettings, state: StackPresent, recorded: Recorded) -> None:
    """DeployError `template-not-retaggable` where CloudFormation cannot be given the template with another tag."""
    if state.retag_obstacle:
        raise DeployError(
            "template-not-retaggable",
            f"the tag of {image.name} lies in the template of {image.stack}, which only the CDK CLI can deploy anew",
            where=f"stack {image.stack}",
            cause="\n".join(filter(None, (state.retag_obstacle, _of_dirty(recorded)))),
            hint=by_the_cdk(recorded.revision),
        )


def lost_asset(image: WantedImage, recorded: Recorded) -> DeployError:
    """For an image that the registry does not have any more."""
    return DeployError(
        "asset-image-lost",
        f"{image.repository} has no image {image.tag}, and what it was built from is known to a synth alone",
        where=f"image {image.name}",
        cause=_of_dirty(recorded),
        hint=f"a checkout of its revision builds it again: {by_the_cdk(recorded.revision)}",
    )


def _of_dirty(recorded: Recorded) -> str:
    is_other = is_dirty(recorded.revision)
    return f"{recorded.revision}: its tree had changes that were not committed, so it makes another image" * is_other


def gone_asset(image: ImageSettings) -> DeployError:
    """For an image that its stack records no more, since somebody else deployed just now."""
    return DeployError(
        "stack-changed",
        f"somebody else deployed {image.stack} just now, and it records no image {image.name} any more",
        where=f"stack {image.stack}",
        hint="rajee-deploy status shows what it runs",
    )
