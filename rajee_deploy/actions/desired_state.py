"""The desired state: from settings, flags, environment and fingerprints to what a plan is to reach.

It must never ask AWS, nor decide whether anything is needed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.actions.locate import tables_of
from rajee_deploy.actions.run import chosen_stacks, unchosen_images
from rajee_deploy.image.protected_tags import former_keeper_of, keeper_of
from rajee_deploy.model.names import Drift
from rajee_deploy.plan.parameters import WantedParameter
from rajee_deploy.plan.state import Wanted, WantedImage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.settings import CdkSettings, ImageSettings


def wanted_state(
    run: CurrentRun, inputs: Mapping[str, ImageInputs], infrastructure: Fingerprint | None, who: Identity
) -> Wanted:
    """What this run wants: images under the tags of their fingerprints, and stacks with them."""
    stacks, settings = chosen_stacks(run), run.settings
    return Wanted(
        tuple(_wanted_image(run, image, who) for image in inputs.values()),
        stacks,
        infrastructure,
        settings.infra_check,
        by_cloudformation=settings.cdk.by_cloudformation,
        is_record_enough=settings.cdk.infra_check == "auto",
        parameters=wanted_parameters(settings.cdk, stacks, os.environ),
        tables=tables_of(run, stacks),
        drift=Drift.REPAIR_NOW if run.repair_drift else settings.drift,
        unchosen=unchosen_images(run),
    )


def wanted_parameters(
    cdk: CdkSettings, stacks: Sequence[str], environment: Mapping[str, str]
) -> dict[str, tuple[WantedParameter, ...]]:
    """By stack. A variable that is empty is one that is not set: CI systems make such of a secret that they lack."""
    return {
        stack: tuple(
            WantedParameter(
                name,
                (environment.get(given.variable) or None) if given.variable else given.value,
                given.variable,
                given.is_for_all,
            )
            for name, given in cdk.parameters[stack].items()
        )
        for stack in stacks
        if cdk.parameters.get(stack)
    }


def _wanted_image(run: CurrentRun, inputs: ImageInputs, who: Identity | None) -> WantedImage:
    """The image as facts; `who` deploys it, None where only the image itself matters."""
    image = inputs.settings
    return WantedImage(
        image.name,
        inputs.fingerprint,
        image.repository,
        image.stack,
        image.parameter,
        image.platforms,
        image.deploy_by,
        keeper_of(run.settings, image, who),
        _more_tags(run, image) if who is not None else (),
        image.context_key,
        former_keeper_of(run.settings, image, who),
    )


def _more_tags(run: CurrentRun, image: ImageSettings) -> tuple[str, ...]:
    tags = (*image.tags, *run.also_tags)
    if not tags:
        return ()
    from rajee_deploy.image.extra_tags import expand_tags

    return expand_tags(image, tags)
