"""The nouns everybody shares, parsed once at the border. Pure values: no I/O, no decisions.

Paths inside a build context are `str` with `/` between components, relative and without a leading slash; names that
are not UTF-8 carry surrogate escapes (os.fsdecode), so os.fsencode gives the bytes back. The context's root is "".
The plainest are named tuples: a frozen dataclass costs half a millisecond of every start.
"""

from __future__ import annotations

import re
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.platform import BUILD_PLATFORM, MACHINES, Platform, parse_platforms

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BUILD_PLATFORM",
    "MACHINES",
    "BaseConfig",
    "BuildOptions",
    "ContextRead",
    "Digest",
    "Entry",
    "Kind",
    "Location",
    "LockedImage",
    "Notice",
    "Platform",
    "ReadBy",
    "Recipe",
    "Reference",
    "RemoteSource",
    "Selector",
    "StageId",
    "Use",
    "is_local_context",
    "parse_platforms",
]


class Digest(NamedTuple):
    """`algorithm:hex` of some bytes."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `sha256:<64 hex>`; ValueError when it is anything else."""
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
            raise ValueError(f"not a sha256 digest: {text!r}")
        return cls(*text.split(":"))

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Location(NamedTuple):
    """Lines `start` to `end` (1-based, inclusive) of the file `path` as the user would name it."""

    path: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.path}:{self.start}"


class Notice(NamedTuple):
    """Something the user should know that does not stop the run. `line` is 0 where no line is meant."""

    code: str
    message: str
    line: int = 0


# -- what a Dockerfile declares ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StageId:
    """Position of a stage in its Dockerfile (0-based, over all stages) and its name, if it has one."""

    index: int
    name: str | None


class Selector(NamedTuple):
    """What one source asks of a build context, in BuildKit's terms (its content hash takes exactly these).

    `path` is absolute in the context ("/" is all of it). `include` and `exclude` are ignore-pattern lists relative to
    it, `required` are paths that must exist (`COPY --parents` of a literal).
    """

    path: str
    wildcard: bool = False
    follow: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


class ReadBy(Enum):
    """The kinds of instruction that read a build context."""

    COPY = "COPY"
    ADD = "ADD"
    RUN = "RUN"


class ContextRead(NamedTuple):
    """One source of one instruction of a reachable stage that reads a local build context.

    `source` is the text as written. `context` is "" for the main build context, else the name of a named one.
    `widened` says why the selector is the whole context instead of what was written; empty when it is exact.
    """

    instruction: ReadBy
    location: Location
    stage: StageId
    source: str
    selector: Selector
    context: str = ""
    widened: str = ""


class BaseConfig(NamedTuple):
    """What an image of one platform brings into a stage that stands on it: its ENV, in order, and its ONBUILD.

    `is_whole`: not so where an engine only showed what its ONBUILD does, without ENV and ARG.
    """

    env: tuple[tuple[str, str], ...] = ()
    onbuild: tuple[str, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class LockedImage:
    """What a lock says of a reference: the digest it stands for (an index's, where there is one), and the
    configuration for each platform (as text) that is known."""

    digest: Digest
    configs: Mapping[str, BaseConfig] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What decides a build besides the Dockerfile and the files, as the settings or flags give it.

    `locked` has what the lock says, by reference in its familiar form (`busybox:1.37`, without the tag `latest`).
    `seen` has what bases were found to have where the build takes them, by reference and platform as the recipe has
    them; it goes before the lock.
    `build_platform` stands in for BUILDPLATFORM, which is no input: one fingerprint must come of all machines (None:
    the target platform). `source_policy` is that of the file with rules that replace sources, where one is in force.
    `syntax_mirrors` are places that have Docker's frontends, besides Docker Hub; they decide what is understood.
    """

    platform: Platform
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    locked: Mapping[str, LockedImage] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # configured ones; the tool's own decide nothing
    build_platform: Platform | None = None
    source_policy: Digest | None = None
    syntax_mirrors: tuple[str, ...] = ()
    seen: Mapping[tuple[str, str], BaseConfig] = field(default_factory=dict)


class Reference(NamedTuple):
    """An image (or other remote source) that the build reads: `role` is from, copy, mount, add or syntax.

    `text` is as written, with the digest where a lock knows it (`locked`). `key` is the name a lock has it under
    (empty: it cannot be locked), `platform` the one whose configuration matters (empty: none does, or BUILD_PLATFORM),
    `context` the named context that stands for it.
    """

    role: str
    text: str
    line: int
    key: str = ""
    platform: str = ""
    context: str = ""
    locked: Digest | None = None


class RemoteSource(NamedTuple):
    """What ADD fetches: a URL, or a repository and the git reference in it (`ref`, None for a URL). `shown` is how
    people may see it: without a login."""

    address: str
    ref: str | None
    shown: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Dockerfile resolved for one target: what the reachable stages read and do.

    `reads` in file order of stages, instructions in order, sources as written. `instructions` are canonical texts of
    the reachable stages, one per instruction (a `FROM` line opens each stage), free of comments and layout.
    `build_args` are the declared and reachable ones with the value in force (None: declared, never set).
    `secrets` are `type:id` of secret and ssh mounts, never values. `instruction_lines` says where each of the
    `instructions` begins (0: in no one place); they are for people and do not count. `frontend` is the `# syntax` line
    with the digest that a lock has for it, empty where none does.
    """

    target: str
    reads: tuple[ContextRead, ...]
    instructions: tuple[str, ...]
    build_args: tuple[tuple[str, str | None], ...]
    references: tuple[Reference, ...]
    secrets: tuple[str, ...]
    notices: tuple[Notice, ...]
    widened: str = ""
    instruction_lines: tuple[int, ...] = ()
    frontend: str = ""


def is_local_context(reference: str) -> bool:
    """Whether a named build context is a directory here, rather than an image, a layout, a git or http source."""
    return "://" not in reference and not reference.startswith("git@")


# -- what a build context holds ------------------------------------------------------------------------------------


class Kind(Enum):
    """Kinds of entry of a build context."""

    FILE = "file"
    DIRECTORY = "dir"
    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    CHARACTER_DEVICE = "chardev"
    BLOCK_DEVICE = "blockdev"


class Entry(NamedTuple):
    """One file, directory, symlink… of a build context. `mode` holds the permission bits only (07777)."""

    path: str
    kind: Kind
    mode: int
    size: int = 0
    link: str = ""


class Use(NamedTuple):
    """A read that was looked up: the digest over what its selector selects."""

    read: ContextRead
    digest: Digest
