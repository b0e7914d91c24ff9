"""What docs/troubleshooting.md says of each code, for a machine that has the package alone. The page is the definition;
error_codes.json beside this file is made of it, and a test compares them:

python -m rajee_deploy.actions.error_codes docs/troubleshooting.md

It asks nobody and shows nothing.
"""

from __future__ import annotations

import json
import re
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.system.regular_files import read_json, read_text
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILE = Path(__file__).with_suffix(".json")
_CHAPTER = re.compile(r"(##+) (.+)")
_ROW = re.compile(r"\| `([A-Za-z-]+)` \| (.+) \| (.+) \|")
_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
_MOST_NEAR = 4


class ErrorCode(NamedTuple):
    """A row of the page: of an error or of a warning."""

    code: str
    kind: str  # "error" or "warning"
    chapter: str  # the heading that it stands under
    meaning: str
    remedy: str


def all_codes() -> tuple[ErrorCode, ...]:
    """Each code, in the page's order."""
    return tuple(ErrorCode(**row) for row in read_json(_FILE))


def near_codes(text: str, codes: Sequence[str]) -> list[str]:
    """Those that somebody may have meant: similar ones first, then those that have a word of it."""
    similar = get_close_matches(text, codes, _MOST_NEAR)
    words = {word for word in text.split("-") if len(word) > 2}  # noqa: PLR2004 -- "no" and "is" are in many
    sharing = [code for code in codes if words & set(code.split("-"))]
    return list(dict.fromkeys((*similar, *sharing)))[:_MOST_NEAR]


def codes_of(page: str) -> Iterator[ErrorCode]:
    """The rows of the page's tables, without markup that only a browser shows."""
    kind = chapter = ""
    for line in lines_of(page):
        if head := _CHAPTER.fullmatch(line):
            chapter = head[2]
            kind = {"Errors": "error", "Warnings": "warning"}[chapter] if head[1] == "##" else kind
        elif row := _ROW.fullmatch(line):
            yield ErrorCode(row[1], kind, chapter, *(_LINK.sub(_plain, cell) for cell in row.group(2, 3)))


def _plain(link: re.Match[str]) -> str:
    """A link with the page that it leads to, as messages name pages."""
    return f"{link[1]} (docs/{link[2]})"


def text_of(page: str) -> str:
    """The file."""
    return json.dumps([code._asdict() for code in codes_of(page)], indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    _FILE.write_text(text_of(read_text(sys.argv[1])), encoding="utf-8")
