"""What an engine that is not BuildKit gets in place of the user's Dockerfile, and what it must tell first. Nouns only.

BuildKit is the specification of what a Dockerfile means. Another engine expands words, scopes arguments and keeps
layers in its own way, and says nothing of it; so it gets a Dockerfile in which there is nothing left to interpret.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.model import Platform

    Base = tuple[str, Platform]
    """An image, and the platform it is used for: one on the machine that builds may bring something else."""


class BaseImage(NamedTuple):
    """What a base image brings into a stage: its ENV in order, its ONBUILD, its USER, SHELL and WORKDIR, its VOLUMEs,
    and of how many layers it is made."""

    env: tuple[tuple[str, str], ...] = ()
    onbuild: tuple[str, ...] = ()
    user: str = ""
    shell: tuple[str, ...] = ()
    workdir: str = ""
    volumes: tuple[str, ...] = ()
    layers: int = 0


class PlainRun(NamedTuple):
    """A RUN: its working directory, and where something is mounted for it (absolute paths)."""

    workdir: str = "/"
    mounts: tuple[str, ...] = ()


class PlainStage(NamedTuple):
    """A stage of a plain Dockerfile: its first line (from 0), and the name it has there; the stage that it stands on
    (its place in order) or else what the image below it brings; and its RUNs."""

    start: int
    name: str
    below: int | None
    base: BaseImage
    runs: tuple[PlainRun, ...] = ()


@dataclass(frozen=True, slots=True)
class PlainDockerfile:
    """A Dockerfile of literal words, its last stage the target.

    `lines` has the line of the user's file for each line of `text`. `files` are files that the text takes from the
    named build context FILES, by path; "" stands for an empty directory there. `varies` says why no layer of an
    earlier build may be taken (empty: any may), and `spoils` that a later build would wrongly take one of this.
    """

    text: str
    lines: tuple[int, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    varies: str = ""
    spoils: bool = False
    stages: tuple[PlainStage, ...] = ()


FILES = "rajee-deploy-files"  # no image has this name: it would be in Docker Hub's own library


class Dialect(Protocol):
    """A Dockerfile that can be written in plain words."""

    def bases(self, platform: Platform, builder: Platform) -> tuple[Base, ...]:
        """The images that the needed stages stand on, each with the platform it is used for: what they bring must be
        known. `builder` is what BUILDPLATFORM stands for. DeployError `engine-cannot` for a file in another language
        than Docker's."""
        ...

    def plain(self, platform: Platform, builder: Platform, bases: Mapping[Base, BaseImage]) -> PlainDockerfile:
        """The plain Dockerfile for one platform, on bases that bring this. DeployError `engine-cannot`, with the line,
        for what only BuildKit does."""
        ...
