"""What one Dockerfile asks for on several platforms → what it asks for in all. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.model import Recipe

T = TypeVar("T")


def merge(recipes: Sequence[Recipe]) -> Recipe:
    """The recipe that reads and needs whatever one of the platforms does. Lists keep the order that each of them has.

    For one platform it is that platform's own. `recipes` has at least one.
    """
    first, *others = recipes
    if all(other == first for other in others):
        return first
    lines = unite([list(zip(each.instructions, each.instruction_lines, strict=True)) for each in recipes])
    return replace(
        first,
        reads=unite([each.reads for each in recipes]),
        instructions=tuple(text for text, _ in lines),
        instruction_lines=tuple(line for _, line in lines),
        build_args=unite([each.build_args for each in recipes]),
        references=unite([each.references for each in recipes]),
        secrets=unite([each.secrets for each in recipes]),
        notices=tuple(dict.fromkeys(notice for each in recipes for notice in each.notices)),
        widened=next((each.widened for each in recipes if each.widened), ""),
    )


def unite(sequences: Iterable[Sequence[T]]) -> tuple[T, ...]:
    """One sequence in which each of the given ones is, in its order and with its repeats; what they share is there
    once, and between that the earlier sequences' items come first."""
    result: list[T] = []
    for sequence in sequences:
        at = 0
        for number, item in enumerate(sequence, 1):
            if item not in result[at:]:
                coming = sequence[number:]
                while at < len(result) and result[at] not in coming:
                    at += 1
                result.insert(at, item)
            at = result.index(item, at) + 1
    return tuple(result)
