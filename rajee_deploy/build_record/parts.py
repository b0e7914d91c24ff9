"""The parts of a record, one by one: JSON that somebody wrote → contents, or some error of a wrong shape (ValueError,
TypeError, KeyError, AttributeError or IndexError). Pure.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy.build_record import Contents, Group, Instruction, KeptUse, RecordItem
from rajee_deploy.build_record.takes import MOST_TAKEN, read_takes
from rajee_deploy.build_record.values import hex_of, mode_of, number_of, path_of, switch_of, text_of
from rajee_deploy.context.digest import header
from rajee_deploy.fingerprint import Fingerprint, Input, kind_of
from rajee_deploy.model import Digest, Kind, Reference
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SCHEMA, OLDER_SCHEMA = "rajee-deploy.contents/2", "rajee-deploy.contents/1"
HEADERS_DO_NOT_GIVE = {Kind.FILE, Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}  # their digests: of bytes, and of numbers
_MOST_PARTS = 20_000  # of each kind: entries are grouped from there on, and no Dockerfile has as many lines
_SELECTS = 9  # parts of what a use selects


def parse_contents(found: Any) -> Contents:
    """The whole document."""
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
        _all(
            found["references"],
            lambda one: Reference(text_of(one["role"]), text_of(one["text"]), number_of(one["line"])),
        ),
        _all(found["uses"], _read_use) if is_older else _read_uses(found["uses"], items),
        items,
        None if found["depth"] is None else number_of(found["depth"]),
        _all(found["directories"], _read_group),
        switch_of(found["private"]),
        is_older,
    )


def is_exact(fingerprint: Fingerprint) -> bool:
    """Whether modes count as they are on disk, and attributes with them."""
    return any((kind_of(item.name)[1], item.value) == ("modes", "exact") for item in fingerprint.inputs)


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
    _words(canonical)
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


def selects(text: str) -> list[Any]:
    """What a use selects, as `fingerprint` writes it: an instruction first, then a build context and by what it selects
    (a path, whether it is a wildcard, …), last a digest."""
    found = _words(text)
    text_of(found[1])
    text_of(found[2])
    Digest.parse(text_of(found[-1]))
    if len(found) != _SELECTS:
        raise ValueError("what a use selects is none")
    return found


def _words(text: str) -> list[Any]:
    """A canonical text: an array whose first word says what it is."""
    found = parse_json(text, errors="surrogateescape")
    if not isinstance(found, list) or not found or not text_of(found[0]):
        raise ValueError("a canonical text is none")
    return found


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
