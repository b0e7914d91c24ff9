"""Bytes that somebody wrote → contents, or an error.

A record proves itself, as far as `checks` says: its inputs are hashed anew and must give the digest that the tag is
made of, and its entries must give the digests of its uses. Who may push to the repository may write any record, so of
every part the shape is looked at, and its size. Records of `contents/1` are read, and proved by their inputs alone:
they keep shortened digests of bytes, of which no use's digest can be computed. A release that knows only those passes
one of today over, as it does one that is damaged.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy.build_record.checks import check
from rajee_deploy.build_record.fields import Contents, Group, Instruction, KeptUse, RecordItem
from rajee_deploy.build_record.packing import (
    GZIP,
    HEADERS_DO_NOT_GIVE,
    MOST_BYTES,
    OLDER_SCHEMA,
    SCHEMA,
    canonical_words,
    is_exact,
    selects,
)
from rajee_deploy.build_record.takes import MOST_TAKEN, read_takes
from rajee_deploy.build_record.tree import NotBelievedError
from rajee_deploy.build_record.values import hex_of, mode_of, number_of, path_of, switch_of, text_of
from rajee_deploy.context.digest import header
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint, Input
from rajee_deploy.model import Digest, Kind, Reference
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_MOST_WORDS = 300
_MOST_PARTS = 20_000  # of each kind: entries are grouped from there on, and no Dockerfile has as many lines


def decode(tag: str, packed: bytes) -> Contents:
    """The contents that a document holds, with what of them nothing proves. DeployError `contents-unusable` unless it
    is whole and made this tag, `contents-not-believed` where its digests contradict it."""
    try:
        return check(tag, parse_contents(parse_json(_unpack(packed), errors="surrogateescape")))
    except NotBelievedError as error:
        raise DeployError(
            "contents-not-believed",
            f"the record of what {tag} was made of contradicts itself",
            where=tag,
            cause=str(error),
            hint="it counts for nothing, and the image itself is not affected; look who may push to its repository",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, zlib.error) as error:
        raise DeployError(
            "contents-unusable",
            f"the record of what {tag} was made of cannot be used",
            where=tag,
            cause=str(error)[:_MOST_WORDS] or type(error).__name__,
            hint="the image itself is not affected",
        ) from error


def _unpack(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(GZIP)
    text = unpacker.decompress(packed, MOST_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut off, too long, or followed by something else")
    return text


def parse_contents(found: Any) -> Contents:
    """The whole document; ValueError, TypeError, KeyError, AttributeError or IndexError for one of a wrong shape."""
    if found["schema"] not in (SCHEMA, OLDER_SCHEMA):
        raise ValueError("it is of another schema")
    is_older = found["schema"] == OLDER_SCHEMA
    fingerprint = Fingerprint(
        text_of(found["scheme"]),
        Digest.parse(text_of(found["digest"])),
        _all(found["inputs"], _read_input),
        text_of(found["precision"]),
    )
    if found["tag"] != fingerprint.tag:
        raise ValueError("its tag is not that of its digest")
    exact = is_exact(fingerprint)
    items = _all(found["entries"], _read_older_item if is_older else lambda one: _read_item(one, exact=exact))
    return Contents(
        fingerprint,
        _all(found["instructions"], _read_instruction),
        _all(found["references"], _read_reference),
        _all(found["uses"], _read_use) if is_older else _read_uses(found["uses"], items),
        items,
        None if found["depth"] is None else number_of(found["depth"]),
        _all(found["directories"], _read_group),
        switch_of(found["private"]),
        is_older,
    )


def _all(found: Any, read: Callable[[Any], T]) -> tuple[T, ...]:
    if not isinstance(found, list) or len(found) > _MOST_PARTS:
        raise ValueError(f"a list is missing, or has more than {_MOST_PARTS} parts")
    return tuple(read(one) for one in found)


def _read_input(found: Any) -> Input:
    if "value" in found:
        return Input(text_of(found["name"]), text_of(found["value"]))
    return Input(text_of(found["name"]), digest=Digest.parse(text_of(found["digest"])))


def _read_reference(found: Any) -> Reference:
    return Reference(text_of(found["role"]), text_of(found["text"]), number_of(found["line"]))


def _read_instruction(found: Any) -> Instruction:
    canonical = text_of(found["canonical"])
    canonical_words(canonical)
    return Instruction(canonical, text_of(found["text"]), number_of(found["line"]))


def _read_uses(found: Any, items: tuple[RecordItem, ...]) -> tuple[KeptUse, ...]:
    """Uses with what they take; how much that is in all is bounded."""
    own: dict[str, list[RecordItem]] = {}
    for item in items:
        own.setdefault(item.context, []).append(item)
    room, uses = MOST_TAKEN, []
    for use, one in zip(_all(found, _read_use), found, strict=True):
        takes = None
        if one["takes"] is not None:
            takes = read_takes(one["takes"], own.get(selects(use.selects)[1], []), room)
            room -= len(takes)
        uses.append(replace(use, takes=takes, alone=switch_of(one["alone"])))
    return tuple(uses)


def _read_use(found: Any) -> KeptUse:
    text = text_of(found["selects"])
    selects(text)
    return KeptUse(number_of(found["line"]), text_of(found["source"]), text)


def _read_item(found: Any, *, exact: bool) -> RecordItem:
    """An entry. Only a digest that its other parts do not give is written down."""
    kind, mode, link = Kind(text_of(found["kind"])), mode_of(found["mode"]), text_of(found.get("link", ""))
    if exact or kind in HEADERS_DO_NOT_GIVE:
        record = f"sha256:{found['record']}"
        Digest.parse(record)
    elif "record" in found:
        raise ValueError("a digest is there that nothing needs")
    else:
        record = digest_of_header(kind, mode, link)
    return RecordItem(
        text_of(found.get("context", "")),
        path_of(found["path"]),
        kind,
        mode,
        number_of(found.get("size", 0)),
        hex_of(found.get("digest", "")),
        link,
        switch_of(found.get("withheld", False)),
        "",
        0,
        record,
    )


def _read_older_item(found: Any) -> RecordItem:
    return RecordItem(
        text_of(found.get("context", "")),
        text_of(found["path"]),
        Kind(text_of(found["kind"])),
        mode_of(found["mode"]),
        number_of(found.get("size", 0)),
        hex_of(found.get("digest", "")),
        text_of(found.get("link", "")),
        switch_of(found.get("withheld", False)),
        hex_of(found.get("extra", "")),
        number_of(found["line"]),
    )


def digest_of_header(kind: Kind, mode: int, link: str) -> str:
    """BuildKit's digest of what has no bytes, under modes git."""
    return f"sha256:{hashlib.sha256(header(kind, mode, 0, os.fsencode(link))).hexdigest()}"


def _read_group(found: Any) -> Group:
    return Group(
        text_of(found["context"]),
        text_of(found["path"]),
        number_of(found["entries"]),
        hex_of(found["digest"]),
        number_of(found["line"]),
    )
