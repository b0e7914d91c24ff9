"""buildah's flags for a build, and the settings that it would get wrong without a word.

Owns what is said on its command line besides the file. Must never start a program.
"""

from __future__ import annotations

import os
import re
import resource
from typing import TYPE_CHECKING

from rajee_deploy.engine.ambient import EPOCH, POLICY
from rajee_deploy.engine.cache import layer_cache_flags, mounts_files
from rajee_deploy.engine.secrets import secret_flags
from rajee_deploy.errors import DeployError
from rajee_deploy.settings.build_settings import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.engine.buildah_files import Written

LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")
_LIMITS = (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC))


def layer_flags(request: BuildRequest, files: Written, host: str) -> list[str]:
    """Whether layers, which are buildah's cache, may be kept and taken from earlier builds, and where they are shared.

    None are taken where a RUN mounts files: buildah (1.39 at least) takes its layer though the files of a stage have
    changed, older ones though those of the build context have. Nor where the text does not say all of what it copies.
    Those that are left behind then are for texts of which the same is true, but for an ADD with flags: they stand in no
    layer's name.
    https://github.com/containers/buildah/issues/6609 and 5400
    """
    if files.spoils or files.file is None:
        return ["--layers=false"]
    if files.varies or mounts_files(files.text):
        return ["--layers=true", "--no-cache"]
    return ["--layers=true", *layer_cache_flags(request.settings.cache_from, request.settings.cache_to, host)]


def build_flags(request: BuildRequest) -> Iterator[str]:
    """What is the same for every part of a build."""
    if not os.environ.get("BUILDAH_ISOLATION"):
        yield "--isolation=chroot"  # asks for no privilege that a container of a build farm lacks
        yield "--network=host"
    # Docker's format: the other one silently drops HEALTHCHECK, SHELL and ONBUILD.
    yield from ("--format=docker", "--identity-label=false")
    yield "--no-hostname"  # BuildKit gives a RUN no file of it either
    yield "--force-rm"  # else a build that fails leaves a container, mounted, in the user's storage
    yield f"--ignorefile={request.dockerfile}.dockerignore"  # the context is exact already
    yield from _limits()
    if request.build_args.get(EPOCH):
        yield f"--timestamp={int(request.build_args[EPOCH])}"
    if LOOPBACK.match(request.reference):
        yield "--tls-verify=false"
    yield from (f"--build-context={name}={reference}" for name, reference in sorted(request.build_contexts.items()))
    yield from (f"--label={name}={value}" for name, value in sorted(request.labels.items()))
    yield from secret_flags(request.settings.secrets)
    yield from (f"--ssh={each}" for each in request.settings.ssh)


def proxy_flags(request: BuildRequest, scratch: Path) -> Iterator[str]:
    """The arguments that docker would make of its configuration, in a file: they may hold a password."""
    if request.proxies:
        path = scratch / "arguments"
        path.touch(0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in request.proxies.items()), "utf-8")
        yield f"--build-arg-file={path}"


def _limits() -> Iterator[str]:
    """Our own limits for what RUN starts: buildah would raise them, which not every machine allows."""
    for name, number in _LIMITS:
        soft, hard = resource.getrlimit(number)
        if resource.RLIM_INFINITY not in (soft, hard):
            yield f"--ulimit={name}={soft}:{hard}"


def check_settings(request: BuildRequest) -> None:
    """What buildah would get wrong without a word. DeployError `engine-cannot`."""
    if os.environ.get(POLICY):
        raise DeployError(
            "engine-cannot",
            "buildah follows no source policy",
            where=POLICY,
            hint="unset it where buildah builds, or use the engine buildx",
        )
    if request.settings.provenance is not Provenance.NONE:
        raise _cannot(request, "provenance", "buildah attaches no provenance")
    if any("$" in name + value for name, value in request.labels.items()):
        raise _cannot(request, "labels", "buildah would expand the $ in a label")


def _cannot(request: BuildRequest, key: str, problem: str) -> DeployError:
    return DeployError(
        "engine-cannot",
        problem,
        where=f"images.{request.name}.{key}",
        hint="leave it out where buildah builds, or use the engine buildx",
    )
