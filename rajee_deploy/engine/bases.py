"""What a base image has by ENV and ONBUILD, as a builder of buildx would take it.

Owns where it is looked for, and in which order: that of BuildKit. Must never decide what it means for a build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.engine.login import private_docker_config
from rajee_deploy.engine.progress import Progress
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import BaseConfig, Platform
from rajee_deploy.system.process import run
from rajee_deploy.system.temporary import private_directory
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.model.repository import PushAccess

_INFO_SECONDS = 20.0
_STEP = re.compile(r"\[(?:\S+ )?\d+/\d+\] (.+)", re.DOTALL)  # how BuildKit names a step of the Dockerfile


@dataclass(frozen=True, slots=True)
class Taker:
    """A builder: the docker command of the engine that builds (empty where another builder does), and the command that
    begins a build."""

    engine: tuple[str, ...]
    build: tuple[str, ...]

    def config(
        self, image: str, platform: Platform, access: PushAccess, registry: Callable[[], BaseConfig]
    ) -> BaseConfig:
        """See Engine.base_config. A builder that is a Docker Engine takes an image that it has; with containerd's image
        store it does so only where the registry does not answer."""
        own = self._own_config(image, platform)
        if own is not None and not self._asks_registries_first():
            return own
        try:
            return registry()
        except DeployError as error:
            return own or self._shown_config(image, platform, access, error)

    def _own_config(self, image: str, platform: Platform) -> BaseConfig | None:
        """What the Docker Engine that builds has under the name; None for other builders, and where it has none."""
        if not self.engine:
            return None
        lines: list[str] = []
        asked = run([*self.engine, "image", "inspect", "--format={{json .}}", image], on_line=lines.append)
        if asked.code != 0 or not lines:
            return None
        try:
            document = parse_json(lines[-1])
            parts = [document.get("Os"), document.get("Architecture"), document.get("Variant")]
            is_ours = Platform.parse("/".join(part for part in parts if part)) == platform
        except (ValueError, AttributeError, ConfigurationError):
            return None
        return config_of(document.get("Config")) if is_ours else None

    def _asks_registries_first(self) -> bool:
        asked = run([*self.engine, "info", "--format={{json .DriverStatus}}"], time_limit=_INFO_SECONDS)
        return asked.code != 0 or "io.containerd.snapshotter" in "".join(asked.tail)

    def _shown_config(self, image: str, platform: Platform, access: PushAccess, why: DeployError) -> BaseConfig:
        """What BuildKit itself shows of an image whose registry only it can ask (by a mirror, or with its own
        certificates): the steps of a build of nothing but `FROM image`, with an empty build context. One that fails
        proves nothing: a trigger behind the one that failed is never named."""
        seen: list[str] = []
        progress = Progress(lambda event: seen.append(event.name))
        with private_docker_config(access) as login, private_directory("build") as scratch:
            # Under a name that no engine knows: it would empty what it keeps of the user's own `context`.
            context = scratch / scratch.name
            context.mkdir()
            dockerfile = scratch / "Dockerfile"
            dockerfile.write_text(f"FROM {image}\n", "utf-8")
            ended = run(
                [
                    *self.build,
                    "--progress=rawjson",
                    "--output=type=cacheonly",
                    "--provenance=false",
                    f"--platform={platform}",
                    f"--file={dockerfile}",
                    str(context),
                ],
                env=login,
                on_line=progress.line,
            )
        if ended.code != 0:
            raise DeployError(
                "base-unknown",
                f"what the base image {image} has by ENV and ONBUILD cannot be found out",
                where=image,
                cause=f"{why.problem}\n{progress.failure()}",
                hint="check its name, its platform and your login to its registry; or rajee-deploy lock, where its "
                "registry can be asked",
            ) from why
        steps = (match[1] for name in dict.fromkeys(seen) if (match := _STEP.fullmatch(name)))
        triggers = tuple(step for step in steps if not step.startswith("FROM ") and "<<" not in step)
        return BaseConfig((), triggers, is_whole=False)


def config_of(config: Any) -> BaseConfig:
    """ENV and ONBUILD of an image configuration as docker and buildah show it."""
    if not isinstance(config, dict):
        return BaseConfig()
    env = dict(str(text).partition("=")[::2] for text in _list(config.get("Env")))
    return BaseConfig(tuple(env.items()), tuple(str(text) for text in _list(config.get("OnBuild"))))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
