"""Very many entries as one digest per directory. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from rajee_deploy.build_record.fields import HEX, Contents, Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.build_record.fields import RecordItem

LIMIT = 20_000


def within_bound(contents: Contents, limit: int = LIMIT) -> Contents:
    """The contents with their entries, or with groups of them where there are more than `limit`: as deep as gives at
    most `limit` groups."""
    if len(contents.items) <= limit:
        return contents
    deepest = max(item.path.count("/") for item in contents.items)
    fitting = takewhile(lambda depth: _number(contents.items, depth) <= limit, range(1, deepest + 1))
    depth = max(fitting, default=0)
    uses = tuple(replace(use, takes=None) for use in contents.uses)
    return replace(contents, items=(), uses=uses, depth=depth, groups=groups_of(contents.items, depth))


def groups_of(items: Iterable[RecordItem], depth: int, *, as_older: bool = False) -> tuple[Group, ...]:
    """The directories at most `depth` levels down, each with what lies in it; below the last level with all of it.
    `as_older`: with the digests that an older release gave them."""
    held: dict[tuple[str, str], list[RecordItem]] = {}
    for item in items:
        held.setdefault(_key(item, depth), []).append(item)
    return tuple(_group(key, members, as_older=as_older) for key, members in sorted(held.items()))


def _number(items: tuple[RecordItem, ...], depth: int) -> int:
    return len({_key(item, depth) for item in items})


def _key(item: RecordItem, depth: int) -> tuple[str, str]:
    return item.context, "/".join(item.path.split("/")[:-1][:depth])


def _group(key: tuple[str, str], members: list[RecordItem], *, as_older: bool) -> Group:
    digest = hashlib.sha256()
    for one in sorted(members, key=lambda item: item.path):
        kind, *rest = one.content
        counted = [kind.value, *rest] if as_older else [one.record]
        digest.update(json.dumps([one.path, *counted]).encode() + b"\n")
    return Group(*key, len(members), digest.hexdigest()[:HEX], members[0].line)
