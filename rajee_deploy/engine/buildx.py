"""`docker buildx build --push`: BuildKit through the docker CLI.

docker-py builds through the legacy API only, and its push tells failures inside a stream with HTTP status 200; so the
build goes through the CLI. Which docker command that is, and whether an engine answers: docker_engine.py.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.engine import bases
from rajee_deploy.engine.ambient import NEUTRAL
from rajee_deploy.engine.cache import cache_flags
from rajee_deploy.engine.docker_engine import CHECK_SECONDS, docker_program, engine_version
from rajee_deploy.engine.failures import exports_no_cache, failure, without_cache
from rajee_deploy.engine.location import locate_failure
from rajee_deploy.engine.login import private_docker_config
from rajee_deploy.engine.progress import Progress
from rajee_deploy.engine.secrets import Redactor, secret_flags
from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.model import Platform
from rajee_deploy.settings.build_settings import Provenance
from rajee_deploy.system.places import user_docker_config
from rajee_deploy.system.process import run
from rajee_deploy.system.regular_files import DOCUMENT, read_json
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rajee_deploy.engine import BuildEvent, BuildRequest
    from rajee_deploy.model import BaseConfig
    from rajee_deploy.model.repository import PushAccess

OLDEST_BUILDX = (0, 13)  # the first with --progress rawjson
_BUILDER_SECONDS = 120.0  # a builder in a container or a cluster may have to be started first
# A build argument of such a name cannot go through the environment, where it would change the docker CLI itself.
_TAKEN = re.compile(
    r"(PATH|HOME|TMPDIR|XDG_.*|CONTAINERS_.*|BUILDAH_.*|STORAGE_.*|REGISTRY_AUTH_FILE|LD_.*|SSL_CERT_.*|DOCKER_.*|BUILDX_.*|BUILDKIT_.*|SSH_AUTH_SOCK|"
    r"(https?|no|all|ftp)_proxy|(HTTPS?|NO|ALL|FTP)_PROXY)"
)


class Buildx:
    """A builder of buildx: the one that is named, else the user's current one (mostly the Docker Engine itself).

    `CDK_DOCKER` names another docker program, as for the CDK CLI.
    """

    def __init__(self, builder: str | None = None) -> None:
        self._builder = builder

    def check(self) -> str:
        """See Engine: the CLI, an engine that answers, and a buildx that is new enough."""
        docker = docker_program()
        version = run([docker, "buildx", "version"], time_limit=CHECK_SECONDS)
        found = re.search(r"v?(\d+)\.(\d+)", version.tail[0]) if version.code == 0 and version.tail else None
        if found is None:
            raise DeployError(
                "buildx-missing",
                "docker has no buildx plugin",
                where=docker,
                quote=Quote(version.tail[-3:]),
                hint="install docker-buildx (Debian 13, Ubuntu) or docker-buildx-plugin (Docker's own packages)",
            )
        if (int(found[1]), int(found[2])) < OLDEST_BUILDX:
            raise DeployError(
                "buildx-old",
                f"buildx {found[1]}.{found[2]} is too old",
                where=docker,
                hint="install buildx {}.{} or newer".format(*OLDEST_BUILDX),
            )
        named = self._builder or os.environ.get("BUILDX_BUILDER")
        engine = _check_builder(docker, named) if named else f"Docker Engine {engine_version(docker)}"
        return f"{engine}, buildx {found[1]}.{found[2]}"

    def platform(self) -> Platform:
        """See Engine. BuildKit takes the first that its worker names; those with a star are what somebody told buildx
        of the builder."""
        docker, named = docker_program(), self._builder or os.environ.get("BUILDX_BUILDER", "")
        program = _buildx(docker, named) if named else [docker, "buildx"]
        lines: list[str] = []
        ask = [*program, "inspect", "--bootstrap", *([named] if named else [])]
        run(ask, time_limit=_BUILDER_SECONDS, on_line=lines.append)
        listed = next((line.partition(":")[2] for line in lines if line.startswith("Platforms:")), "")
        texts = [text.strip() for text in listed.split(",") if text.strip()]
        own = [text for text in texts if not text.endswith("*")] or [text.rstrip("*") for text in texts]
        if not own:
            raise DeployError(
                "no-builder",
                "the builder does not tell its platforms",
                where=f"builder {named or 'in use'}",
                quote=Quote(tuple(lines[-3:])),
                hint="docker buildx inspect shows what it knows of itself",
            )
        return Platform.parse(own[0])

    def base_config(
        self, image: str, platform: Platform, access: PushAccess, registry: Callable[[], BaseConfig]
    ) -> BaseConfig:
        """See Engine."""
        taker = bases.Taker(tuple(self.docker_engine), tuple(self._build_command()))
        return taker.config(image, platform, access, registry)

    @cached_property
    def docker_engine(self) -> list[str]:
        """The docker command for the engine that builds; empty where another builder does."""
        docker = docker_program()
        named = self._builder or os.environ.get("BUILDX_BUILDER", "")
        program = _buildx(docker, named) if named else [docker, "buildx"]
        lines: list[str] = []
        run([*program, "inspect", *([named] if named else [])], time_limit=_BUILDER_SECONDS, on_line=lines.append)
        # Its own name comes first, and then those of its nodes.
        facts = dict(line.split(maxsplit=1) for line in reversed(lines) if re.match(r"(Driver|Name):\s+\S", line))
        if facts.get("Driver:") != "docker":
            return []
        return [docker] if facts.get("Name:") == "default" else [docker, f"--context={facts.get('Name:')}"]

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        """See Engine."""
        try:
            return self._build_and_push(request, access, on_event)
        except DeployError as error:
            if not request.settings.cache_to or not exports_no_cache(error.cause):
                raise
            refused = error
        # A cache is no input: what cannot export one builds all the same.
        self._build_and_push(replace(request, settings=replace(request.settings, cache_to=())), access, on_event)
        raise without_cache(request.reference, refused.cause) from refused

    def _build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        redacted = Redactor(request.settings.secrets, {**request.proxies, **request.build_args})
        progress = Progress(redacted.events(on_event))
        with private_docker_config(access, request.proxies) as login, private_directory("build") as scratch:
            metadata = scratch / "metadata.json"
            argv, environment = _command(self._build_command(), request, access.host)
            argv.insert(-1, f"--metadata-file={metadata}")
            ended = run(argv, env={**login, **NEUTRAL, **environment}, on_line=progress.line)
            if ended.code == 0 or progress.ended_in_order:
                request.on_loaded()
            if ended.code != 0:
                where, cause = locate_failure(progress.failure(), request.dockerfile.name, request.shown_dockerfile)
                problem = f"docker buildx build ended with {ended.code}"
                raise failure(problem, request.reference, redacted(cause), where)
            return _pushed_digest(metadata)

    def _build_command(self) -> list[str]:
        docker = docker_program()
        if not self._builder:
            return [docker, "buildx", "build"]
        return [*_buildx(docker, self._builder), "build", f"--builder={self._builder}"]


def _buildx(docker: str, builder: str) -> list[str]:
    """buildx, where this builder can be used: a docker context is one too, but only while it is the current context."""
    own = os.environ.get("BUILDX_CONFIG") or user_docker_config() / "buildx"
    is_made = (Path(own) / "instances" / builder.lower()).exists()
    return [docker, "buildx"] if is_made else [docker, f"--context={builder}", "buildx"]


def _check_builder(docker: str, name: str) -> str:
    """That a builder answers; says what it is. A builder that sleeps is started by this."""
    shown = run([*_buildx(docker, name), "inspect", "--bootstrap", name], time_limit=_BUILDER_SECONDS)
    lines = [line.split(":", 1) for line in shown.tail if ":" in line]
    facts = {key.strip(): value.strip() for key, value in reversed(lines)}
    if shown.code != 0 or facts.get("Error") or facts.get("Status", "running") != "running":
        raise DeployError(
            "no-builder",
            f"the builder {name} does not answer",
            where=f"builder {name}",
            quote=Quote(shown.tail[-3:]),
            hint="docker buildx ls shows all builders, docker buildx inspect why",
        )
    return f"builder {name} ({facts.get('Driver', 'unknown driver')} at {facts.get('Endpoint', 'an unknown address')})"


def _command(program: list[str], request: BuildRequest, host: str) -> tuple[list[str], dict[str, str]]:
    """The argument list, and the variables that carry the build arguments' values."""
    given = request.settings
    argv = [
        *program,
        "--progress=rawjson",
        "--push",
        f"--platform={','.join(map(str, request.platforms))}",
        f"--file={request.dockerfile}",
        f"--tag={request.reference}",
        # By default none: provenance makes the pushed digest differ on every build and a plain image an index.
        "--provenance=false" if given.provenance is Provenance.NONE else f"--provenance=mode={given.provenance.value}",
    ]
    if request.target is not None:
        argv.append(f"--target={request.target}")
    argv += [f"--build-context={name}={reference}" for name, reference in sorted(request.build_contexts.items())]
    argv += [f"--label={name}={value}" for name, value in sorted(request.labels.items())]
    argv += [*secret_flags(given.secrets), *(f"--ssh={each}" for each in given.ssh)]
    argv += cache_flags(given.cache_from, given.cache_to, host, request.name)
    flags, environment = build_arg_flags(request.build_args, _secret_variables(request))
    return [*argv, *flags, str(request.context)], environment


def _secret_variables(request: BuildRequest) -> frozenset[str]:
    """Variables that hold a secret: an argument of the same name would replace it."""
    return frozenset(secret.variable for secret in request.settings.secrets if secret.variable)


def build_arg_flags(given: Mapping[str, str], reserved: frozenset[str]) -> tuple[list[str], dict[str, str]]:
    """Flags that name build arguments, and the variables that carry their values past the argument list."""
    flags: list[str] = []
    environment: dict[str, str] = {}
    for name, value in sorted(given.items()):
        if _TAKEN.fullmatch(name) or name in reserved:
            flags.append(f"--build-arg={name}={value}")
        else:
            flags.append(f"--build-arg={name}")
            environment[name] = value
    return flags, environment


def _pushed_digest(metadata: Path) -> str:
    try:
        return str(read_json(metadata, DOCUMENT).get("containerimage.digest", ""))
    except (OSError, ValueError, AttributeError):
        return ""  # only a hint: the registry is asked what it has
