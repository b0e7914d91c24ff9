"""Which cases of a long table a run takes, and whether the longest tests: all, or the same few.

All of some tables take minutes, so `make test` takes a sample of them and leaves out what is marked `proof`, and says
so in its last lines; `make proof` sets the variable.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

VARIABLE = "RAJEE_ALL_CASES"
Case = TypeVar("Case")
# What the cases are of: how many are taken, and how many there are.
_COUNTS: dict[str, list[int]] = defaultdict(lambda: [0, 0])


def some(of: str, cases: Iterable[Case], step: int) -> tuple[Case, ...]:
    """One of `step` cases, or all. Tables are in order of kind, so that a step takes from each."""
    every = tuple(cases)
    taken = every[:: 1 if VARIABLE in os.environ else step]
    _COUNTS[of][0] += len(taken)
    _COUNTS[of][1] += len(every)
    return taken


def examples(most: int) -> int:
    """Of a property that says how many it takes: all of them, or a third."""
    return most if VARIABLE in os.environ else -(-most // 3)


def without_the_longest(items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """What is run, and what is left to the proof."""
    longest = [item for item in items if item.get_closest_marker("proof")]
    _COUNTS["long tests"] = [len(longest) if VARIABLE in os.environ else 0, len(longest)]
    if VARIABLE in os.environ:
        return list(items), []
    return [item for item in items if item not in longest], longest


def left_out() -> list[str]:
    """What this run does not check, in words."""
    return [
        f"{every - taken} of {every} {of}; make proof runs all"
        for of, (taken, every) in _COUNTS.items()
        if taken < every
    ]
