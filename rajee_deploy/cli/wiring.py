"""From flags to the real ports, for the verbs that meet AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.aws import Aws
from rajee_deploy.cli.images import SettingsFlags, chosen_images
from rajee_deploy.console import Console
from rajee_deploy.engine.choice import choose_engine
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.stack.cdk import Cdk
from rajee_deploy.stack.cloudformation import CloudFormation
from rajee_deploy.stack.inputs import infra_fingerprint
from rajee_deploy.up import Context, Ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make_context(
    flags: tuple[str | None, Sequence[str] | None, Path | None],
    profile: str | None,
    region: str | None,
    *,
    verbose: bool = False,
) -> Context:
    """Settings, images and ports of one run. `flags` are the environment, the images and the settings file."""
    settings, images = chosen_images(SettingsFlags(*flags))
    aws = Aws(profile or settings.profile, region or settings.region)
    cdk = settings.cdk
    engine = choose_engine(settings.engine)
    ports = Ports(Ecr(aws), CloudFormation(aws), Cdk(cdk, aws), engine, aws.identity, lambda: infra_fingerprint(cdk))
    return Context(settings, images, ports, Console(verbose=verbose))
