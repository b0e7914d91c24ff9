"""The verb that tells what is deployed. Thin as the others: flags to settings, one call, one way to print."""

from __future__ import annotations

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    Config,
    Environment,
    Json,
    Profile,
    Quiet,
    Region,
)
from rajee_deploy.console.manner import choose_quiet


def status(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    config: Config = None,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """What is deployed where, since when, by which revision, and whether it is what this checkout makes. Changes
    nothing; needs neither Docker nor node.

    \b
    rajee-deploy status -e prod
    rajee-deploy status --json | jq '.stacks[].images[] | select(.matches == false)'
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.actions.status.look import look
    from rajee_deploy.actions.status.rows import document, lines
    from rajee_deploy.cli.wiring import make_context
    from rajee_deploy.console import printable

    run = make_context((environment, None, config), profile, region)
    with run.phase("look"):
        found = look(run)
    if not found.stacks:
        text = "cdk.stacks of the settings is empty, so no stack was looked at: rajee-deploy plan tells of the images"
        run.console.warn("", text)
    if as_json:
        run.console.document(document(found))
        return
    for line in lines(found):
        run.console.data(printable(line))
