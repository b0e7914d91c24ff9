"""The docker command, and the Docker Engine that it speaks to: whether one answers, which version, on which machine.

Must never build. docker-py asks an engine on this machine, as it needs no program for it; the docker command asks all
others.
"""

from __future__ import annotations

import os
from contextlib import closing

from rajee_deploy.errors import DeployError
from rajee_deploy.system.http_limits import LOCAL_ANSWER, Limit, within
from rajee_deploy.system.process import find_program, run

CHECK_SECONDS = 20.0


def engine_version(program: str) -> str:
    """The version of the engine that the environment or the current docker context names."""
    named = {name: os.environ[name] for name in ("DOCKER_HOST", "DOCKER_CONTEXT") if os.environ.get(name)}
    try:
        socket = own_socket()
        return _version(socket) if socket else _version_elsewhere(program)
    except OSError as error:
        raise DeployError(
            "no-engine",
            "no Docker Engine answers",
            cause=str(error),
            where=", ".join(f"{name}={value}" for name, value in named.items()) or "the current docker context",
            hint="start Docker (Linux: systemctl start docker), or point DOCKER_HOST or a docker context at an engine",
        ) from error


def own_socket() -> str:
    """The address of an engine on this machine; "" for one elsewhere, or where the docker command has to say."""
    from docker.context import ContextAPI

    host = os.environ.get("DOCKER_HOST", "")
    if not host:
        name = os.environ.get("DOCKER_CONTEXT")
        context = ContextAPI.get_context(name) if name else ContextAPI.get_current_context()
        host = (context.Host or "unix:///var/run/docker.sock") if context is not None else ""
    return host if host.startswith("unix:") else ""


def _version(socket: str, limit: Limit = LOCAL_ANSWER) -> str:
    """OSError."""
    import docker
    from docker.errors import DockerException

    try:
        with (
            within(limit, TimeoutError),
            closing(docker.DockerClient(socket, timeout=int(CHECK_SECONDS))) as client,
        ):
            return str(client.version()["Version"])
    except DockerException as error:
        raise OSError(str(error)) from error


def _version_elsewhere(program: str) -> str:
    """Asked by the docker command: docker-py lacks what ssh takes, and over TLS it takes the machine's own bundle of
    authorities (REQUESTS_CA_BUNDLE) for the engine's."""
    answer = run([program, "version", "--format", "{{.Server.Version}}"], time_limit=CHECK_SECONDS)
    if answer.code != 0 or not answer.tail:
        raise OSError("\n".join(answer.tail[-3:]))
    return answer.tail[-1]


def docker_program() -> str:
    """The docker command, or the program that CDK_DOCKER names. DeployError `docker-missing`."""
    named = os.environ.get("CDK_DOCKER")
    found = find_program(named or "docker")
    if found is None and named:
        raise DeployError(
            "docker-missing",
            f"the program that CDK_DOCKER names is not there: {named}",
            where=f"CDK_DOCKER={named}",
            hint="unset CDK_DOCKER   # then it is docker; or let it name a program that is on PATH",
        )
    if found is None:
        raise DeployError(
            "docker-missing",
            "the docker command is not installed",
            hint="install Docker Engine with buildx; only a changed image needs it",
        )
    return found
