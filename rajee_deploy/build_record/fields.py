"""What a tag was made of, as a value that can be kept: everything that entered a fingerprint, by name. The
nouns alone; a new field is filled in `of_image`, written in `encode` and read in `decode`."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Kind, Reference

HEX = 40  # digits that are kept of the digest of a file's bytes: as many as a tag has

# Beside the document, for people: they differ between two builds of one tag and are no part of its content.
IMAGE, REVISION, DIRTY, CREATED = (
    "io.rajee-deploy.image",
    "org.opencontainers.image.revision",
    "io.rajee-deploy.dirty",
    "org.opencontainers.image.created",
)


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction as it is hashed and as it is written; `line` is where it begins (0: in no one place)."""

    canonical: str
    text: str
    line: int


class Taken(NamedTuple):
    """One thing that a use's digest is over: the entry at a path, with all that is in it (`deep`) or alone.

    `rest` is its name below where the use begins ("/a/b"), "" for the use of one path.
    """

    rest: str
    path: str
    deep: bool


@dataclass(frozen=True, slots=True)
class KeptUse:
    """A use: where it stands, its source as written, and what it selects with the digest of that, as it is hashed.

    `takes` is what the digest is over, in order; `alone` where it is the one entry's own digest and not that of a list.
    None where a record does not say it.
    """

    line: int
    source: str
    selects: str
    takes: tuple[Taken, ...] | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class RecordItem:
    """An entry that counts. `record` is the digest of all that counts of it, BuildKit's own ("" in a record of an older
    release); `line` is the first one that reads it.

    `digest` is of a file's bytes, `extra` of attributes that the other fields do not show, both shortened and "" for
    none: a record of an older release has nothing else, one of today has `digest` where modes count exactly. `other` is
    what `record` would be if the executable bit were the other one; only files that are here have it.
    """

    context: str
    path: str
    kind: Kind
    mode: int
    size: int
    digest: str
    link: str
    withheld: bool
    extra: str
    line: int
    record: str = ""
    other: str = ""

    @property
    def content(self) -> tuple[Kind, int, int, str, str, bool, str]:
        """All that counts of it, for a record of an older release."""
        return self.kind, self.mode, self.size, self.digest, self.link, self.withheld, self.extra


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one directory, and of all below it where the depth ends: how many, and one digest over them."""

    context: str
    path: str
    entries: int
    digest: str
    line: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What an image is made of. Of very many entries only `groups` are kept, down to `depth`; else `depth` is None.

    `is_private` says that a login inside of an address was left out, so that the digest cannot be computed again.
    `is_older`: an older release wrote it down. `unproved` says what of it no digest proves, and why, in sentences.
    """

    fingerprint: Fingerprint
    instructions: tuple[Instruction, ...]
    references: tuple[Reference, ...]
    uses: tuple[KeptUse, ...]
    items: tuple[RecordItem, ...]
    depth: int | None = None
    groups: tuple[Group, ...] = ()
    is_private: bool = False
    is_older: bool = False
    unproved: tuple[str, ...] = field(default=(), compare=False)

    @property
    def tag(self) -> str:
        """The image's tag."""
        return self.fingerprint.tag
