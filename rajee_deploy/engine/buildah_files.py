"""The files that buildah builds from: the Dockerfile in plain words (see dialect.py), and what stood in the user's own.

Owns their place, private and gone with the build, and what an image's configuration says of a base. Must never start a
program.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from platform import machine
from typing import TYPE_CHECKING, Any

from rajee_deploy.dialect import FILES, BaseImage
from rajee_deploy.engine.bases import config_of
from rajee_deploy.engine.leftovers import Stage
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform
from rajee_deploy.scratch import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.dialect import PlainDockerfile, PlainStage
    from rajee_deploy.engine import BuildRequest

BUILDER = Platform.parse(f"linux/{machine()}")
_NAMED = re.compile(r"[a-z0-9-]+://")


@dataclass(frozen=True, slots=True)
class Part:
    """A stage, or a whole file that nobody read: its lines, and the user's line for each of them. `leaves` says that
    buildah leaves something in it that BuildKit does not (or may)."""

    texts: tuple[str, ...]
    lines: tuple[int, ...] = ()
    stage: PlainStage | None = None

    @property
    def leaves(self) -> bool:
        """Whether what it comes to must be looked at: something is run, or its base has volumes."""
        stage = self.stage
        return stage is not None and bool(stage.mounts or stage.base.volumes or _runs(stage.base.onbuild))


@dataclass(frozen=True, slots=True)
class Written:
    """What is built, stage by stage: the flags that name the file, where it is written, why no earlier layer may be
    taken, and whether none may be kept."""

    parts: tuple[Part, ...]
    flags: tuple[str, ...]
    varies: str
    spoils: bool = False
    file: Path | None = None

    @property
    def text(self) -> str:
        """The file as it is."""
        return "\n".join([*(text for part in self.parts for text in part.texts), ""])

    @property
    def lines(self) -> tuple[int, ...]:
        """The user's line for each of its lines."""
        return tuple(line for part in self.parts for line in part.lines)

    def up_to(self, number: int) -> Written:
        """The same, that ends with a stage."""
        made = replace(self, parts=self.parts[: number + 1])
        if self.file is not None:
            self.file.write_text(made.text, "utf-8", "surrogateescape")
        return made

    def standing(self, number: int, image: str) -> Written:
        """The same, with an image in place of a stage: what it has come to."""
        part = self.parts[number]
        if part.stage is None:
            return self
        made = replace(part, texts=(f"FROM {image} AS {part.stage.name}",), lines=part.lines[:1])
        return replace(self, parts=(*self.parts[:number], made, *self.parts[number + 1 :]))


@contextmanager
def written(request: BuildRequest, platform: Platform, look: Callable[[str, Platform], BaseImage]) -> Iterator[Written]:
    """The files for one platform; `look` says what a base image brings. DeployErrors of `look`, and `engine-cannot`
    for what only BuildKit does."""
    if request.dialect is None:
        text = request.dockerfile.read_text("utf-8", "replace")
        target = (f"--target={request.target}",) if request.target is not None else ()
        yield Written((Part((text,)),), (f"--file={request.dockerfile}", *target), "nobody read it")
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
    return Written(tuple(_parts(plain)), tuple(flags), plain.varies, plain.spoils, dockerfile)


def _parts(plain: PlainDockerfile) -> Iterator[Part]:
    texts = plain.text.split("\n")[:-1]
    ends = [*(stage.start for stage in plain.stages[1:]), len(texts)]
    for stage, end in zip(plain.stages, ends, strict=True):
        yield Part(tuple(texts[stage.start : end]), plain.lines[stage.start : end], stage)


def _runs(triggers: Iterable[str]) -> bool:
    return any(trigger.lstrip()[:3].upper() == "RUN" for trigger in triggers)


def built_stage(files: Written, number: int, counts: Mapping[int, int], *, is_layered: bool, where: str) -> Stage:
    """What is known of a stage once it is built; `counts` has how many layers those have that were built before."""
    below: int | None = number
    while below is not None and below not in counts:
        root = files.parts[below].stage
        below = root.below if root is not None else None
    stage = files.parts[number].stage
    if stage is None or root is None:
        raise AssertionError("a file that nobody read has no stages")
    count = counts[below] if below is not None else root.base.layers
    return Stage(count, stage.mounts, stage.base.volumes, is_layered, where)


def base_image(document: Mapping[str, Any]) -> BaseImage:
    """What an image brings, out of what buildah or podman tells of it."""
    config = (document.get("Docker") or {}).get("config") or document.get("Config") or {}
    found = config_of(config)
    layers = (document.get("OCIv1") or {}).get("rootfs", {}).get("diff_ids") or document.get("RootFS", {}).get("Layers")
    return BaseImage(
        found.env, found.onbuild, str(config.get("User") or ""), tuple(config.get("Shell") or ()),
        str(config.get("WorkingDir") or ""), tuple(config.get("Volumes") or ()), len(layers or ()),
    )  # fmt: skip
