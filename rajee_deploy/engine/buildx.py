"""`docker buildx build --push`: BuildKit through the docker CLI.

docker-py builds through the legacy API only, and its push tells failures inside a stream with HTTP status 200; so it
is used for what it does well (is an engine there, which version) and the build goes through the CLI.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from rajee_deploy.engine.failures import failure
from rajee_deploy.engine.login import private_docker_config
from rajee_deploy.engine.progress import Progress
from rajee_deploy.errors import DeployError
from rajee_deploy.process import find_program, run
from rajee_deploy.scratch import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rajee_deploy.engine import BuildEvent, BuildRequest
    from rajee_deploy.model import Platform, PushAccess

OLDEST_BUILDX = (0, 13)  # the first with --progress rawjson
_CHECK_SECONDS = 20.0
_STEP = re.compile(r"\[(?:\S+ )?\d+/\d+\] (.+)", re.DOTALL)  # how BuildKit names a step of the Dockerfile
# A build argument of such a name cannot go through the environment, where it would change the docker CLI itself.
_TAKEN = re.compile(
    r"(PATH|HOME|TMPDIR|LD_.*|SSL_CERT_.*|DOCKER_.*|BUILDX_.*|BUILDKIT_.*|SSH_AUTH_SOCK|"
    r"(https?|no|all|ftp)_proxy|(HTTPS?|NO|ALL|FTP)_PROXY)"
)


class Buildx:
    """The Docker Engine that the user's own docker settings point at."""

    def check(self) -> str:
        """See Engine: the CLI, an engine that answers, and a buildx that is new enough."""
        docker = _docker()
        version = run([docker, "buildx", "version"], time_limit=_CHECK_SECONDS)
        found = re.search(r"v?(\d+)\.(\d+)", version.tail[0]) if version.code == 0 and version.tail else None
        if found is None:
            raise DeployError(
                "buildx-missing", "docker has no buildx plugin", where=docker, cause="\n".join(version.tail[-3:]),
                hint="install docker-buildx (Debian 13, Ubuntu) or docker-buildx-plugin (Docker's own packages)",
            )  # fmt: skip
        if (int(found[1]), int(found[2])) < OLDEST_BUILDX:
            raise DeployError(
                "buildx-old", f"buildx {found[1]}.{found[2]} is too old", where=docker,
                hint="install buildx {}.{} or newer".format(*OLDEST_BUILDX),
            )  # fmt: skip
        return f"Docker Engine {engine_version()}, buildx {found[1]}.{found[2]}"

    def base_triggers(self, image: str, platform: Platform, access: PushAccess) -> tuple[str, ...]:
        """See Engine. BuildKit itself is asked: it builds nothing but `FROM image`, with an empty build context, and
        shows the steps that the image adds. A registry's tools leave ONBUILD out of what they tell of an image."""
        seen: list[str] = []
        progress = Progress(lambda event: seen.append(event.name))
        with private_docker_config(access) as login, private_directory("build") as scratch:
            context = scratch / "context"
            context.mkdir()
            dockerfile = scratch / "Dockerfile"
            dockerfile.write_text(f"FROM {image}\n", "utf-8")
            ended = run(
                [_docker(), "buildx", "build", "--progress=rawjson", "--output=type=cacheonly", "--provenance=false",
                 f"--platform={platform}", f"--file={dockerfile}", str(context)],
                env=login,
                on_line=progress.line,
            )  # fmt: skip
        steps = (match[1] for name in dict.fromkeys(seen) if (match := _STEP.fullmatch(name)))
        triggers = tuple(step for step in steps if not step.startswith("FROM "))
        if ended.code != 0 and not triggers:
            raise DeployError(
                "base-unknown", f"the base image {image} cannot be used", where=image, cause=progress.failure(),
                hint="check its name, its platform and your login to its registry",
            )  # fmt: skip
        return triggers

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        """See Engine."""
        progress = Progress(on_event)
        with private_docker_config(access) as login, private_directory("build") as scratch:
            metadata = scratch / "metadata.json"
            argv, environment = _command(_docker(), request, metadata)
            ended = run(argv, env={**login, **environment}, on_line=progress.line)
            if ended.code != 0:
                raise failure(
                    f"docker buildx build ended with {ended.code}", str(request.reference), progress.failure()
                )
            return _pushed_digest(metadata)


def engine_version() -> str:
    """The engine's version, asked through docker-py at the address of the user's current docker context."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.DockerClient(base_url=_engine_address(), timeout=int(_CHECK_SECONDS))
        try:
            return str(client.version()["Version"])
        finally:
            client.close()
    except (DockerException, OSError) as error:
        raise DeployError(
            "no-engine", "no Docker Engine answers", where=_engine_address() or "DOCKER_HOST", cause=str(error),
            hint="start Docker (Linux: systemctl start docker), or point DOCKER_HOST or a docker context at an engine",
        ) from error  # fmt: skip


def _engine_address() -> str | None:
    from docker.context import ContextAPI

    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    named = os.environ.get("DOCKER_CONTEXT")
    context = ContextAPI.get_context(named) if named else ContextAPI.get_current_context()
    if named and context is None:
        raise DeployError(
            "no-engine",
            f"the docker context {named!r} does not exist",
            where="DOCKER_CONTEXT",
            hint="docker context ls",
        )
    return str(context.Host) if context is not None and context.Host else None


def _docker() -> str:
    found = find_program(os.environ.get("CDK_DOCKER") or "docker")
    if found is None:
        raise DeployError(
            "docker-missing", "the docker command is not installed",
            hint="install Docker Engine with buildx; only a changed image needs it",
        )  # fmt: skip
    return found


def _command(docker: str, request: BuildRequest, metadata: Path) -> tuple[list[str], Mapping[str, str]]:
    """The argument list, and the variables that carry the build arguments' values."""
    argv = [
        docker, "buildx", "build", "--progress=rawjson", "--push",
        # Provenance would make the pushed digest differ on every build, and turn a plain image into an index.
        "--provenance=false",
        f"--platform={request.platform}", f"--file={request.dockerfile}", f"--tag={request.reference}",
        f"--metadata-file={metadata}",
    ]  # fmt: skip
    if request.target is not None:
        argv.append(f"--target={request.target}")
    argv += [f"--build-context={name}={reference}" for name, reference in sorted(request.build_contexts.items())]
    argv += [f"--label={name}={value}" for name, value in sorted(request.labels.items())]
    environment = {}
    for name, value in sorted(request.build_args.items()):
        if _TAKEN.fullmatch(name):
            argv.append(f"--build-arg={name}={value}")
        else:
            argv.append(f"--build-arg={name}")
            environment[name] = value
    return [*argv, str(request.context)], environment


def _pushed_digest(metadata: Path) -> str:
    try:
        return str(json.loads(metadata.read_text("utf-8")).get("containerimage.digest", ""))
    except (OSError, ValueError):
        return ""  # only a hint: the registry is asked what it has
