"""Contents → bytes: `rajee-deploy.contents/2`. Equal contents give equal bytes."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from rajee_deploy.build_record.packing import GZIP, HEADERS_DO_NOT_GIVE, MOST_BYTES, SCHEMA, is_exact, selects
from rajee_deploy.build_record.takes import MOST_TAKEN, parts_of
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from rajee_deploy.build_record.fields import Contents, RecordItem
    from rajee_deploy.fingerprint import Input


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
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    return packer.compress(text.encode("ascii")) + packer.flush()


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
            takes = parts_of(use.takes, numbers.get(selects(use.selects)[1], {}))
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
