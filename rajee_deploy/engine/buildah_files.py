"""The files that buildah builds from: the Dockerfile in plain words (see dialect.py), and what stood in the user's own.

Owns their place, private and gone with the build, and what an image's configuration says of a base. Must never start a
program.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from platform import machine
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.engine.bases import config_of
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform
from rajee_deploy.model.dialect import FILES, BaseImage
from rajee_deploy.system.regular_files import DOCKERFILE_BYTES, read_text
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.model.dialect import PlainDockerfile, PlainStage

BUILDER = Platform.parse(f"linux/{machine()}")
_PLATFORM = re.compile(r"FROM (--platform=\S+ )")
_NAMED = re.compile(r"[a-z0-9-]+://")


@dataclass(frozen=True, slots=True)
class StagePart:
    """A stage, or a whole file that nobody read: its lines, and the user's line for each of them. `image` is what an
    earlier part of the same stage has come to."""

    texts: tuple[str, ...]
    lines: tuple[int, ...] = ()
    stage: PlainStage | None = None
    image: str = ""

    @property
    def runs(self) -> list[int]:
        """The numbers of its lines that are a RUN."""
        return [n for n, text in enumerate(self.texts) if text.startswith("RUN ")] if self.stage is not None else []

    @property
    def has_triggers(self) -> bool:
        """Whether the image that it stands on runs something by itself."""
        triggers = self.stage.base.onbuild if self.stage is not None and not self.image else ()
        return any(each.lstrip()[:3].upper() == "RUN" for each in triggers)

    @property
    def base(self) -> BaseImage:
        """What the image that it stands on brings."""
        return self.stage.base if self.stage is not None and not self.image else BaseImage()

    @property
    def is_clean(self) -> bool:
        """Whether buildah can have made of it nothing but what BuildKit makes: no RUN, no volume, the working
        directory is there, and each file is put into a directory."""
        is_plain = all(text.endswith('/"]') for text in self.texts if text.startswith(("COPY ", "ADD ")))
        is_base_plain = not (self.has_triggers or self.base.volumes or self.base.workdir.strip("/"))
        return self.stage is None or (is_plain and is_base_plain and not self.runs)

    @property
    def platform(self) -> str:
        """The platform that it names for itself; else "", and it is that of what it stands on, or of the build: nothing
        (scratch) has none, whatever is said of it."""
        is_scratch = self.texts[0].split(" AS ")[0].endswith(" scratch")
        return "" if is_scratch else self._flag().removeprefix("--platform=").strip()

    def _flag(self) -> str:
        found = _PLATFORM.match(self.texts[0])
        return found[1] if found else ""

    def behind(self, end: int, image: str) -> StagePart:
        """What follows after some lines, which have come to an image: it stands on that, with the arguments, the SHELL
        and the CMD of this stage."""
        if self.stage is None:
            raise AssertionError("a file that nobody read is built at once")
        again = [n for n in range(1, end) if self.texts[n].startswith("ARG ")]
        for name in ("SHELL", "CMD"):
            again += [n for n in range(1, end) if self.texts[n].startswith(f"{name} ")][-1:]
        flag = f"--platform={self.platform} " if self.platform else ""
        texts = (f"FROM {flag}{image} AS {self.stage.name}", *(self.texts[n] for n in again), *self.texts[end:])
        lines = (self.lines[0], *(self.lines[n] for n in again), *self.lines[end:])
        runs = self.stage.runs[len([n for n in self.runs if n < end]) :]
        return StagePart(texts, lines, self.stage._replace(runs=runs), image)


@dataclass(frozen=True, slots=True)
class Written:
    """What is built, stage by stage: the flags that name the file, where it is written, why no earlier layer may be
    taken, and whether none may be kept."""

    parts: tuple[StagePart, ...]
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

    def up_to(self, number: int, end: int) -> Written:
        """The same, that ends within a stage: written."""
        part = self.parts[number]
        last = replace(part, texts=part.texts[:end], lines=part.lines[:end])
        made = replace(self, parts=(*self.parts[:number], last))
        if self.file is not None:
            self.file.write_text(made.text, "utf-8", "surrogateescape")
        return made

    def standing(self, number: int, end: int, image: str) -> Written:
        """The same, with an image in place of the first lines of a stage."""
        parts = (*self.parts[:number], self.parts[number].behind(end, image), *self.parts[number + 1 :])
        return replace(self, parts=parts)


@contextmanager
def write_files(
    request: BuildRequest, platform: Platform, look: Callable[[str, Platform], BaseImage]
) -> Iterator[Written]:
    """The files for one platform; `look` says what a base image brings. DeployErrors of `look`, and `engine-cannot`
    for what only BuildKit does."""
    if request.dialect is None:
        text = read_text(request.dockerfile, DOCKERFILE_BYTES, "replace")
        target = (f"--target={request.target}",) if request.target is not None else ()
        yield Written((StagePart((text,)),), (f"--file={request.dockerfile}", *target), "nobody read it")
        return
    bases = {}
    for image, used_for in request.dialect.bases(platform, BUILDER):
        if _NAMED.match(image):
            raise DeployError(
                "engine-cannot",
                f"what {image} brings into a stage is not known",
                where=request.shown_dockerfile,
                hint="name an image of a registry, or use the engine buildx",
            )
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


def _parts(plain: PlainDockerfile) -> Iterator[StagePart]:
    texts = plain.text.split("\n")[:-1]
    ends = [*(stage.start for stage in plain.stages[1:]), len(texts)]
    for stage, end in zip(plain.stages, ends, strict=True):
        yield StagePart(tuple(texts[stage.start : end]), plain.lines[stage.start : end], stage)


def base_image(document: Mapping[str, Any]) -> BaseImage:
    """What an image brings, out of what buildah or podman tells of it."""
    config = (document.get("Docker") or {}).get("config") or document.get("Config") or {}
    found = config_of(config)
    layers = (document.get("OCIv1") or {}).get("rootfs", {}).get("diff_ids") or document.get("RootFS", {}).get("Layers")
    return BaseImage(
        found.env,
        found.onbuild,
        str(config.get("User") or ""),
        tuple(config.get("Shell") or ()),
        str(config.get("WorkingDir") or ""),
        tuple(config.get("Volumes") or ()),
        len(layers or ()),
    )
