"""The parts of a record, one by one: JSON that somebody wrote → contents, or some error of a wrong shape (ValueError,
TypeError, KeyError, AttributeError or IndexError). Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy.build_record import Contents, Group, Instruction, KeptUse, RecordItem
from rajee_deploy.fingerprint import Fingerprint, Input
from rajee_deploy.model import Digest, Kind, Reference
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SCHEMA = "rajee-deploy.contents/1"
_MOST_PARTS = 20_000  # of each kind: entries are grouped from there on, and no Dockerfile has as many lines
_MOST_NUMBER = 1 << 60


def parse_contents(found: Any) -> Contents:
    """The whole document."""
    if found["schema"] != SCHEMA:
        raise ValueError("it is of another schema")
    return Contents(
        Fingerprint(
            _text(found["scheme"]),
            Digest.parse(_text(found["digest"])),
            _all(found["inputs"], _read_input),
            _text(found["precision"]),
        ),
        _all(found["instructions"], _read_instruction),
        _all(found["references"], lambda one: Reference(_text(one["role"]), _text(one["text"]), _number(one["line"]))),
        _all(found["uses"], _read_use),
        _all(found["entries"], _read_item),
        None if found["depth"] is None else _number(found["depth"]),
        _all(found["directories"], _read_group),
        _switch(found["private"]),
    )


def check_entries(contents: Contents) -> None:
    """Each is of a build context and on a line that a use is of; and they are there in one of two ways. ValueError."""
    places = {(_selects(use.selects)[1], use.line) for use in contents.uses}
    contexts, lines = {context for context, _ in places}, {line for _, line in places}
    held = [(one.context, one.line) for one in contents.items] + [(one.context, one.line) for one in contents.groups]
    if any(context not in contexts or line not in lines for context, line in held):
        raise ValueError("it has entries that no use selects")
    if (contents.items and contents.depth is not None) or (contents.groups and contents.depth is None):
        raise ValueError("it has entries, and groups of them")


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


def _read_use(found: Any) -> KeptUse:
    selects = _text(found["selects"])
    _selects(selects)
    return KeptUse(_number(found["line"]), _text(found["source"]), selects)


def _selects(text: str) -> list[Any]:
    """What a use selects, as `fingerprint` writes it: an instruction first, then a build context, last a digest."""
    found = _words(text)
    _text(found[1])
    Digest.parse(_text(found[-1]))
    return found


def _words(text: str) -> list[Any]:
    """A canonical text: an array whose first word says what it is."""
    found = parse_json(text, errors="surrogateescape")
    if not isinstance(found, list) or not found or not _text(found[0]):
        raise ValueError("a canonical text is none")
    return found


def _read_item(found: Any) -> RecordItem:
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
