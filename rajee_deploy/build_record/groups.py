"""Very many entries as one digest per directory. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from rajee_deploy.build_record import HEX, Contents, Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.build_record import RecordItem

LIMIT = 20_000


def bounded(contents: Contents, limit: int = LIMIT) -> Contents:
    """The contents with their entries, or with groups of them where there are more than `limit`: as deep as gives at
    most `limit` groups."""
    if len(contents.items) <= limit:
        return contents
    deepest = max(item.path.count("/") for item in contents.items)
    fitting = takewhile(lambda depth: _number(contents.items, depth) <= limit, range(1, deepest + 1))
    depth = max(fitting, default=0)
    return replace(contents, items=(), depth=depth, groups=groups_of(contents.items, depth))


def groups_of(items: Iterable[RecordItem], depth: int) -> tuple[Group, ...]:
    """The directories at most `depth` levels down, each with what lies in it; below the last level with all of it."""
    held: dict[tuple[str, str], list[RecordItem]] = {}
    for item in items:
        held.setdefault(_key(item, depth), []).append(item)
    return tuple(_group(key, members) for key, members in sorted(held.items()))


def _number(items: tuple[RecordItem, ...], depth: int) -> int:
    return len({_key(item, depth) for item in items})


def _key(item: RecordItem, depth: int) -> tuple[str, str]:
    return item.context, "/".join(item.path.split("/")[:-1][:depth])


def _group(key: tuple[str, str], members: list[RecordItem]) -> Group:
    digest = hashlib.sha256()
    for one in sorted(members, key=lambda item: item.path):
        kind, *rest = one.content
        digest.update(json.dumps([one.path, kind.value, *rest]).encode() + b"\n")
    return Group(*key, len(members), digest.hexdigest()[:HEX], members[0].line)
