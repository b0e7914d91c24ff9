"""Small builds that only copy, asked of `docker buildx`: which steps were cached, or why it refused.

Nothing is pushed, tagged or kept. Must never decide what the answers mean.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rajee_deploy.engine.progress import Progress
from rajee_deploy.errors import DeployError
from rajee_deploy.process import find_program, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.engine import BuildEvent

# Names that would change the docker CLI itself when they went through the environment.
_TAKEN = re.compile(r"(DOCKER|BUILDX|BUILDKIT|LD|SSL|SSH)_.*|.*_PROXY|PATH|HOME|TMPDIR", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What to build. `image` is where the result goes as a tar; None when only the steps count."""

    context: Path
    dockerfile: Path
    platform: str
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What became of it. `failure` is empty when it was built; the steps are those that copy, by BuildKit's names."""

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


class BuildxProbe:
    """The engine that the user's own docker settings point at."""

    def check(self) -> str:
        """See ProbeEngine."""
        from rajee_deploy.engine.buildx import Buildx

        return Buildx().check()

    def probe(self, request: ProbeRequest) -> ProbeAnswer:
        """See ProbeEngine."""
        docker = find_program(os.environ.get("CDK_DOCKER") or "docker")
        if docker is None:
            raise DeployError("docker-missing", "the docker command is not installed")
        events: list[BuildEvent] = []
        progress = Progress(events.append)
        argv, environment = _command(docker, request)
        ended = run(argv, env=environment, on_line=progress.line)
        copies = [event for event in events if "] COPY " in event.name and event.seconds is not None]
        cached = frozenset(event.name for event in copies if event.cached)
        ran = frozenset(event.name for event in copies) - cached
        return ProbeAnswer(progress.failure() or f"it ended with {ended.code}" if ended.code else "", cached, ran)


def _command(docker: str, request: ProbeRequest) -> tuple[list[str], dict[str, str]]:
    """The argument list, and the variables that carry the build arguments' values."""
    output = "type=cacheonly" if request.image is None else f"type=tar,dest={request.image}"
    argv = [
        docker, "buildx", "build", "--progress=rawjson", f"--output={output}", "--provenance=false",
        f"--platform={request.platform}", f"--file={request.dockerfile}",
    ]  # fmt: skip
    argv += [f"--build-context={name}={where}" for name, where in sorted(request.build_contexts.items())]
    environment = {}
    for name, value in sorted(request.build_args.items()):
        if _TAKEN.fullmatch(name):
            argv.append(f"--build-arg={name}={value}")
        else:
            argv.append(f"--build-arg={name}")
            environment[name] = value
    return [*argv, str(request.context)], environment
