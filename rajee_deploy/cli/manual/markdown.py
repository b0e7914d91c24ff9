"""Pages as Markdown: docs/verbs.md has all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.cli.manual.facts import EXITS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.cli.manual.page import Page

_HEAD = """# Verbs

Every verb with all its flags, as `rajee-deploy help VERB` prints them. This page is made of the same definitions:
`python -m rajee_deploy.cli.reference docs/verbs.md`.
"""


def markdown(pages: Sequence[Page]) -> Iterator[str]:
    """The lines of the page of all verbs."""
    yield _HEAD
    yield from _table(
        ("verb", "what it does"), [(f"[`{each.name}`](#{_anchor(each)})", each.sentence) for each in pages]
    )
    yield "\n**Exit codes**, where a verb does not say otherwise:\n"
    yield from _table(("code", "meaning"), [(str(int(code)), text) for code, text in sorted(EXITS.items())])
    yield "\n**Environment variables** of every verb ([all of them](settings.md#environment-variables)):\n"
    yield from _table(("variable", "meaning"), [(_code(name), text) for name, text in VARIABLES.items()])
    for page in pages:
        yield from _page(page)


def _page(page: Page) -> Iterator[str]:
    yield f"\n## {page.name}\n"
    yield f"{page.sentence}."
    yield from (f"\n{paragraph}" for paragraph in page.paragraphs)
    if page.examples:
        yield "\n```sh"
        yield from (f"{each.command}{'  # ' * bool(each.text)}{each.text}" for each in page.examples)
        yield "```"
    yield f"\n{_code(page.usage)}\n"
    yield from _table(("flag", "what it does"), list(_flags(page)))
    exits = [(f"Exit code {int(code)}", text) for code, text in page.exits if EXITS.get(code) != text]
    for name, text in (("Reads", page.facts.reads), ("Changes", page.facts.changes), *exits):
        yield f"\n{name}: {_text(text)}."
    links = [each.removeprefix("docs/") for each in page.facts.see if each.startswith("docs/")]
    yield f"\nMore: {', '.join(f'[{each}]({each})' for each in links)}"


def _flags(page: Page) -> Iterator[tuple[str, str]]:
    yield from ((_code(each.spelling), each.text) for each in page.arguments)
    for _, group in page.groups:
        for flag in group:
            yield _code(flag.spelling), f"{flag.text}{f' Also by {_code(flag.variable)}.' if flag.variable else ''}"


def _table(columns: tuple[str, str], rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"| {columns[0]} | {columns[1]} |"
    yield "|---|---|"
    yield from (f"| {_cell(first)} | {_cell(_text(second))} |" for first, second in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _text(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{text}`"


def _anchor(page: Page) -> str:
    return page.name.replace(" ", "-")
