"""From flags to the real ports, for the verbs that meet AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.aws import Aws
from rajee_deploy.cli.images import SettingsFlags, chosen_images
from rajee_deploy.console import Console
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.stack.app import CdkApp
from rajee_deploy.stack.cdk import Cdk
from rajee_deploy.stack.cloudformation import CloudFormation
from rajee_deploy.stack.revision import checkout_revision
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
    infra_check: str | None = None,
) -> Context:
    """Settings, images and ports of one run. `flags` are the environment, the images and the settings file."""
    settings, images = chosen_images(SettingsFlags(*flags))
    if infra_check:
        settings = replace(settings, cdk=replace(settings.cdk, infra_check=infra_check))
    aws = Aws(profile or settings.profile, region or settings.region)
    app = CdkApp(settings.cdk, settings.environment)
    ports = Ports(
        Ecr(aws), CloudFormation(aws), Cdk(settings.cdk, aws, app.tracer), Buildx(), aws.identity, app.fingerprint,
        lambda: checkout_revision(settings.root), app.store,
    )  # fmt: skip
    return Context(settings, images, ports, Console(verbose=verbose))
