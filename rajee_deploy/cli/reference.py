"""docs/verbs.md, made of the verbs' own definitions. Nothing imports it but its test:

python -m rajee_deploy.cli.reference docs/verbs.md
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rajee_deploy.cli.line import command_line
from rajee_deploy.cli.manual.facts import CHAPTERS
from rajee_deploy.cli.manual.markdown import markdown
from rajee_deploy.cli.manual.page import Page, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def pages() -> list[Page]:
    """The page of every verb, in the order of the first screen."""
    program: Any = typer.main.get_command(command_line([]))
    top = program.make_context("rajee-deploy", [], resilient_parsing=True)
    return [page for names in CHAPTERS.values() for name in names for page in _pages(program.commands[name], name, top)]


def reference() -> str:
    """The text of docs/verbs.md."""
    return "\n".join(markdown(pages())) + "\n"


def _pages(command: Any, name: str, above: Any) -> Iterator[Page]:
    context = command.make_context(name.rpartition(" ")[2], [], parent=above, resilient_parsing=True)
    inner = getattr(command, "commands", None)
    if inner is None:
        yield page_of(command, name, context)
        return
    for verb, each in inner.items():
        yield from _pages(each, f"{name} {verb}", context)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
