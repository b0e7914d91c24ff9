"""The console blocks of README and docs: which there are, whether a command says what one shows, and how one is
written anew.

A block that shows output has a marker above it, `<!-- screen: NAME -->`, and NAME is a scene of `e2e/test_pages.py`.
What differs from run to run (durations, digests, dates, versions, widths) is no part of the comparison.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[1]
PAGES = tuple(sorted([TOP / "README.md", *TOP.glob("docs/*.md"), *TOP.glob(".github/*.md")]))
_BLOCK = re.compile(r"(?:<!-- screen: (?P<name>[\w-]+) -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)

# In this order: each takes what the one before it left.
_VARIES = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?m)^.*█.*$", ""),  # which phases are worth a bar follows from how long they took
        (r"[▁-▇─━]+", " "),
        (r"\d{4}-\d\d-\d\d(T\S+)?", "DATE"),
        (r"\b\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", "DATE"),
        (r"\b\d\d:\d\d(:\d\d)?\b( UTC)?", "DATE"),
        (r"\b(\d+h )?\d+m( \d+s)?\b|\b\d+h\b|\b\d+(\.\d+)?m?s\b", "TIME"),
        (r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b", "HEX"),
        (r"-[A-Z0-9]{12,13}\b", "-ID"),
        (r"\bv?\d+(\.\d+)+[\w.+-]*", "NUMBER"),
        (r"localhost:\d+", "localhost"),
        (r"\d+ %|\d+%", "PERCENT"),
    )
)


@dataclass(frozen=True)
class Block:
    """A console block of a page; `name` is "" where it has no marker."""

    page: Path
    name: str
    body: str

    @property
    def commands(self) -> list[str]:
        """What is typed, without comments."""
        return [line[2:].partition("  #")[0].strip() for line in self.body.splitlines() if line.startswith("$ ")]

    @property
    def shows_output(self) -> bool:
        return any(not line.startswith("$ ") for line in self.body.splitlines())


def blocks() -> list[Block]:
    """All blocks of all pages."""
    return [
        Block(page, found["name"] or "", found["body"]) for page in PAGES for found in _BLOCK.finditer(page.read_text())
    ]


def gist(text: str) -> list[str]:
    """The words of a screen that are the same in each run, however wide it is."""
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    words = text.split()
    return [word for at, word in enumerate(words) if not (word == "TIME" and words[at - 1 : at] == ["TIME"])]


def write(name: str, body: str) -> None:
    """Put `body` into each block of that name."""
    for page in PAGES:
        text = page.read_text()
        new = _BLOCK.sub(lambda found: _with_body(found, body) if found["name"] == name else found[0], text)
        if new != text:
            page.write_text(new)


def _with_body(found: re.Match[str], body: str) -> str:
    return f"<!-- screen: {found['name']} -->\n```console\n{body}```"
