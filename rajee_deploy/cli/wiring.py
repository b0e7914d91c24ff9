"""From flags to the real ports, for the verbs that meet AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.aws import Aws
from rajee_deploy.cli.images import SettingsFlags, chosen_images
from rajee_deploy.console import Console
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.places import state_directory
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.verdicts import Verdicts
from rajee_deploy.stack.cdk import Cdk
from rajee_deploy.stack.cloudformation import CloudFormation
from rajee_deploy.stack.inputs import infra_fingerprint
from rajee_deploy.tags import tag_problem
from rajee_deploy.up import Context, Ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make_context(
    flags: tuple[str | None, Sequence[str] | None, Path | None],
    profile: str | None,
    region: str | None,
    *,
    also_tags: Sequence[str] | None = None,
    verbose: bool = False,
) -> Context:
    """Settings, images and ports of one run. `flags` are the environment, the images and the settings file."""
    tags = _checked(also_tags or ())
    settings, images = chosen_images(SettingsFlags(*flags))
    aws = Aws(profile or settings.profile, region or settings.region)
    cdk = settings.cdk
    ports = Ports(
        Ecr(aws, Verdicts(state_directory() / "verdicts.json")), CloudFormation(aws), Cdk(cdk, aws), Buildx(),
        aws.identity, lambda: infra_fingerprint(cdk),
    )  # fmt: skip
    return Context(settings, images, ports, Console(verbose=verbose), tags)


def _checked(tags: Sequence[str]) -> tuple[str, ...]:
    for tag in tags:
        problem = tag_problem(tag)
        if problem:
            raise ConfigurationError("bad-tag", f"--also-tag {tag!r}: {problem}")
    return tuple(tags)
