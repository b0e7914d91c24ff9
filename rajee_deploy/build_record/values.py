"""The values of a record's parts, one by one: what they have to be, or ValueError or TypeError. Pure."""

from __future__ import annotations

import re

_MOST_NUMBER = 1 << 60


def text_of(found: object) -> str:
    """A text."""
    if not isinstance(found, str):
        raise TypeError("a text is missing")
    return found


def path_of(found: object) -> str:
    """A path below the root of its build context: no name in it can be taken for two."""
    text = text_of(found)
    if "\0" in text or not {"", ".", ".."}.isdisjoint(text.split("/")):
        raise ValueError("a path is none")
    return text


def switch_of(found: object) -> bool:
    """True or false."""
    if not isinstance(found, bool):
        raise TypeError("a true or false is missing")
    return found


def number_of(found: object) -> int:
    """A number from 0 on."""
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _MOST_NUMBER:
        raise ValueError("a number is missing")
    return found


def mode_of(found: object) -> int:
    """Permission bits, written in octal."""
    if not re.fullmatch(r"[0-7]{4,7}", text := text_of(found)):
        raise ValueError("a mode is none")
    return int(text, 8)


def hex_of(found: object) -> str:
    """Some hex digits, or none."""
    if not re.fullmatch(r"[0-9a-f]{0,64}", text := text_of(found)):
        raise ValueError("a digest is none")
    return text
