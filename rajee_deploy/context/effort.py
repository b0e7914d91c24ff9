"""How much work the patterns of one build context may be: of ignore files, of `COPY` wildcards and of `--exclude`.

A checkout may hold any number of patterns, of entries, and of instructions that ask for them; what they come to is
their product, and no matcher makes that small. So whoever matches pays for it here, and stops with words for a person
where it comes to more than some seconds. Each entry brings work that it may cost, so that a large context alone is
never too much. Must never look at a clock: the same checkout gets the same answer everywhere.
"""

from __future__ import annotations

from rajee_deploy.errors import DeployError

MOST = 4 << 20  # units, each some 0.25 µs: to ask one pattern without a wildcard
PER_ENTRY = 1 << 9  # units more for each entry: far more than usual rules need
MAX_RULES = 1 << 16  # of one file: to read so many takes a second
CANDIDATE = 1 << 2  # to see whether a path holds the texts of a pattern
COMPILED = 1 << 9  # to make an expression of a pattern


class Effort:
    """What is left of it."""

    def __init__(self) -> None:
        self._left = MOST
        self._entries = 0

    def allow(self, entries: int) -> None:
        """So many entries more are to be asked about."""
        self._entries += entries
        self._left += entries * PER_ENTRY

    def spend(self, units: int, patterns: int, where: str) -> None:
        """DeployError `too-many-patterns` when it is spent; `patterns` is how many there are in the place `where`."""
        self._left -= units
        if self._left < 0:
            entries = f", and {self._entries} entries were listed so far" if self._entries else ""
            raise too_many(where, f"there are {patterns} of them{entries}")


def too_many(where: str, cause: str) -> DeployError:
    """The error for more patterns than can be asked."""
    return DeployError(
        "too-many-patterns",
        "the patterns here come to more work than any build needs",
        where=where,
        cause=cause,
        hint="say it in fewer patterns, or in ones with fewer stars: `dir` leaves out all that is in it",
    )
