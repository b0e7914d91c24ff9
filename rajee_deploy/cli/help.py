"""`help`: what --help says, for who writes it in front of the verb."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from rajee_deploy.errors import ConfigurationError


def help(  # noqa: A001 -- the verb's name
    verb: Annotated[list[str] | None, typer.Argument(help="The verb (default: all of them, a line each).")] = None,
) -> None:
    """Show what a verb does, its flags, and examples.

    \b
    rajee-deploy help
    rajee-deploy help plan
    rajee-deploy help sandbox start
    """
    from typer.core import TyperGroup
    from typer.main import get_command

    from rajee_deploy.cli.line import command_line
    from rajee_deploy.console import Console

    found = get_command(command_line([]))
    context = found.make_context("rajee-deploy", [], resilient_parsing=True)
    for word in verb or ():
        known = found.commands if isinstance(found, TyperGroup) else {}
        if word not in known:
            near = difflib.get_close_matches(word, known, 3)
            meant = " ".join(context.command_path.split()[1:])
            raise ConfigurationError(
                "usage",
                f"there is no verb {word!r}",
                hint="\n".join(" ".join(filter(None, ("rajee-deploy help", meant, each))) for each in near)
                or "rajee-deploy help",
            )
        found = known[word]
        context = found.make_context(word, [], parent=context, resilient_parsing=True)
    Console().data(found.get_help(context))
