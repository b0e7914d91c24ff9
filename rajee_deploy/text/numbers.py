"""Numbers that others wrote: the one place that makes a number of a text. Pure.

`int` takes digits of every script, spaces and underscores, and raises for more than 4,300 digits; `isdecimal` before it
guards against none of them.
"""

from __future__ import annotations

_DIGITS = 18  # fits 64 bits


def whole(text: str) -> int | None:
    """The number that ASCII digits alone say, None for anything else, and for what no counter or clock reaches."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
