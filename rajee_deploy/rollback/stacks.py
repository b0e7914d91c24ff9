"""Which stacks the images of a rollback belong to. The template stays, so a synth is made for a name's sake alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy import locating
from rajee_deploy.errors import DeployError
from rajee_deploy.planning import synthesise_planned
from rajee_deploy.stack_names import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.aws import Identity
    from rajee_deploy.facts import StackState
    from rajee_deploy.ports import Context
    from rajee_deploy.settings import ImageSettings


def locate(run: Context, who: Identity, images: Sequence[ImageSettings]) -> list[ImageSettings]:
    """The images with the stacks that their names mean. A synth is made where only that can tell.

    An app that cannot be hashed is no obstacle where CloudFormation knows the names: a rollback is for bad days.
    """
    locating.forget(run)
    names = list(dict.fromkeys(image.stack for image in images))
    try:
        infrastructure = locating.infrastructure_of(run)
    except DeployError:
        if all(map(is_plain, names)):
            return list(images)
        raise
    states = partial(_described, run, [name for name in names if is_plain(name)])
    locating.located(run, infrastructure, who, partial(synthesise_planned, run, infrastructure, who), states, names)
    located = {image.name: image for image in run.settings.images}
    return [located[image.name] for image in images]


def _described(run: Context, names: Sequence[str]) -> dict[str, StackState]:
    return {name: run.ports.reader.describe(name) for name in names}
