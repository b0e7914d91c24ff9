"""A page for the terminal: at most 80 columns, the same without colour, in one order for every verb."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from rajee_deploy.cli.manual.facts import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rajee_deploy.cli.manual.page import Example, Overview, Page

WIDTH = 80
_COLUMN = 27  # where a flag's text begins
_NAME = 16
_LEAST = 24  # of a column of text; a terminal that is narrower wraps by itself


def screen(page: Page, width: int = WIDTH) -> Iterator[str]:
    """The lines of a verb's page."""
    yield from wrap(f"rajee-deploy {page.name}: {page.sentence[:1].lower()}{page.sentence[1:]}.", width)
    yield ""
    yield from _pair("Usage", page.usage, width, column=9, margin=0)
    for paragraph in page.paragraphs:
        yield ""
        yield from wrap(paragraph, width)
    yield from _chapter("Examples", _examples(page.examples, width))
    facts = {"reads": page.facts.reads, "changes": page.facts.changes}
    yield from _chapter("What it reads and changes", _pairs(facts.items(), width, column=11))
    if page.arguments:
        yield from _chapter("Arguments", _pairs(((each.spelling, each.text) for each in page.arguments), width))
    for title, flags in page.groups:
        yield from _chapter(title, _pairs(((each.spelling, each.text) for each in flags), width))
    yield from _chapter("Environment variables", _pairs(page.variables, width))
    yield from _chapter("Exit codes", _pairs(((str(code), text) for code, text in page.exits), width, column=7))
    yield from _chapter("See also", _pair("", ", ".join(page.facts.see), width, column=2))


def overview_screen(overview: Overview, width: int = WIDTH) -> Iterator[str]:
    """The lines that say which verbs there are."""
    called = " ".join(filter(None, ("rajee-deploy", overview.name)))
    yield from wrap(f"{called}: {overview.sentence[:1].lower()}{overview.sentence[1:]}.", width)
    yield ""
    yield f"Usage: {called} VERB [FLAG]..."
    for paragraph in overview.paragraphs:
        yield ""
        yield from wrap(paragraph, width)
    for title, verbs in overview.chapters:
        yield from _chapter(title, _pairs(verbs, width, column=_NAME))
    yield from _chapter("Examples", _examples(overview.examples, width))
    yield from _chapter("Flags", _pairs(((each.spelling, each.text) for each in overview.flags), width))
    yield from _chapter("Environment variables", _pairs(VARIABLES.items(), width))
    more = f"{called} VERB --help, docs/verbs.md, rajee-deploy explain-error CODE"
    yield from _chapter("See also", _pair("", more, width, column=2))


def _chapter(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = list(lines)
    if shown:
        yield from ("", f"{title}:", *shown)


def _examples(examples: Iterable[Example], width: int) -> Iterator[str]:
    """Commands as they are pasted, and what they are for in one column, where that has room."""
    shown = list(examples)
    column = 2 + max((len(each.command) for each in shown if each.text), default=0) + 2
    is_beside = all(column + len(each.text) <= width for each in shown if each.text)
    for each in shown:
        if not each.text or is_beside:
            yield f"  {each.command:<{column - 2}}{each.text}".rstrip()
        else:
            yield f"  {each.command}"
            yield from wrap(each.text, width, initial_indent="      ", subsequent_indent="      ")


def _pairs(pairs: Iterable[tuple[str, str]], width: int, *, column: int = _COLUMN) -> Iterator[str]:
    for name, text in pairs:
        yield from _pair(name, text, width, column=column)


def _pair(name: str, text: str, width: int, *, column: int, margin: int = 2) -> Iterator[str]:
    """A name, and its text in a column of its own; below it where the name is too long."""
    head = f"{'':{margin}}{name}{':' if not margin else ''}"
    lines = wrap(text, max(width - column, _LEAST), break_long_words=False, break_on_hyphens=False)
    if lines and (not name or len(head) + 2 <= column):
        yield f"{head:<{column}}{lines.pop(0)}"
    else:
        yield head
    yield from (f"{'':{column}}{line}" for line in lines)
