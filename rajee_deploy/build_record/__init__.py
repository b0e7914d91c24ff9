"""What a tag was made of, as a value that can be kept: everything that entered a fingerprint, by name.

Rooms inside: this one (the nouns), of_image (from live inputs), reads (which line takes an entry), groups (very many
entries), document (bytes and back), parts (how they are read), keep (into every store), local (the store of this
machine). Records are for people who ask what changed: nothing that decides a build or a deployment may read one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Kind, Reference

HEX = 40  # digits of an entry's digest that are kept: as many as a tag has

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


@dataclass(frozen=True, slots=True)
class KeptUse:
    """A use: where it stands, its source as written, and what it selects with the digest of that, as it is hashed."""

    line: int
    source: str
    selects: str


@dataclass(frozen=True, slots=True)
class RecordItem:
    """An entry that counts. `digest` is of a file's bytes, `extra` of attributes that its other fields do not show
    (both shortened, "" for none); `line` is the first one that reads it."""

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

    @property
    def content(self) -> tuple[Kind, int, int, str, str, bool, str]:
        """All that counts of it."""
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
    """

    fingerprint: Fingerprint
    instructions: tuple[Instruction, ...]
    references: tuple[Reference, ...]
    uses: tuple[KeptUse, ...]
    items: tuple[RecordItem, ...]
    depth: int | None = None
    groups: tuple[Group, ...] = ()
    is_private: bool = False

    @property
    def tag(self) -> str:
        """The image's tag."""
        return self.fingerprint.tag
