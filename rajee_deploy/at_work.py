"""At what the process is: the name of what it began last, for whoever has to say where it broke; how often it was
stopped and went on; and how a command of ours is written that is about the same as this run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_latest = [""]
_times = [0]
_writers: list[Callable[[str], str]] = []  # none or one: the command line's


def note(name: str) -> None:
    """Something begins."""
    _latest[0] = name


def latest() -> str:
    """What began last; "" before anything did."""
    return _latest[0]


def note_resumed() -> None:
    """The process went on after it was stopped (Ctrl-Z, then fg)."""
    _times[0] += 1


def times_resumed() -> int:
    """How often it did: each time others have written to the terminal."""
    return _times[0]


def write_commands_by(writer: Callable[[str], str]) -> None:
    """From now on this gives the commands in a message the flags of the run."""
    _writers[:] = [writer]


def as_pasted(text: str) -> str:
    """The text of a message, whose commands mean where they are pasted what they mean here."""
    return _writers[0](text) if _writers and "rajee-deploy " in text else text
