"""What a run warned of: one list, whoever says it, from which the document of --json has all that the screen shows.

A room that is told nothing to show puts its warning down here; it is shown with the document, or at the end. It knows
nobody.
"""

from __future__ import annotations

from typing import NamedTuple


class Warned(NamedTuple):
    """A warning. `code` is "" where it has none."""

    subject: str
    code: str
    message: str


class Concern(NamedTuple):
    """A warning as it is to be shown: with the line that it is about (0 for none), and whether those of its code are
    alike, so that one of them may stand for all."""

    warned: Warned
    line: int = 0
    is_alike: bool = False


of_this_run: list[Warned] = []  # what was shown, in that order
_waiting: list[Warned] = []


def begin() -> None:
    """A run begins; nobody was warned of anything."""
    of_this_run.clear()
    _waiting.clear()


def put_down(warning: Warned) -> None:
    """Have it shown later; the first of its code alone."""
    if all(each.code != warning.code for each in (*of_this_run, *_waiting)):
        _waiting.append(warning)


def take_waiting() -> list[Warned]:
    """What was put down and not yet shown."""
    taken = _waiting[:]
    _waiting.clear()
    return taken
