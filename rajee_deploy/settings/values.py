"""What the user configured, as values. Pure."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import ASSET_PREFIX, Approval, DeployBy, Drift, InfraCheck
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.settings.build_settings import BuildSettings, EngineSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.model import Platform
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.parameters import Given


LOCK_NAME = "rajee-deploy.lock"
DEFAULT_PARAMETER = "ImageTag"
DEFAULT_PLATFORM = (
    "linux/amd64"  # what ECS Fargate runs unless told otherwise; never the host's, which differs by machine
)


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """One image: what it is built from, where it goes, and which stack parameter receives its tag."""

    name: str
    context: Path
    dockerfile: Path
    repository: Repository
    platforms: tuple[Platform, ...]  # at least one; several make an image index
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    stack: str = ""
    parameter: str = DEFAULT_PARAMETER
    lock: Path | None = None  # where the lock file of base images lies, if there is one
    deploy_by: DeployBy = DeployBy.TAG
    tags: tuple[str, ...] = ()  # additional ones, with their placeholders
    labels: Mapping[str, str] = field(default_factory=dict)
    build: BuildSettings = field(default_factory=BuildSettings)
    context_key: str = ""  # the CDK context value that is given the tag, where no parameter takes it
    syntax_mirrors: tuple[str, ...] = ()  # of Docker Hub: hosts with the path before docker/dockerfile; set for all

    @property
    def is_asset(self) -> bool:
        """Whether it is none of the settings, but declared by the app (see `adopted`)."""
        return self.parameter.startswith(ASSET_PREFIX)


@dataclass(frozen=True, slots=True)
class CdkSettings:
    """The CDK app: its directory, the stacks in the order they are deployed, and what synth gets from outside."""

    app: Path
    stacks: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)
    env: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    infra_check: str = "auto"
    approval: Approval = Approval.INTERACTIVE
    by_cloudformation: bool = False  # `tag-only`: a new image alone goes without the CDK CLI
    parameters: Mapping[str, Mapping[str, Given]] = field(default_factory=dict)  # the app's own, by stack and name
    project: Path | None = None  # where the settings lie: what is beyond that checkout is walked within a bound
    adopts_images: bool = False  # `image-assets`: those of the app are built here, and not by the CDK CLI


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the user configured, for one environment ("" where none was named)."""

    path: Path
    images: tuple[ImageSettings, ...]
    cdk: CdkSettings
    environment: str = ""
    profile: str | None = None
    region: str | None = None
    account: str | None = None
    environments: tuple[str, ...] = ()  # all that the file knows
    engine: EngineSettings = field(default_factory=EngineSettings)
    production: bool = False
    require_ancestry: bool = False
    drift: Drift = Drift.LEAVE
    stack_accounts: tuple[str, ...] = ()  # other accounts that the app may put stacks into, where `account` is set
    syntax_mirrors: tuple[str, ...] = ()  # the same that each image has, for those that the app declares
    # The stacks that the names in here mean, by what they go by (see `stack_names`), once that is known.
    places: Mapping[str, StackPlace] = field(default_factory=dict)

    def place_of(self, stack: str) -> StackPlace:
        """Which stack it is that goes by this; where that is not known, one of this very name where the caller is."""
        return self.places.get(stack) or StackPlace(stack, stack)

    @property
    def infra_check(self) -> InfraCheck:
        """On what "unchanged" may stand: as set, else on a synth in production, and elsewhere on hashes first."""
        if self.cdk.infra_check != "auto":
            return InfraCheck(self.cdk.infra_check)
        return InfraCheck.SYNTH if self.production else InfraCheck.AUTO

    @property
    def root(self) -> Path:
        """The directory that relative paths in the settings start from."""
        return self.path.parent
