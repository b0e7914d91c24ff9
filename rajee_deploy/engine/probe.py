"""Builds that are asked about, of `docker buildx`: which steps were cached, what came of them, or why it refused.

Nothing is pushed, tagged or kept. Must never decide what the answers mean.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import IO, TYPE_CHECKING, Protocol

from rajee_deploy.dataclass import dataclass
from rajee_deploy.engine.progress import Progress
from rajee_deploy.engine.secrets import secret_flags
from rajee_deploy.settings.build_settings import BuildSettings
from rajee_deploy.system.process import run, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rajee_deploy.engine import BuildEvent
    from rajee_deploy.system.process import Completed

_STEP = re.compile(r"\[(?:\S+ )*\d+/\d+\] (?!FROM )")  # how BuildKit names a step of the Dockerfile
# Names that would change the docker CLI itself when they went through the environment.
_TAKEN = re.compile(r"(DOCKER|BUILDX|BUILDKIT|LD|SSL|SSH)_.*|.*_PROXY|PATH|HOME|TMPDIR", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What to build. `image` is where the result goes as a tar; None when only the steps count. `target` is a stage,
    `settings` name secrets and ssh."""

    context: Path
    dockerfile: Path
    platform: str
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    image: Path | None = None
    target: str | None = None
    settings: BuildSettings = field(default_factory=BuildSettings)


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What became of it. `failure` is empty when it was built; the steps are the Dockerfile's, by BuildKit's names, but
    for FROM."""

    failure: str
    cached: frozenset[str] = frozenset()
    ran: frozenset[str] = frozenset()


class ProbeEngine(Protocol):
    """An engine that answers small builds."""

    def check(self) -> str:
        """Say which engine it is. DeployError when there is none."""
        ...

    def probe(self, request: ProbeRequest) -> ProbeAnswer:
        """Build; a refusal is an answer too."""
        ...

    def export(self, request: ProbeRequest, consume: Callable[[IO[bytes]], None]) -> ProbeAnswer:
        """Build, and hand the files of the result to `consume` as a tar that is read once, from its beginning."""
        ...


class BuildxProbe:
    """The engine that the user's own docker settings point at."""

    def check(self) -> str:
        """See ProbeEngine."""
        from rajee_deploy.engine.buildx import Buildx

        return Buildx().check()

    def probe(self, request: ProbeRequest) -> ProbeAnswer:
        """See ProbeEngine."""
        output = "type=cacheonly" if request.image is None else f"type=tar,dest={request.image}"
        answer = _Answer()
        argv, environment = _command(request, output)
        return answer.of(run(argv, env=environment, on_line=answer.progress.line))

    def export(self, request: ProbeRequest, consume: Callable[[IO[bytes]], None]) -> ProbeAnswer:
        """See ProbeEngine."""
        answer = _Answer()
        argv, environment = _command(request, "type=tar,dest=-")
        return answer.of(stream(argv, consume, env=environment, on_line=answer.progress.line))


class _Answer:
    """What is heard while a build runs."""

    def __init__(self) -> None:
        self._events: list[BuildEvent] = []
        self.progress = Progress(self._events.append)

    def of(self, ended: Completed) -> ProbeAnswer:
        steps = [event for event in self._events if event.seconds is not None and _STEP.match(event.name)]
        ran = frozenset(event.name for event in steps if not event.cached)
        cached = frozenset(event.name for event in steps) - ran
        failure = self.progress.failure() or f"it ended with {ended.code}" if ended.code else ""
        return ProbeAnswer(failure, cached, ran)


def _command(request: ProbeRequest, output: str) -> tuple[list[str], dict[str, str]]:
    """The argument list, and the variables that carry the build arguments' values."""
    from rajee_deploy.engine.docker_engine import docker_program

    argv = [
        docker_program(),
        "buildx",
        "build",
        "--progress=rawjson",
        f"--output={output}",
        "--provenance=false",
        f"--platform={request.platform}",
        f"--file={request.dockerfile}",
    ]
    if request.target is not None:
        argv.append(f"--target={request.target}")
    argv += [*secret_flags(request.settings.secrets), *(f"--ssh={each}" for each in request.settings.ssh)]
    argv += [f"--build-context={name}={where}" for name, where in sorted(request.build_contexts.items())]
    environment = {}
    reserved = {secret.variable for secret in request.settings.secrets}
    for name, value in sorted(request.build_args.items()):
        if _TAKEN.fullmatch(name) or name in reserved:
            argv.append(f"--build-arg={name}={value}")
        else:
            argv.append(f"--build-arg={name}")
            environment[name] = value
    return [*argv, str(request.context)], environment
