"""The line of the CDK app that a synth failed at, by a traceback of Python's, a stack of node's or what tsc said.

It follows links in paths and opens no file; it must never fail, since it speaks of what did.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PYTHON = re.compile(r'^\s*File "([^"\0]+)", line (\d{1,9})')  # the last is where it broke
_NODE = re.compile(r"^\s+at .*?\(?(?:file://)?(/[^()\0]+?):(\d{1,9}):\d+\)?$")  # the first is
_COMPILER = re.compile(r"^([^\s\0]+?\.[cm]?tsx?)(?:\((\d{1,9}),\d+\)|:(\d{1,9}):\d+) ?[-:] error")
_PACKAGES = frozenset({"node_modules", "site-packages", "dist-packages"})


def failure_place(lines: Sequence[str], app: Path) -> str:
    """`stacks/api.py:12`, as it is typed in the working directory; "" where no line of the app is named."""
    top = os.path.realpath(app)
    python = [found for line in lines if (found := _own(_PYTHON.match(line), top))]
    others = (found for line in lines for found in _others(line, top))
    return python[-1] if python else next(others, "")


def _others(line: str, top: str) -> Iterator[str]:
    for pattern in (_COMPILER, _NODE):
        found = _own(pattern.match(line), top)
        if found:
            yield found


def _own(found: re.Match[str] | None, top: str) -> str:
    """The place, if it is in the app and in none of its packages."""
    if found is None:
        return ""
    path, *numbers = found.groups()
    place = os.path.realpath(Path(top) / path)
    if not place.startswith(top + os.sep) or _PACKAGES & {*Path(place).parts}:
        return ""
    shown = os.path.relpath(place)
    return f"{place if shown.startswith(os.pardir) else shown}:{next(filter(None, numbers))}"
