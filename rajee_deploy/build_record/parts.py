"""The parts of a record, one by one: JSON that somebody wrote → contents, or some error of a wrong shape (ValueError,
TypeError, KeyError, AttributeError or IndexError). Pure.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy.build_record import Contents, Group, Instruction, KeptUse, RecordItem
from rajee_deploy.build_record.takes import MOST_TAKEN, read_takes
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
_MOST_NUMBER = 1 << 60


def parse_contents(found: Any) -> Contents:
    """The whole document."""
    if found["schema"] not in (SCHEMA, OLDER_SCHEMA):
        raise ValueError("it is of another schema")
    is_older = found["schema"] == OLDER_SCHEMA
    fingerprint = Fingerprint(
        _text(found["scheme"]),
        Digest.parse(_text(found["digest"])),
        _all(found["inputs"], _read_input),
        _text(found["precision"]),
    )
    if found["tag"] != fingerprint.tag:
        raise ValueError("its tag is not that of its digest")
    exact = is_exact(fingerprint)
    items = _all(found["entries"], _read_older_item if is_older else lambda one: _read_item(one, exact=exact))
    return Contents(
        fingerprint,
        _all(found["instructions"], _read_instruction),
        _all(found["references"], lambda one: Reference(_text(one["role"]), _text(one["text"]), _number(one["line"]))),
        _all(found["uses"], _read_use) if is_older else _read_uses(found["uses"], items),
        items,
        None if found["depth"] is None else _number(found["depth"]),
        _all(found["directories"], _read_group),
        _switch(found["private"]),
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
        return Input(_text(found["name"]), _text(found["value"]))
    return Input(_text(found["name"]), digest=Digest.parse(_text(found["digest"])))


def _read_instruction(found: Any) -> Instruction:
    canonical = _text(found["canonical"])
    _words(canonical)
    return Instruction(canonical, _text(found["text"]), _number(found["line"]))


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
        uses.append(replace(use, takes=takes, alone=_switch(one["alone"])))
    return tuple(uses)


def _read_use(found: Any) -> KeptUse:
    text = _text(found["selects"])
    selects(text)
    return KeptUse(_number(found["line"]), _text(found["source"]), text)


def selects(text: str) -> list[Any]:
    """What a use selects, as `fingerprint` writes it: an instruction first, then a build context and by what it selects
    (a path, whether it is a wildcard, …), last a digest."""
    found = _words(text)
    _text(found[1])
    _text(found[2])
    Digest.parse(_text(found[-1]))
    if len(found) != _SELECTS:
        raise ValueError("what a use selects is none")
    return found


def _words(text: str) -> list[Any]:
    """A canonical text: an array whose first word says what it is."""
    found = parse_json(text, errors="surrogateescape")
    if not isinstance(found, list) or not found or not _text(found[0]):
        raise ValueError("a canonical text is none")
    return found


def _read_item(found: Any, *, exact: bool) -> RecordItem:
    """An entry. Only a digest that its other parts do not give is written down."""
    kind, mode, link = Kind(_text(found["kind"])), _mode(found["mode"]), _text(found.get("link", ""))
    if exact or kind in HEADERS_DO_NOT_GIVE:
        record = f"sha256:{found['record']}"
        Digest.parse(record)
    elif "record" in found:
        raise ValueError("a digest is there that nothing needs")
    else:
        record = digest_of_header(kind, mode, link)
    return RecordItem(
        _text(found.get("context", "")),
        _path(found["path"]),
        kind,
        mode,
        _number(found.get("size", 0)),
        _hex(found.get("digest", "")),
        link,
        _switch(found.get("withheld", False)),
        "",
        0,
        record,
    )


def _read_older_item(found: Any) -> RecordItem:
    return RecordItem(
        _text(found.get("context", "")),
        _text(found["path"]),
        Kind(_text(found["kind"])),
        _mode(found["mode"]),
        _number(found.get("size", 0)),
        _hex(found.get("digest", "")),
        _text(found.get("link", "")),
        _switch(found.get("withheld", False)),
        _hex(found.get("extra", "")),
        _number(found["line"]),
    )


def digest_of_header(kind: Kind, mode: int, link: str) -> str:
    """BuildKit's digest of what has no bytes, under modes git."""
    return f"sha256:{hashlib.sha256(header(kind, mode, 0, os.fsencode(link))).hexdigest()}"


def _read_group(found: Any) -> Group:
    return Group(
        _text(found["context"]),
        _text(found["path"]),
        _number(found["entries"]),
        _hex(found["digest"]),
        _number(found["line"]),
    )


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("a text is missing")
    return found


def _path(found: object) -> str:
    """A path below the root of its build context: no name in it can be taken for two."""
    text = _text(found)
    if "\0" in text or not {"", ".", ".."}.isdisjoint(text.split("/")):
        raise ValueError("a path is none")
    return text


def _switch(found: object) -> bool:
    if not isinstance(found, bool):
        raise TypeError("a true or false is missing")
    return found


def _number(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _MOST_NUMBER:
        raise ValueError("a number is missing")
    return found


def _mode(found: object) -> int:
    if not re.fullmatch(r"[0-7]{4,7}", text := _text(found)):
        raise ValueError("a mode is none")
    return int(text, 8)


def _hex(found: object) -> str:
    if not re.fullmatch(r"[0-9a-f]{0,64}", text := _text(found)):
        raise ValueError("a digest is none")
    return text
