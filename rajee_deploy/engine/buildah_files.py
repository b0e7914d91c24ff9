"""The files that buildah builds from: the Dockerfile in plain words (see dialect.py), and what stood in the user's own.

Owns their place, private and gone with the build, and what an image's configuration says of a base. Must never start a
program.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from platform import machine
from typing import TYPE_CHECKING, Any

from rajee_deploy.dialect import FILES, BaseImage
from rajee_deploy.engine.bases import config_of
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform
from rajee_deploy.scratch import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.dialect import PlainDockerfile
    from rajee_deploy.engine import BuildRequest

BUILDER = Platform.parse(f"linux/{machine()}")
_NAMED = re.compile(r"[a-z0-9-]+://")


@dataclass(frozen=True, slots=True)
class Written:
    """What is built: the text, the user's line for each of its lines, the flags that name it, and why no earlier layer
    may be taken."""

    text: str
    lines: tuple[int, ...]
    flags: tuple[str, ...]
    varies: str


@contextmanager
def written(request: BuildRequest, platform: Platform, look: Callable[[str, Platform], BaseImage]) -> Iterator[Written]:
    """The files for one platform; `look` says what a base image brings. DeployErrors of `look`, and `engine-cannot`
    for what only BuildKit does."""
    if request.dialect is None:
        text = request.dockerfile.read_text("utf-8", "replace")
        target = (f"--target={request.target}",) if request.target is not None else ()
        yield Written(text, (), (f"--file={request.dockerfile}", *target), "nobody read it")
        return
    bases = {}
    for image, used_for in request.dialect.bases(platform, BUILDER):
        if _NAMED.match(image):
            raise DeployError(
                "engine-cannot", f"what {image} brings into a stage is not known", where=request.shown_dockerfile,
                hint="name an image of a registry, or use the engine buildx",
            )  # fmt: skip
        bases[image, used_for] = look(image, used_for)
    plain = request.dialect.plain(platform, BUILDER, bases)
    with private_directory("dockerfile") as place:
        yield _write(place, plain)


def _write(place: Path, plain: PlainDockerfile) -> Written:
    dockerfile = place / "Dockerfile"
    dockerfile.write_text(plain.text, "utf-8", "surrogateescape")
    flags = [f"--file={dockerfile}"]
    if plain.files:
        flags.append(f"--build-context={FILES}={place / 'files'}")
        (place / "files/empty").mkdir(mode=0o755, parents=True)
    for name, content in plain.files.items():
        if name:
            path = place / "files" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)
    return Written(plain.text, plain.lines, tuple(flags), plain.varies)


def base_image(document: Mapping[str, Any]) -> BaseImage:
    """What an image brings, out of what buildah or podman tells of it."""
    config = (document.get("Docker") or {}).get("config") or document.get("Config") or {}
    found = config_of(config)
    return BaseImage(found.env, found.onbuild, str(config.get("User") or ""), tuple(config.get("Shell") or ()))
