"""Contents as bytes and back: `rajee-deploy.contents/2`. Equal contents give equal bytes; wrong bytes give an error.

A record proves itself, as far as `checks` says: its inputs are hashed anew and must give the digest that the tag is
made of, and its entries must give the digests of its uses. Who may push to the repository may write any record, so of
every part the shape is looked at, and its size. Records of `contents/1` are read, and proved by their inputs alone:
they keep shortened digests of bytes, of which no use's digest can be computed. A release that knows only those passes
one of today over, as it does one that is damaged.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from rajee_deploy.build_record.checks import check
from rajee_deploy.build_record.parts import HEADERS_DO_NOT_GIVE, SCHEMA, is_exact, parse_contents, selects
from rajee_deploy.build_record.takes import MOST_TAKEN, written
from rajee_deploy.build_record.tree import NotBelievedError
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
    """The contents that a document holds, with what of them nothing proves. DeployError `contents-unusable` unless it
    is whole and made this tag, `contents-not-believed` where its digests contradict it."""
    try:
        return check(tag, parse_contents(parse_json(_unpacked(packed), errors="surrogateescape")))
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


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    text = unpacker.decompress(packed, MOST_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut off, too long, or followed by something else")
    return text


def _document(contents: Contents) -> dict[str, Any]:
    fingerprint = contents.fingerprint
    exact = is_exact(fingerprint)
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
        "uses": _uses(contents),
        "entries": [_item(item, exact=exact) for item in contents.items],
        # null when `entries` has them all
        "depth": contents.depth,
        "directories": [
            {"context": g.context, "path": g.path, "entries": g.entries, "digest": g.digest, "line": g.line}
            for g in contents.groups
        ],
    }


def _input(item: Input) -> dict[str, str]:
    return {"name": item.name, **({"value": item.value} if item.value is not None else {"digest": str(item.digest)})}


def _uses(contents: Contents) -> list[dict[str, Any]]:
    """The uses, with what they take where the entries are there and it is not too much in all."""
    numbers: dict[str, dict[str, int]] = {}
    for item in contents.items:
        own = numbers.setdefault(item.context, {})
        own[item.path] = len(own)
    said = contents.depth is None and sum(len(use.takes or ()) for use in contents.uses) <= MOST_TAKEN
    found = []
    for use in contents.uses:
        takes = None
        if said and use.takes is not None:
            takes = written(use.takes, numbers.get(selects(use.selects)[1], {}))
        told = {"line": use.line, "source": use.source, "selects": use.selects}
        found.append({**told, "takes": takes, "alone": use.alone})
    return found


def _item(item: RecordItem, *, exact: bool) -> dict[str, Any]:
    """An entry; what is empty is left out, and so is a digest that follows from the rest."""
    told = {
        "context": item.context,
        "size": item.size,
        "digest": item.digest if exact else "",
        "link": item.link,
        "withheld": item.withheld,
        "record": item.record.removeprefix("sha256:") if exact or item.kind in HEADERS_DO_NOT_GIVE else "",
    }
    must = {"path": item.path, "kind": item.kind.value, "mode": f"{item.mode:04o}"}
    return {**must, **{key: value for key, value in told.items() if value}}
