"""Which program reads the Dockerfile: the `syntax` directive in its three spellings.

Owns the first lines only, as BuildKit's DetectSyntax reads them (commit 73ed6825c4b7): before and apart from the
parser, which does not skip a `#!` line and does not know `//`.
"""

from __future__ import annotations

import re

from rajee_deploy.dockerfile.golang import SPACE
from rajee_deploy.dockerfile.parser import DIRECTIVE, DIRECTIVES
from rajee_deploy.text.foreign import parse_json

NEWEST = (1, 26)  # read in its source; what locks say of moving tags is newer


def detect(text: bytes) -> tuple[str, str, int]:
    """The frontend's reference, the whole value that it is handed, and its line; or ("", "", 0)."""
    content = text.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    line = 0
    if content.startswith("#!"):
        content = content.partition("\n")[2]
        line = 1
    return _directive(content, "#", line) or _directive(content, "//", line) or _member(content, line)


def _directive(content: str, mark: str, number: int) -> tuple[str, str, int] | None:
    seen = set()
    for line in content.split("\n"):
        number += 1
        rest = line.removesuffix("\r")
        found = re.match(DIRECTIVE, rest.removeprefix(mark).lstrip(SPACE)) if rest.startswith(mark) else None
        key = found[1].lower() if found else ""
        if not found or key not in DIRECTIVES or key in seen:
            return None
        if key == "syntax":
            return reference(found[2]), found[2], number
        seen.add(key)
    return None


def _member(content: str, line: int) -> tuple[str, str, int]:
    if not re.match(r"[ \t\r\n]*\{", content):
        return "", "", 0
    try:
        members = parse_json(content)
    except ValueError:
        return "", "", 0
    value = members.get("syntax")
    return (value, value, max(line, 1)) if isinstance(value, str) else ("", "", 0)


def reference(value: str) -> str:
    """The frontend in a directive's value: what stands before the first space. The rest is for the frontend."""
    return value.partition(" ")[0]


def version(reference: str, *, is_locked: bool) -> tuple[int, int] | None:
    """Which version of Docker's own frontend a reference certainly is: (1, 11), or a later one. None: it may be any.

    A tag like `1.11` or `1.11.1-labs` says it. A moving one (`1`, `latest`) does not by itself, for an engine may have
    an old image of that name; the digest that a lock has for it is newer than every version that matters.
    """
    tag = reference.partition("@")[0].rpartition("/")[2].partition(":")[2]
    found = re.match(r"1\.(\d+)(?:\.\d+)?(?:-labs)?\Z", tag)
    if found:
        return 1, int(found[1])
    return NEWEST if is_locked and tag.removesuffix("-labs") in ("", "1", "labs", "latest") else None
