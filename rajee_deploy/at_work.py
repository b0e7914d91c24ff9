"""At what the process is: the name of what it began last, for whoever has to say where it broke."""

from __future__ import annotations

_latest = [""]


def note(name: str) -> None:
    """Something begins."""
    _latest[0] = name


def latest() -> str:
    """What began last; "" before anything did."""
    return _latest[0]
