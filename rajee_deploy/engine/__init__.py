"""The engine: a staged build context in, a pushed image out. One Protocol; `buildx` and `buildah` are the adapters.

This room never decides whether a build is needed, and never says that an image is there: the registry does.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from rajee_deploy.dataclass import dataclass
from rajee_deploy.settings.build_settings import BuildSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rajee_deploy.model import BaseConfig, Platform
    from rajee_deploy.model.dialect import Dialect
    from rajee_deploy.model.repository import PushAccess


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build. `context` and `dockerfile` lie in the private staged directory; `build_contexts` are named ones.

    Build arguments may be private: they are handed over in the environment, never in the argument list. Of secrets
    the request holds ids and where the values are. `shown_dockerfile` is the Dockerfile as the user would name it, for
    messages; `name` is the image's own, and the scope of its build cache. `proxies` are the build arguments of docker's
    configuration, private too: no others are added, whatever the engine's own configuration says. An engine that
    remembers contexts by the names of their directories calls `on_loaded` once it has ended all their transfers in
    order, also where the build then failed. `dialect` writes the Dockerfile in plain words, for an engine that is not
    BuildKit.
    """

    context: Path
    dockerfile: Path
    platforms: tuple[Platform, ...]  # several make an image index
    reference: str  # host[:port]/name:tag
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict, repr=False)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    settings: BuildSettings = field(default_factory=BuildSettings)
    shown_dockerfile: str = "Dockerfile"
    name: str = "image"
    on_loaded: Callable[[], None] = lambda: None
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    dialect: Dialect | None = None


@dataclass(frozen=True, slots=True)
class BuildEvent:
    """One step of the build that ended, or began or goes on (`seconds` is None).

    While it moves data, `moved` and `size` are bytes (size 0: unknown) over the `layers` it has begun to move.
    """

    name: str
    seconds: float | None = None
    cached: bool = False
    moved: int = 0
    size: int = 0
    layers: int = 0


class Engine(Protocol):
    """What the tool asks of a container engine."""

    def check(self) -> str:
        """Find that the engine answers and can build; returns its name and version. DeployError with what to do."""
        ...

    def platform(self) -> Platform:
        """The platform of the machine that builds: what BUILDPLATFORM is there. DeployError where it cannot be told."""
        ...

    def base_config(
        self, image: str, platform: Platform, access: PushAccess, registry: Callable[[], BaseConfig]
    ) -> BaseConfig:
        """What a base image has by ENV and ONBUILD, where a build takes it from. `registry` asks the image's registry,
        for an engine that would take it from there. DeployError `base-unknown` when it cannot be found out."""
        ...

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        """Build and push; returns the digest the engine reports ("" where none).

        DeployErrors: `build-failed`, whose `where` is the failing line of the user's Dockerfile when that is known and
        whose `cause` holds the last lines; `secret-missing`; `engine-cannot` for a setting that it does not know.
        May be called from several threads at a time.
        """
        ...
