"""Go's path cleaning and shell globs, as BuildKit's sources use them for COPY wildcards and pattern checks.

Owns `Clean`, `TrimSpace` and `Match` of Go's `path` packages, on `str` with surrogate escapes. Must never touch the
disk, nor know what a pattern is for. Rules: https://pkg.go.dev/path#Match (a `*` never crosses a `/`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from rajee_deploy.dataclass import dataclass

SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
HIGHEST = 0x10FFFF
_FIRST_SURROGATE_ESCAPE, _LAST_SURROGATE_ESCAPE = "\udc80", "\udcff"

Ranges = tuple[tuple[int, int], ...]


class BadPatternError(ValueError):
    """The pattern is malformed where it was looked at."""


def trim(text: str) -> str:
    """Remove what Go's strings.TrimSpace removes (Python's strip takes the ASCII separators too)."""
    return text.strip(SPACES)


def clean(path: str) -> str:
    """The shortest equal path, lexically: no `//`, `.`, inner `..` or trailing slash; `.` for an empty one."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not rooted:
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


def has_wildcard(text: str) -> bool:
    """Whether BuildKit takes the text for a wildcard: an unescaped `*`, `?` or `[`."""
    return re.search(r"[*?\[]", re.sub(r"(?s)\\.", "", text)) is not None


def split_wildcard(path: str) -> tuple[str, str]:
    """Cut a cleaned absolute path before its first component with a wildcard: ("/a", "b*/c") of "/a/b*/c"."""
    parts = path.split("/")
    for index, part in enumerate(parts):
        if has_wildcard(part):
            return "/".join(parts[:index]), "/".join(parts[index:])
    return path, ""


def character_class(ranges: Ranges, *, negated: bool = False) -> str:
    """A Python character class of code point ranges; ranges that run backwards hold nothing."""
    body = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges if low <= high)
    if not body:
        return "[\\s\\S]" if negated else "(?!)"
    return f"[{'^' if negated else ''}{body}]"


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A stretch of a glob without stars. `expression` is None where it is malformed."""

    star: bool
    text: str
    expression: str | None


def match(pattern: str, name: str) -> bool:
    """Whether the glob matches the whole name; BadPatternError when it is malformed anywhere."""
    compiled = _compile(pattern)
    if compiled is None:
        raise BadPatternError(pattern)
    return compiled.fullmatch(name) is not None


def is_malformed_early(pattern: str) -> bool:
    """Whether matching the glob against "." meets a malformed part before it fails.

    That is the whole syntax check of patternmatcher: `[b` is refused, `a*/[b` passes and may fail when it is used.
    """
    rest = "."
    chunks = _chunks(pattern)
    for index, chunk in enumerate(chunks):
        if chunk.star and not chunk.text:
            return False
        if chunk.expression is None:
            return True
        starts = [rest[skip:] for skip in range(len(rest) + 1 if chunk.star else 1)]
        found = (start[found.end() :] for start in starts if (found := re.match(chunk.expression, start)))
        left = next((end for end in found if not end or index + 1 < len(chunks)), None)
        if left is None:
            return False
        rest = left
    return False


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str] | None:
    chunks = _chunks(pattern)
    if any(chunk.expression is None for chunk in chunks):
        return None
    last = len(chunks) - 1
    return re.compile("".join(_search_pattern(chunk, is_last=index == last) for index, chunk in enumerate(chunks)))


def _search_pattern(chunk: _Chunk, *, is_last: bool) -> str:
    """A chunk is looked for once, at its first place, and never elsewhere: what a later place leaves to the rest, the
    next star can skip as well. So the time is linear; only the last chunk has to stand at the end."""
    if not chunk.star:
        return chunk.expression or ""
    return f"[^/]*{chunk.expression}" if is_last else f"(?>[^/]*?{chunk.expression})"


def _chunks(pattern: str) -> list[_Chunk]:
    """Cut before every star that is not inside brackets (brackets as Go scans them: the first `]` closes)."""
    pieces = re.findall(r"(?s)(\**)((?:\\.|\\$|\[(?:\\.|\\$|[^\]\\])*(?:\]|$)|[^*\\\[])*)", pattern)
    return [_Chunk(bool(stars), text, _expression(text)) for stars, text in pieces if stars or text]


def _expression(chunk: str) -> str | None:
    out: list[str] = []
    position = 0
    while position < len(chunk):
        character = chunk[position]
        position += 1
        if character == "?":
            out.append("[^/]")
        elif character == "[":
            parsed = _bracket(chunk, position)
            if parsed is None:
                return None
            expression, position = parsed
            out.append(expression)
        elif character == "\\":
            if position == len(chunk):
                return None
            out.append(re.escape(chunk[position]))
            position += 1
        else:
            out.append(re.escape(character))
    return "".join(out)


def _bracket(chunk: str, position: int) -> tuple[str, int] | None:
    """Read `^`, ranges and `]` from `position` on; None when malformed."""
    negated = chunk.startswith("^", position)
    position += negated
    ranges: list[tuple[int, int]] = []
    while not (ranges and chunk.startswith("]", position)):
        low = _range_end(chunk, position)
        if low is None:
            return None
        high, position = low
        if chunk.startswith("-", position):
            top = _range_end(chunk, position + 1)
            if top is None:
                return None
            ranges.append((high, top[0]))
            position = top[1]
        else:
            ranges.append((high, high))
    return character_class(tuple(ranges), negated=negated), position + 1


def _range_end(chunk: str, position: int) -> tuple[int, int] | None:
    """One end of a range and where it ends; something must follow it, and it must be UTF-8."""
    if chunk[position : position + 1] in {"", "-", "]"}:
        return None
    position += chunk.startswith("\\", position)
    character = chunk[position : position + 1]
    if not character or position + 1 == len(chunk):
        return None
    if _FIRST_SURROGATE_ESCAPE <= character <= _LAST_SURROGATE_ESCAPE:
        return None
    return ord(character), position + 1
