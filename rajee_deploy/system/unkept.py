"""What could not be kept: a cache or a note whose loss costs time and nothing else.

A full disk, a quota, a directory that is read-only, belongs to somebody else or is a file: the run goes on, and its end
says so in one line. Nothing that decides may be kept this way. It knows no places.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_noted: list[Unkept] = []  # of this process


class Unkept(NamedTuple):
    """A place where nothing could be kept, and why."""

    place: str
    why: str


@contextmanager
def optional(place: str | os.PathLike[str]) -> Iterator[None]:
    """Keep something there, or do without."""
    try:
        yield
    except OSError as error:
        _noted.append(Unkept(os.fspath(place), error.strerror or str(error)))


def first_unkept() -> Unkept | None:
    """The first that could not be kept."""
    return _noted[0] if _noted else None
