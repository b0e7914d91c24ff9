"""Which texts show a secret: its lines, and how other programs write them when they print their arguments. Pure.

A program that shows an argument mostly shows it as a literal of some language: JSON, what node's util.inspect makes of
it, a repr. There a backslash, a quote or a control character has another spelling, and the rest of the secret stands.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rajee_deploy.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHORTEST = 4  # hiding every "1" would make a message unreadable and hide nothing
# https://github.com/nodejs/node/blob/main/lib/internal/util/inspect.js (`meta`); Python's repr has small letters.
_NAMED = {8: "\\b", 9: "\\t", 12: "\\f"}
_CONTROLS = [*range(32), *range(127, 160)]
_INSPECTED = {code: _NAMED.get(code, f"\\x{code:02X}") for code in _CONTROLS}
_REPR = {code: "\\t" if code == 9 else f"\\x{code:02x}" for code in _CONTROLS}  # noqa: PLR2004 -- a tab


def texts_of(secrets: Iterable[str]) -> list[str]:
    """What is to be hidden for these, the longest first. Also a literal within a literal: JSON in a line of a log."""
    lines = {line.strip() for secret in secrets for line in lines_of(secret)}
    lines = {line for line in lines if len(line) >= _SHORTEST}
    once = {text for line in lines for text in _spellings(line)}
    twice = {text for line in once for text in _spellings(line)}
    return sorted(lines | once | twice, key=len, reverse=True)


def _spellings(line: str) -> Iterator[str]:
    yield json.dumps(line)[1:-1]
    yield json.dumps(line, ensure_ascii=False)[1:-1]
    plain = line.replace("\\", "\\\\")
    for controls in (_INSPECTED, _REPR):
        text = plain.translate(controls)
        yield text  # in quotes that are not in it
        yield text.replace("'", "\\'")
        yield text.replace('"', '\\"')
        yield text.replace("'", "\\'").replace('"', '\\"')
