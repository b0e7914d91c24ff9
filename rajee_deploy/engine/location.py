"""Where a build failed, as the user knows it: a line of their own Dockerfile, not of the private copy. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# BuildKit: `Dockerfile:7` on a line of its own (a range as 7-9), before the excerpt of the file.
_LOCATION = re.compile(r"^(\S+):(\d+)(?:-\d+)?$", re.MULTILINE)
_PARSE_LINE = re.compile(r"(?:dockerfile parse error on|parse error on|error on) line (\d+)")
_SHORTEST = 3


def locate_failure(text: str, file_name: str, shown: str) -> tuple[str, str]:
    """(where, text): the failing line as `shown:line` ("" when none is told), and the text with the user's own name.

    `file_name` is what the engine calls the Dockerfile.
    """
    line = 0
    for match in _LOCATION.finditer(text):
        if match[1].rpartition("/")[2] == file_name:
            line = int(match[2])
            text = f"{text[: match.start(1)]}{shown}{text[match.end(1) :]}"
            break
    if not line and (parse := _PARSE_LINE.search(text)):
        line = int(parse[1])
    return (f"{shown}:{line}" if line else ""), text


def line_of_step(step: str, dockerfile: str) -> int:
    """The line on which an instruction begins, found by its text; 0 when it is not there exactly once."""
    wanted = _squeeze(step)
    if len(wanted) < _SHORTEST:
        return 0
    found = [number for number, text in _logical_lines(dockerfile) if _is_same(wanted, _squeeze(text))]
    return found[0] if len(found) == 1 else 0


def _is_same(step: str, line: str) -> bool:
    """An engine shows an exec form as plain words, and of a heredoc its first line with more behind it."""
    return step == line or (("<<" in line) and step.startswith(line)) or _words(step) == _words(line)


def _words(text: str) -> str:
    """An instruction without the marks of its exec form."""
    return _squeeze(re.sub(r"[\[\]\",]+", " ", text))


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _logical_lines(dockerfile: str) -> Iterator[tuple[int, str]]:
    """(number of the first line, text) of each instruction, its continued lines joined."""
    start, parts = 0, ""
    for number, line in enumerate(lines_of(dockerfile), 1):
        if line.lstrip().startswith("#"):
            continue
        start = start or number
        if line.rstrip().endswith("\\"):
            parts += line.rstrip()[:-1] + " "
            continue
        if (parts + line).strip():
            yield start, parts + line
        start, parts = 0, ""
    if parts.strip():
        yield start, parts
