"""The verb that prints what IAM has to allow. Offline: it asks neither AWS nor an engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.aws import Identity
from rajee_deploy.cli.flags import Config, Environment, Region  # noqa: TC001 -- typer reads the annotations
from rajee_deploy.model.names import Who
from rajee_deploy.plan.stack_names import StackPlace, usual_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.model.repository import Repository


def permissions(
    who: Annotated[Who, typer.Argument(help="plan: to look only. up: to build, push and deploy, too.")] = Who.up,
    environment: Environment = None,
    region: Region = None,
    config: Config = None,
) -> None:
    """Print the IAM policy that plan or up needs. For the stacks and repositories of the settings; ACCOUNT and REGION
    stand where these do not say them. Offline.

    \b
    rajee-deploy permissions plan
    rajee-deploy permissions up -e prod > policy.json
    """
    import json

    from rajee_deploy.aws.permissions import PolicyPlace, policy
    from rajee_deploy.cli.wiring import make_context
    from rajee_deploy.engine.cache import cache_repositories

    run = make_context((environment, None, config), None, region)
    account = run.settings.account or "ACCOUNT"
    where = region or run.settings.region or os.environ.get("AWS_REGION") or "REGION"
    places = _places(run, Identity(account, where))
    place = PolicyPlace(
        account,
        where,
        [places[stack] for stack in run.settings.cdk.stacks],
        [*(image.repository for image in run.images), *_of_assets(run, places, Identity(account, where))],
        [places[stack] for stack in dict.fromkeys(image.stack for image in run.images if image.context_key)],
        [each for image in run.images for each in cache_repositories(image.build.cache_from, image.repository)],
        [each for image in run.images for each in cache_repositories(image.build.cache_to, image.repository)],
    )
    run.console.data(json.dumps(policy(who, place), indent=2))


def _of_assets(run: CurrentRun, places: Mapping[str, StackPlace], who: Identity) -> list[Repository]:
    """The repositories of images that the app declares."""
    from rajee_deploy.actions.adopted import asset_repositories

    return asset_repositories(run.settings, [places[stack] for stack in run.settings.cdk.stacks], who)


def _places(run: CurrentRun, who: Identity) -> dict[str, StackPlace]:
    """The stacks of the settings: by the last synth of what is here, else by what their names are in most apps."""
    from rajee_deploy.actions import locate
    from rajee_deploy.errors import DeployError

    try:
        known = locate.what_is_known(run, locate.infrastructure_of(run), who) if run.settings.cdk.stacks else {}
    except DeployError:
        known = {}  # what cannot be hashed is not remembered
    if known:
        locate.bind_names(run, known, who)
        return {stack: run.settings.place_of(stack) for stack in run.settings.cdk.stacks}
    found = {name: StackPlace(name, usual_name(name)) for name in locate.names_of(run)}
    for name, stack in found.items():
        if name != stack.name:
            text = (
                f"{name} is taken for {stack.name}: no synth for {who.account} in {who.region} is known here that says"
            )
            run.console.warn("", f"{text} which stacks it means (rajee-deploy plan makes one)")
    return found
