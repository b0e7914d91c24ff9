"""What a use's digest is over: from a live selection, and as a record says it (runs of its entries). Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rajee_deploy.build_record.fields import RecordItem, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.context.select import Chosen

MOST_TAKEN = 500_000  # by all uses of a record
_Parts = list[list[Any]]


def takes_of(chosen: Chosen) -> tuple[Taken, ...]:
    """What a use takes, as it was selected."""
    return tuple(Taken(os.fsdecode(item.key).replace("\0", "/"), item.path, item.deep) for item in chosen.items)


def parts_of(takes: Iterable[Taken], numbers: dict[str, int]) -> _Parts:
    """What a use takes, in parts: `[first, count, base]` for entries of the record one after the other, whose names are
    their paths below a base, and `[rest, path, deep]` for each other one. `numbers` are those of the context's entries.
    """
    parts: _Parts = []
    for one in takes:
        whole = f"/{one.path}"
        number = numbers.get(one.path)
        if one.deep or number is None or not one.rest.startswith("/") or not whole.endswith(one.rest):
            parts.append(list(one))
            continue
        base = whole.removesuffix(one.rest)
        if parts and isinstance(parts[-1][0], int) and parts[-1][0] + parts[-1][1] == number and parts[-1][2] == base:
            parts[-1][1] += 1
        else:
            parts.append([number, 1, base])
    return parts


def read_takes(parts: Any, items: Sequence[RecordItem], room: int) -> tuple[Taken, ...]:
    """The same back, `room` things at most. ValueError and its kind where they are not of that shape."""
    takes: list[Taken] = []
    for part in parts:
        first, second, third = part
        if isinstance(first, str):
            takes.append(_single(first, second, third))
        else:
            takes += _run(first, second, third, items)
        if len(takes) > room:
            raise ValueError(f"its uses take more than {MOST_TAKEN} entries")
    return tuple(takes)


def _single(rest: str, path: object, deep: object) -> Taken:
    if not isinstance(path, str) or not isinstance(deep, bool):
        raise TypeError("what a use takes is none of its entries")
    return Taken(rest, path, deep)


def _run(first: object, count: object, base: object, items: Sequence[RecordItem]) -> list[Taken]:
    if type(first) is not int or type(count) is not int or not isinstance(base, str):
        raise TypeError("what a use takes is none of its entries")
    if first < 0 or count < 1 or first + count > len(items):
        raise ValueError("what a use takes is none of its entries")
    paths = [f"/{item.path}" for item in items[first : first + count]]
    if not all(path.startswith(f"{base}/") for path in paths):
        raise ValueError("what a use takes does not lie where it takes it from")
    return [Taken(path.removeprefix(base), path[1:], deep=False) for path in paths]
