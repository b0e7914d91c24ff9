"""Contents as bytes and back: `rajee-deploy.contents/1`. Equal contents give equal bytes; wrong bytes give an error.

A record proves itself: its inputs are encoded and hashed anew, and must give the digest that the tag is made of. Who
may push to the repository may write any record, and two parts of one no digest proves: the entries (their digests are
shortened, so those of the uses cannot be computed from them) and what an address hides (`private`). So of every part
the shape is looked at, its size, and that it belongs to the uses that are proved; who compares can rely on that.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any

from rajee_deploy import fingerprint as fingerprints
from rajee_deploy.build_record.parts import SCHEMA, check_entries, parse_contents
from rajee_deploy.errors import DeployError
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from rajee_deploy.build_record import Contents, RecordItem
    from rajee_deploy.fingerprint import Input

MOST_BYTES = 16 << 20  # of an unpacked document
_MOST_WORDS = 300
_GZIP = 31  # zlib's number for it; such a header has no name and no time


def encode(contents: Contents) -> bytes:
    """The document, packed. Names that are not UTF-8 keep their bytes as escaped surrogates, which JSON carries.
    DeployError `contents-too-large`."""
    text = json.dumps(_document(contents), separators=(",", ":"), sort_keys=True)
    if len(text) > MOST_BYTES:
        raise DeployError(
            "contents-too-large",
            f"it would have {len(text)} bytes",
            where=contents.tag,
            hint="only rajee-deploy explain misses it, for this tag; a narrower COPY makes it smaller",
        )
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packer.compress(text.encode("ascii")) + packer.flush()


def decode(tag: str, packed: bytes) -> Contents:
    """The contents that a document holds. DeployError `contents-unusable` unless it is whole and made this tag."""
    try:
        contents = parse_contents(parse_json(_unpacked(packed), errors="surrogateescape"))
        _check(contents, tag)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, zlib.error) as error:
        raise DeployError(
            "contents-unusable",
            f"the record of what {tag} was made of cannot be used",
            where=tag,
            cause=str(error)[:_MOST_WORDS] or type(error).__name__,
            hint="the image itself is not affected",
        ) from error
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
    check_entries(contents)
    if contents.is_private:
        return
    if hashlib.sha256(fingerprints.encode(inputs)).hexdigest() != contents.fingerprint.digest.hex:
        raise ValueError("its inputs do not give its digest")
    if texts != [_digest_of(one.canonical) for one in contents.instructions]:
        raise ValueError("its instructions are not those of its inputs")


def _digest_of(canonical: str) -> str:
    return f"sha256:{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"


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


def _item(item: RecordItem) -> dict[str, Any]:
    """An entry; what is empty is left out."""
    told = {
        "context": item.context,
        "size": item.size,
        "digest": item.digest,
        "link": item.link,
        "withheld": item.withheld,
        "extra": item.extra,
    }
    must = {"path": item.path, "kind": item.kind.value, "mode": f"{item.mode:04o}", "line": item.line}
    return {**must, **{key: value for key, value in told.items() if value}}
