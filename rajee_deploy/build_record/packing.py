"""What a record's bytes are, for who writes and who reads them: `rajee-deploy.contents/2`, packed. Pure.

Which fields a record has stands in `fields`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.build_record.values import text_of
from rajee_deploy.fingerprint import kind_of
from rajee_deploy.model import Digest, Kind
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from rajee_deploy.fingerprint import Fingerprint

SCHEMA, OLDER_SCHEMA = "rajee-deploy.contents/2", "rajee-deploy.contents/1"
HEADERS_DO_NOT_GIVE = {Kind.FILE, Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}  # their digests: of bytes, and of numbers
MOST_BYTES = 16 << 20  # of an unpacked document
GZIP = 31  # zlib's number for it; such a header has no name and no time
_SELECTS = 9  # parts of what a use selects


def is_exact(fingerprint: Fingerprint) -> bool:
    """Whether modes count as they are on disk, and attributes with them."""
    return any((kind_of(item.name)[1], item.value) == ("modes", "exact") for item in fingerprint.inputs)


def selects(text: str) -> list[Any]:
    """What a use selects, as `fingerprint` writes it: an instruction first, then a build context and by what it selects
    (a path, whether it is a wildcard, …), last a digest."""
    found = canonical_words(text)
    text_of(found[1])
    text_of(found[2])
    Digest.parse(text_of(found[-1]))
    if len(found) != _SELECTS:
        raise ValueError("what a use selects is none")
    return found


def canonical_words(text: str) -> list[Any]:
    """A canonical text: an array whose first word says what it is."""
    found = parse_json(text, errors="surrogateescape")
    if not isinstance(found, list) or not found or not text_of(found[0]):
        raise ValueError("a canonical text is none")
    return found
