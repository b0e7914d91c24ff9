"""Markdown that others' texts go into: GitHub's, as job summaries and comments show it.

What a text says is shown and nothing of it is obeyed: no markup, no tag, no link, no mention, no end of a table's cell.
It knows no values and no files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.text.lines import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_OF_A_CELL = 600  # characters
MOST_ROWS = 100
# GitHub makes links of @names and #numbers, and pictures of :words:, after it has read Markdown: what stands between
# is seen by nobody, and none of these any more.
_NOTHING = "\u2060"
_LINKS = re.compile(r"[@#](?=\S)|:(?=[\w+-]+:)")
# A character reference is never structure: https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
_SPECIAL = re.compile(r"""["#$&*.:<>@\[\\\]^_`{|}~]""")


def plain(text: str, most: int = MOST_OF_A_CELL) -> str:
    """A sentence of ours that may quote others, for within a line: at its start, a dash would be a list's."""
    return _escape(_LINKS.sub(lambda found: found[0] + _NOTHING, _one_line(text, most)))


def code(text: str, most: int = MOST_OF_A_CELL) -> str:
    """A name, to be copied as it is; "" stays "". (A tag, since backticks cannot hold every text in a table.)"""
    return f"<code>{_escape(_one_line(text, most))}</code>" if text.strip() else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; a column whose name starts with `>` is aligned to the right."""
    names = [plain(column.lstrip(">")) for column in columns]
    rule = ["---:" if column.startswith(">") else "---" for column in columns]
    lines = [_row(names), _row(rule), *map(_row, rows[:MOST_ROWS])]
    more = len(rows) - MOST_ROWS
    return "\n".join(lines) + (f"\n\n{more} more are left out here\n" if more > 0 else "\n")


def folded(title: str, markdown: str) -> str:
    """What is shown to those alone who ask for it."""
    return f"<details><summary>{plain(title)}</summary>\n\n{markdown}\n</details>\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _one_line(text: str, most: int) -> str:
    return shorten(" ".join(text.split()), most)


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)
