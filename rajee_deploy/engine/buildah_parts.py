"""In which parts buildah builds a Dockerfile, so that what it leaves behind a RUN reaches nothing that follows.

A stage in which something is run is built before those that stand on it or copy from it, and is cleaned (leftovers.py).
Owns the order of the parts. Must never start a program: it is given what does.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.engine.leftovers import Stage
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform
from rajee_deploy.model.dialect import BaseImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.engine.buildah_files import StagePart, Written
    from rajee_deploy.engine.leftovers import Cleaned

UNLAYERED = ("--layers=false",)
_NO_LAYER = ("ARG ", "ENV ", "LABEL ", "SHELL ", "CMD ", "USER ")


@dataclass(frozen=True, slots=True)
class Hands:
    """What does the work: build a file with flags for layers (with the labels where it is the last: they would be a
    step more, and nothing that follows would come from the cache), and say whether the image is for a platform (at the
    last try it must be); clean an image, which may be another then; count the layers of one."""

    build: Callable[[Written, tuple[str, ...], bool], str]
    is_right: Callable[[str, Platform, bool], bool]
    clean: Callable[[str, Stage], tuple[str, Cleaned]]
    count: Callable[[str], int]
    shown: str


@dataclass(slots=True)
class Parts:
    """Builds the stages of a file, in order, for a platform.

    buildah looks at what a layer stands on and not for which platform it was made: of two images that share their first
    layers (all that are FROM scratch) one would get what a RUN made for the other. So those of another architecture
    are neither taken nor left behind, where anything is run.
    """

    files: Written
    flags: tuple[str, ...]
    hands: Hands
    target: Platform
    builder: Platform
    _images: dict[int, str] = field(default_factory=dict)

    def build(self) -> str:
        """The image of the last stage."""
        image = ""
        last = len(self.files.parts) - 1
        for number in range(last + 1):
            part = self.files.parts[number]
            if number == last or not part.is_clean:
                image = self._stage(number)
        return image

    def _stage(self, number: int) -> str:
        last = len(self.files.parts) - 1
        part, platform = self.files.parts[number], self._platform(number)
        is_foreign = platform != self.builder and (part.runs or part.has_triggers)
        flags, end = UNLAYERED if is_foreign else self.flags, 0
        while True:
            part = self.files.parts[number]
            whole = len(part.texts)
            end = end or (_next(part) if flags == UNLAYERED else whole)
            image = self.hands.build(self.files.up_to(number, end), flags, end == whole and number == last)
            if not self.hands.is_right(image, platform, flags == UNLAYERED):
                # buildah takes cached layers of FROM scratch for any platform, and with them the other's name.
                flags, end = UNLAYERED, 0
                continue
            runs = [line for line in part.runs if line < end]
            if not part.is_clean:
                image, cleaned = self.hands.clean(image, self._built(number, len(runs), is_one=flags == UNLAYERED))
                if cleaned.cut is not None:
                    end = runs[cleaned.cut] + 1
                    continue
            if part.stage is not None and (end < whole or not part.is_clean):
                self.files = self.files.standing(number, end, image)
                self._images[number] = image
            if end == whole:
                return image
            end = 0

    def _built(self, number: int, runs: int, *, is_one: bool) -> Stage:
        part = self.files.parts[number]
        if part.stage is None:
            raise AssertionError("a file that nobody read is not cleaned")
        where = f"{self.hands.shown}:{part.lines[0]}"
        if is_one and part.has_triggers:
            raise DeployError(
                "engine-cannot",
                "what a base's ONBUILD RUN leaves with buildah cannot be told apart from the rest",
                where=where,
                hint="use no ADD with flags and no other architecture, or use the engine buildx",
            )
        return Stage(self._below(number), part.stage.runs[:runs], self._base(number), is_one, where)

    def _base(self, number: int) -> BaseImage:
        """What the image brings that a part stands on: of one that was built here, the VOLUMEs from further below."""
        part = self.files.parts[number]
        if part.stage is None or part.stage.below is None:
            whole = part.stage.base if part.stage is not None else BaseImage()
            return BaseImage(volumes=whole.volumes) if part.image else whole
        return BaseImage(volumes=self._base(part.stage.below).volumes)

    def _platform(self, number: int) -> Platform:
        part = self.files.parts[number]
        if part.platform:
            return Platform.parse(part.platform)
        if part.stage is None or part.stage.below is None:
            return self.target
        return self._platform(part.stage.below)

    def _below(self, number: int) -> int:
        """How many layers are there before a part of a stage."""
        if number in self._images:
            return self.hands.count(self._images[number])
        stage = self.files.parts[number].stage
        if stage is None or stage.below is None:
            return stage.base.layers if stage is not None else 0
        return self._below(stage.below)


def _next(part: StagePart) -> int:
    """Where a part ends that is a RUN and nothing else, or has none: a layer tells no more."""
    if not part.runs:
        return len(part.texts)
    first = part.runs[0]
    is_alone = all(text.startswith(_NO_LAYER) for text in part.texts[1:first])
    return first + 1 if is_alone else first
