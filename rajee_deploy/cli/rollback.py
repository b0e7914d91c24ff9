"""The verb that goes back. Thin as the others: flags to what is asked, one call, one way to print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    Config,
    Environment,
    EventsFile,
    Images,
    InfraCheckOption,
    Json,
    Profile,
    Quiet,
    Region,
    Verbose,
)
from rajee_deploy.console.manner import choose_quiet
from rajee_deploy.errors import ConfigurationError, Exit

if TYPE_CHECKING:
    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.actions.rollback import Asked
    from rajee_deploy.actions.run import CurrentRun


def rollback(
    tag: Annotated[
        str | None, typer.Argument(metavar="TAG", help="The image's tag to go back to (default: what ran before).")
    ] = None,
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be done, and why; change nothing.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="With --plan: exit with 2 when there are changes.")
    ] = False,
    infra_check: InfraCheckOption = None,
    wait: Annotated[int, typer.Option(help="Seconds to wait for somebody else's operation on a stack.", min=0)] = 1800,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="For scripts: a rollback asks nothing anyway.")] = False,  # noqa: ARG001 -- accepted, so that scripts need not tell the verbs apart
    events: EventsFile = None,
    verbose: Verbose = False,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Run the image again that ran before, or the one of a tag. The infrastructure stays as it is.

    \b
    rajee-deploy rollback                        what ran before; again: forth again
    rajee-deploy rollback --plan                 the same, but only shown
    rajee-deploy rollback c-0a1b… -e prod        the image of a tag
    rajee-deploy rollback --image api            one of several images

    CloudFormation alone does it, with no synth and no node (but where only a synth can tell which stack a name in the
    settings means, unless --infra-check=hash forbids one). An image that the registry lost is built again from the
    git revision that it was made of.
    """
    choose_quiet(quiet=quiet, verbose=verbose)
    if not as_json or not only_plan:
        from rajee_deploy.console import Console

        Console().begin(f"rollback · {environment}" if environment else "rollback")
    from rajee_deploy.actions.events import follow, is_stdout, open_events, tell_of, warn_of_loss
    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.actions.rollback.recorded import of_rollback, recorded_rollback
    from rajee_deploy.cli.wiring import make_context

    if detailed_exitcode and not only_plan:
        raise ConfigurationError(
            "bad-flag",
            "--detailed-exitcode says whether a plan has changes, and nothing is planned alone here",
            hint="rajee-deploy rollback --plan --detailed-exitcode",
        )
    told = open_events(None if only_plan else events, prints_document=as_json)
    with tell_of(told, "rollback", environment) as ending:
        run = make_context((environment, image, config), profile, region, verbose=verbose, infra_check=infra_check)
        if not run.settings.images and not run.settings.cdk.adopts_images:
            from rajee_deploy.cli.no_images import no_images

            raise no_images(run.settings, "rollback")
        origin = Origin(run.settings.path, environment, lambda settings: settings)
        asked = _asked(run, tag, origin, wait, is_chosen=bool(image))
        run.wait_seconds = wait
        if only_plan:
            _preview(run, asked, as_json=as_json, detailed_exitcode=detailed_exitcode)
            return
        follow(run, told)
        planned, record = recorded_rollback(run, asked)
        ending.document, ending.outcome = of_rollback(planned.returns, record), record.outcome
    warn_of_loss(run, told, events)
    if as_json:
        run.console.document(ending.document)
    elif not is_stdout(events):
        from rajee_deploy.actions.references import print_references

        print_references(planned)


def _asked(run: CurrentRun, tag: str | None, origin: Origin, wait: int, *, is_chosen: bool) -> Asked:
    """What is asked for. A name that the settings do not have may be an image of the app's own."""
    from rajee_deploy.actions.rollback import Asked

    deployed = [each for each in run.settings.images if each.stack]
    images, own = run.images if is_chosen else deployed, sorted(run.chosen_assets or ())
    names = [each.name for each in deployed]
    return Asked(images, tag, origin, is_chosen, wait, deployed=names, app_images=own)


def _preview(run: CurrentRun, asked: Asked, *, as_json: bool, detailed_exitcode: bool) -> None:
    from rajee_deploy.actions.rollback.preview import preview, show
    from rajee_deploy.actions.rollback.recorded import of_preview

    try:
        planned = preview(run, asked)
    finally:
        run.close()
    if as_json:
        run.console.document(of_preview(planned, run.timings.total))
    else:
        show(run, planned)
    if detailed_exitcode and not planned.plan.is_empty:
        raise typer.Exit(Exit.CHANGES)
