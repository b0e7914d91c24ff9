"""What no list of the settings may hold, whichever key it is of: a blank entry, or one twice. Pure."""

from __future__ import annotations

from typing import Any

# Lines of an ignore file: a blank one means nothing there, and one may stand twice, since the last that matches wins.
# Platforms are read as a set (see model.parse_platforms).
_FREE = frozenset({"ignore", "platform"})


def list_problem(key: str, value: Any) -> str:
    """What is wrong with a list; "" where nothing is, or where it is none."""
    if not isinstance(value, list) or key in _FREE:
        return ""
    if any(isinstance(each, str) and not each.strip() for each in value):
        return "an entry is empty: write a name there, or take it out"
    twice = next((each for number, each in enumerate(value) if each in value[:number]), None)
    return f"{twice!r} is in the list twice: take one of them out" if twice is not None else ""
