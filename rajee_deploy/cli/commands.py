"""click's commands with help of our own; what it says, `manual` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verb(TyperCommand):
    """A verb."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """See click."""
        from rajee_deploy.cli.manual.page import page_of
        from rajee_deploy.cli.manual.screen import screen

        _write(formatter, screen(page_of(self, _name(ctx), ctx), _width(formatter)))


class Verbs(TyperGroup):
    """The program, or a verb that has verbs of its own."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """See click."""
        from rajee_deploy.cli.manual.page import overview_of
        from rajee_deploy.cli.manual.screen import overview_screen

        _write(formatter, overview_screen(overview_of(self, _name(ctx), ctx), _width(formatter)))


def _name(context: Any) -> str:
    """What stands behind the program's name."""
    return str(context.command_path).partition(" ")[2]


def _write(formatter: Any, lines: Iterable[str]) -> None:
    formatter.write("".join(f"{line}\n" for line in lines))


def _width(formatter: Any) -> int:
    """The terminal's, as click found it, which keeps a margin of two; no more than is read with ease."""
    from rajee_deploy.cli.manual.screen import WIDTH

    return min(int(formatter.width) + 2, WIDTH)
