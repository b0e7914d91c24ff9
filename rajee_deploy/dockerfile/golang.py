"""Where Go's text functions differ from Python's, as far as Dockerfiles notice.

Owns character classes and path cleaning. Must never know what a Dockerfile is.
"""

from __future__ import annotations

import posixpath
import re

# unicode.IsSpace. str.isspace() also takes U+001C to U+001F, which BuildKit keeps.
SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_SURROGATES = re.compile("[\ud800-\udfff]")


def join_root(path: str) -> str:
    """Go's path.Join("/", path): absolute, no `.`, `..` or doubled slash."""
    return "/" + posixpath.normpath("/" + path).lstrip("/")


def valid(text: str) -> str:
    """The text with everything that is not valid Unicode as U+FFFD: what Go's scanners and its JSON decoder keep."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def parse_bool(text: str) -> bool | None:
    """strconv.ParseBool; None where it fails."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    return False if text in ("0", "f", "F", "FALSE", "false", "False") else None


def nearest(word: str, options: tuple[str, ...] | list[str]) -> str | None:
    """The option at most two edits away from the word, the first of the nearest; None without one."""
    best, least = None, 3
    for option in options:
        distance = _edits(word, option)
        if 0 < distance < least:
            best, least = option, distance
    return best


def _edits(one: str, other: str) -> int:
    if abs(len(one) - len(other)) > 2:  # noqa: PLR2004 -- further than anybody asks
        return 3
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(last + (a != b), row[j] + 1, row[j - 1] + 1)
    return row[-1]
