"""Names that are made of a digest, short: enough to recognise them. The whole is in --json, and with -v. Pure."""

from __future__ import annotations

import re

# 12 digits, as docker and git show them.
_LONG = re.compile(r"(?<![0-9A-Za-z])((?:[a-z][a-z0-9]*[-:])?[0-9a-f]{12})[0-9a-f]{20,116}(?![0-9A-Za-z])")


def short(text: str) -> str:
    """The text with 12 digits of each digest and of each tag that is made of one: `c-ebb2bba14535`."""
    return _LONG.sub(r"\1", text)
