"""Which engine builds: what the settings, RAJEE_DEPLOY_ENGINE and CDK_DOCKER ask for, else what this machine has.

A new engine begins with its name, in `settings/engine_kinds.py`; then a case here, and its module beside this one.
Looks for an engine only when one is asked for something, since a run with nothing to build needs none.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.settings.engine_kinds import EngineKind, parse_kind
from rajee_deploy.system.process import find_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.engine import BuildEvent, BuildRequest, Engine
    from rajee_deploy.model import BaseConfig, Platform
    from rajee_deploy.model.repository import PushAccess
    from rajee_deploy.settings.build_settings import EngineSettings

VARIABLE = "RAJEE_DEPLOY_ENGINE"
_LIKE_BUILDAH = ("buildah", "podman")
_NAMING = ("DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER")  # as for docker: whoever sets one means that engine
_NO_BUILDX = ("docker-missing", "buildx-missing", "buildx-old", "no-engine")


def choose_engine(settings: EngineSettings) -> Engine:
    """The engine of these settings; the environment's word goes before theirs."""
    kind = _kind(settings)
    program = os.environ.get("CDK_DOCKER", "")
    is_like_buildah = Path(program).name in _LIKE_BUILDAH
    if kind is EngineKind.AUTO and not program and not settings.builder:
        return LocalEngine()
    from rajee_deploy.engine.buildah import Buildah
    from rajee_deploy.engine.buildx import Buildx

    match kind:
        case EngineKind.BUILDX:
            return Buildx(settings.builder)
        case EngineKind.BUILDAH:
            return Buildah(program) if is_like_buildah else Buildah()
        case EngineKind.AUTO:
            if is_like_buildah and not settings.builder:
                return Buildah(program)
            # A builder, or another docker, that was named: nothing else takes its place (nor an engine's: see _look).
            return Buildx(settings.builder)
        case _:
            assert_never(kind)


class LocalEngine:
    """The engine that this machine has: buildx where a Docker Engine answers, else buildah."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._version = ""
        self._looking = threading.Lock()

    def check(self) -> str:
        """See Engine."""
        self._found()
        return self._version

    def platform(self) -> Platform:
        """See Engine."""
        return self._found().platform()

    def base_config(
        self, image: str, platform: Platform, access: PushAccess, registry: Callable[[], BaseConfig]
    ) -> BaseConfig:
        """See Engine."""
        return self._found().base_config(image, platform, access, registry)

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        """See Engine."""
        return self._found().build_and_push(request, access, on_event)

    @property
    def chosen(self) -> Engine:
        """The one of the two that it is. DeployError as of `check`."""
        return self._found()

    def _found(self) -> Engine:
        with self._looking:
            if self._engine is None:
                self._engine, self._version = _look()
            return self._engine


def _look() -> tuple[Engine, str]:
    from rajee_deploy.engine.buildah import Buildah
    from rajee_deploy.engine.buildx import Buildx

    buildx = Buildx()
    try:
        return buildx, buildx.check()
    except DeployError as error:
        if error.code not in _NO_BUILDX:
            raise
        named = next((variable for variable in _NAMING if os.environ.get(variable)), "")
        if named or find_program("buildah") is None:
            instead = 'engine = "buildah" in the settings' if named else "install buildah"
            why = f" (not tried by itself, since {named} is set)" if named else ""
            error.hint = f"{error.hint}\nto build without an engine: {instead}{why}"
            raise
    buildah = Buildah()
    return buildah, f"{buildah.check()} (no Docker Engine answers)"


def _kind(settings: EngineSettings) -> EngineKind:
    text = os.environ.get(VARIABLE)
    if not text:
        return settings.kind
    try:
        kind = parse_kind(text)
    except ValueError as error:
        hint = f"unset {VARIABLE}   # or let it be one of those"
        raise ConfigurationError(
            "bad-settings", f"{VARIABLE} is {text!r}: {error}", where=VARIABLE, hint=hint
        ) from error
    if kind is EngineKind.BUILDAH and settings.builder:
        raise ConfigurationError(
            "bad-settings",
            f"the settings name the builder {settings.builder}, which is buildx's",
            where=VARIABLE,
            hint="leave one of the two out",
        )
    return kind
