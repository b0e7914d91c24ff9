"""The verb that tells what is deployed. Thin as the others: flags to settings, one call, one way to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    Config,
    Environment,
    Json,
    Profile,
    Quiet,
    Region,
    Verbose,
)
from rajee_deploy.console.manner import choose_quiet

if TYPE_CHECKING:
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.status.rows import Status


def status(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    config: Config = None,
    quiet: Quiet = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what is deployed, since when, and if it is this checkout's. Needs neither Docker nor node.

    \b
    rajee-deploy status -e prod
    rajee-deploy status --json | jq '.stacks[].images[] | select(.matches|not)'
    """
    choose_quiet(quiet=quiet, verbose=verbose)
    from rajee_deploy.console import Console

    title = f"status · {environment}" if environment else "status"
    if Console().shows_result and not as_json:
        Console().begin(title)  # before anything is read or asked
    from rajee_deploy.actions.status.look import look
    from rajee_deploy.actions.status.rows import document
    from rajee_deploy.cli.wiring import make_context

    run = make_context((environment, None, config), profile, region, verbose=verbose)
    with run.console.waiting("look"), run.timings.phase("look"):
        found = look(run)
    if not found.stacks:
        text = "cdk.stacks of the settings is empty, so no stack was looked at: rajee-deploy plan tells of the images"
        run.console.warn("", text)
    if as_json:
        run.console.document(document(found))
        return
    show(run, found, title)


def show(run: CurrentRun, found: Status, title: str) -> None:
    """The screen; its first line is there already where somebody looks at it."""
    from datetime import datetime

    from rajee_deploy.actions.status.screen import result, rows

    console, where = run.console, f"{found.account} {found.region}"
    if console.shows_result:
        console.complete(where, str)
    else:
        console.result_headline(f"{title} · {where}")
    console.result_blank()
    console.result_headline(result(found), indent=2)
    console.result_blank()
    console.result_rows(rows(found, datetime.now().astimezone(), whole=console.verbose))
