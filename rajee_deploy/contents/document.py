"""Contents as bytes and back: `rajee-deploy.contents/1`. Equal contents give equal bytes; wrong bytes give an error.

A record proves itself: its inputs are encoded and hashed anew, and must give the digest that the tag is made of.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy import fingerprint as fingerprints
from rajee_deploy.contents import Contents, Group, Instruction, Item, KeptUse
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint, Input
from rajee_deploy.foreign import parse_json
from rajee_deploy.model import Digest, Kind, Reference

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SCHEMA = "rajee-deploy.contents/1"
MOST_BYTES = 256 << 20  # of an unpacked document
_GZIP = 31  # zlib's number for it; such a header has no name and no time


def encode(contents: Contents) -> bytes:
    """The document, packed. Names that are not UTF-8 keep their bytes as escaped surrogates, which JSON carries."""
    text = json.dumps(_document(contents), separators=(",", ":"), sort_keys=True)
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packer.compress(text.encode("ascii")) + packer.flush()


def decode(tag: str, packed: bytes) -> Contents:
    """The contents that a document holds. DeployError `contents-unusable` unless it is whole and made this tag."""
    try:
        contents = _contents(parse_json(_unpacked(packed), errors="surrogatepass"))
        _check(contents, tag)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, zlib.error, RecursionError) as error:
        raise DeployError(
            "contents-unusable", f"the record of what {tag} was made of cannot be used", where=tag,
            cause=str(error) or type(error).__name__, hint="the image itself is not affected",
        ) from error  # fmt: skip
    return contents


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    text = unpacker.decompress(packed, MOST_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut off, too long, or followed by something else")
    return text


def _check(contents: Contents, tag: str) -> None:
    inputs = contents.fingerprint.inputs
    if contents.tag != tag:
        raise ValueError(f"it is the record of {contents.tag}")
    named = [(fingerprints.kind_of(item.name)[1], item.text) for item in inputs]
    texts = [text for name, text in named if name.startswith("instruction:")]
    uses = [text for name, text in named if name.startswith("use:")]
    if len(texts) != len(contents.instructions) or uses != [use.selects for use in contents.uses]:
        raise ValueError("its parts do not belong together")
    if contents.is_private:
        return
    if hashlib.sha256(fingerprints.encode(inputs)).hexdigest() != contents.fingerprint.digest.hex:
        raise ValueError("its inputs do not give its digest")
    if texts != [_digest_of(one.canonical) for one in contents.instructions]:
        raise ValueError("its instructions are not those of its inputs")


def _digest_of(canonical: str) -> str:
    return f"sha256:{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"


# -- out -----------------------------------------------------------------------------------------------------------


def _document(contents: Contents) -> dict[str, Any]:
    fingerprint = contents.fingerprint
    return {
        "schema": SCHEMA,
        "tag": contents.tag,
        "digest": str(fingerprint.digest),
        "scheme": fingerprint.scheme,
        "precision": fingerprint.precision,
        "private": contents.is_private,
        "inputs": [_input(item) for item in fingerprint.inputs],
        "instructions": [{"canonical": i.canonical, "text": i.text, "line": i.line} for i in contents.instructions],
        "references": [{"role": one.role, "text": one.text, "line": one.line} for one in contents.references],
        "uses": [{"line": use.line, "source": use.source, "selects": use.selects} for use in contents.uses],
        "entries": [_item(item) for item in contents.items],
        # null when `entries` has them all
        "depth": contents.depth,
        "directories": [
            {"context": g.context, "path": g.path, "entries": g.entries, "digest": g.digest, "line": g.line}
            for g in contents.groups
        ],
    }


def _input(item: Input) -> dict[str, str]:
    return {"name": item.name, **({"value": item.value} if item.value is not None else {"digest": str(item.digest)})}


def _item(item: Item) -> dict[str, Any]:
    """An entry; what is empty is left out."""
    told = {
        "context": item.context, "size": item.size, "digest": item.digest, "link": item.link,
        "withheld": item.withheld, "extra": item.extra,
    }  # fmt: skip
    must = {"path": item.path, "kind": item.kind.value, "mode": f"{item.mode:04o}", "line": item.line}
    return {**must, **{key: value for key, value in told.items() if value}}


# -- in ------------------------------------------------------------------------------------------------------------


def _contents(found: dict[str, Any]) -> Contents:
    if found["schema"] != SCHEMA:
        raise ValueError(f"its schema is {found['schema']!r}")
    inputs = tuple(_read_input(item) for item in found["inputs"])
    return Contents(
        Fingerprint(_text(found["scheme"]), Digest.parse(found["digest"]), inputs, _text(found["precision"])),
        _all(found["instructions"], _read_instruction),
        _all(found["references"], lambda one: Reference(_text(one["role"]), _text(one["text"]), int(one["line"]))),
        _all(found["uses"], lambda one: KeptUse(int(one["line"]), _text(one["source"]), _text(one["selects"]))),
        _all(found["entries"], _read_item),
        None if found["depth"] is None else int(found["depth"]),
        _all(found["directories"], _read_group),
        found["private"] is True,
    )  # fmt: skip


def _all(found: list[Any], read: Callable[[Any], T]) -> tuple[T, ...]:
    return tuple(read(one) for one in found)


def _read_input(found: dict[str, Any]) -> Input:
    if "value" in found:
        return Input(_text(found["name"]), _text(found["value"]))
    return Input(_text(found["name"]), digest=Digest.parse(found["digest"]))


def _read_instruction(found: dict[str, Any]) -> Instruction:
    return Instruction(_text(found["canonical"]), _text(found["text"]), int(found["line"]))


def _read_item(found: dict[str, Any]) -> Item:
    return Item(
        _text(found.get("context", "")), _text(found["path"]), Kind(found["kind"]), int(found["mode"], 8),
        int(found.get("size", 0)), _text(found.get("digest", "")), _text(found.get("link", "")),
        found.get("withheld") is True, _text(found.get("extra", "")), int(found["line"]),
    )  # fmt: skip


def _read_group(found: dict[str, Any]) -> Group:
    return Group(
        _text(found["context"]), _text(found["path"]), int(found["entries"]), _text(found["digest"]),
        int(found["line"]),
    )  # fmt: skip


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r} is no text")
    return found
