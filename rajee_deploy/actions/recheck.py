"""What was planned must still be so just before it is done: a question and a build can take long, and somebody else
deploys, moves a tag, or checks out another revision meanwhile. It asks, and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.observe import image_state
from rajee_deploy.actions.own_revision import own_commit
from rajee_deploy.errors import DeployError
from rajee_deploy.model.revision import commit_of
from rajee_deploy.plan import after_step, image_check
from rajee_deploy.plan.state import ImagePresent
from rajee_deploy.registry import image_gone

if TYPE_CHECKING:
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun


def check_unchanged(run: CurrentRun, planned: Planned, stack: str) -> None:
    """DeployErrors `stack-changed`, `image-changed`, `image-gone`, `checkout-changed`, and those of `image_check`."""
    check_stack(run, planned, stack)
    _check_images(run, planned, stack)
    if planned.is_of_checkout:
        _check_checkout(run, planned)


def check_stack(run: CurrentRun, planned: Planned, stack: str) -> None:
    """DeployError `stack-changed`: a question and a build can take long, and somebody deploys a newer commit."""
    if after_step.has_moved(planned.observed.stacks[stack], run.ports.reader.describe(stack)):
        raise DeployError(
            "stack-changed",
            f"somebody else changed stack {stack} since it was planned",
            where=f"stack {stack}",
            hint="run again: it is planned from what is deployed now",
        )


def _check_images(run: CurrentRun, planned: Planned, stack: str) -> None:
    """What the stack is told to run must be what was planned, or built, under that very tag.

    DeployErrors `image-changed`, `image-gone`, and those of `image_check`.
    """
    for image in planned.wanted.images:
        if image.stack != stack:
            continue
        now = image_state(run.ports.registry, image)
        problem = image_check.find_refusal(image, now)
        if problem is not None:
            raise problem
        before = planned.observed.images[image.name]
        if not isinstance(now, ImagePresent):
            raise image_gone(image.repository, str(image.tag), f"image {image.name}")
        if isinstance(before, ImagePresent) and before != now:
            raise DeployError(
                "image-changed",
                f"somebody else pushed another image as {image.tag} since it was planned",
                where=f"image {image.name}",
                hint="run again; an immutable repository lets nobody do that",
            )


def _check_checkout(run: CurrentRun, planned: Planned) -> None:
    """DeployError `checkout-changed`: HEAD moved. Files that were edited meanwhile are not in what is deployed: builds
    and synths compare what they take with what was hashed."""
    if own_commit(run)[0] != commit_of(planned.revision):
        raise DeployError(
            "checkout-changed",
            "the checkout has moved to another revision since this was planned",
            where=str(run.settings.root),
            hint="run again when nobody else works in it",
        )
