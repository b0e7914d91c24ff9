"""The verb that prints what IAM has to allow. Offline: it asks neither AWS nor an engine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from rajee_deploy.cli.flags import Config, Environment, Region  # noqa: TC001 -- typer reads the annotations
from rajee_deploy.names import Who


def permissions(
    who: Annotated[Who, typer.Argument(help="plan: to look only. up: to build, push and deploy, too.")] = Who.up,
    environment: Environment = None,
    region: Region = None,
    config: Config = None,
) -> None:
    """Print the IAM policy that plan or up needs, for the stacks and repositories of the settings. Offline.

    \b
    rajee-deploy permissions plan            ACCOUNT and REGION stand where the settings do not say them
    rajee-deploy permissions up -e prod > policy.json
    """
    import json

    from rajee_deploy.cli.images import SettingsFlags, chosen_images
    from rajee_deploy.console import Console
    from rajee_deploy.permissions import Place, policy

    settings, images = chosen_images(SettingsFlags(environment, None, config))
    place = Place(
        settings.account or "ACCOUNT",
        region or settings.region or os.environ.get("AWS_REGION") or "REGION",
        settings.cdk.stacks,
        [image.repository for image in images],
        list(dict.fromkeys(image.stack for image in images if image.context_key)),
    )
    Console().data(json.dumps(policy(who, place), indent=2))
