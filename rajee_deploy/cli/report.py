"""`report`: how long runs took."""

from __future__ import annotations

from typing import Annotated

import typer

from rajee_deploy.cli.flags import Config, Json  # noqa: TC001 -- typer reads the annotations while the program runs


def report(
    all_projects: Annotated[bool, typer.Option("--all", help="Runs of every project, not of this one alone.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How long runs took, by kind, against the success metrics.

    \b
    rajee-deploy report
    rajee-deploy report --json | jq '.kinds[] | select(.verdict == "missed")'
    """
    from rajee_deploy.actions.history import show_report
    from rajee_deploy.cli.images import settings_path
    from rajee_deploy.console import Console

    project = None if all_projects else settings_path(config).parent
    show_report(Console(), project, as_json=as_json)
