"""`up`: its flags, one call, and what is written. Decides nothing; what is heavy is imported when it is needed."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import Annotated

import typer

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    AllowRollback,
    AlsoTags,
    Config,
    Environment,
    EventsFile,
    Images,
    InfraCheckOption,
    Json,
    Parameters,
    Profile,
    Quiet,
    Region,
    RepairDrift,
    Verbose,
)
from rajee_deploy.console.manner import choose_quiet
from rajee_deploy.system.streams import in_github


def up(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    also_tag: AlsoTags = None,
    parameters: Parameters = None,
    wait: Annotated[int, typer.Option(help="Seconds to wait for somebody else's operation on a stack.", min=0)] = 1800,
    infra_check: InfraCheckOption = None,
    allow_rollback: AllowRollback = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: broader permissions are agreed to.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return once CloudFormation has accepted the last deployment.")
    ] = False,
    repair_drift: RepairDrift = False,
    outputs_file: Annotated[
        Path | None, typer.Option(help="Write the stacks' outputs there, as cdk deploy does.")
    ] = None,
    events: EventsFile = None,
    verbose: Verbose = False,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Build, push and deploy what changed; nothing when nothing did.

    \b
    rajee-deploy up                        everything in the settings
    rajee-deploy up -e prod --image api    one image and its stack, in production
    rajee-deploy up --also-tag v1.2.3      and give the images this tag too
    rajee-deploy up --parameters Api:Size=large
    """
    choose_quiet(quiet=quiet, verbose=verbose)
    from rajee_deploy.console import Console

    Console().begin(f"up · {environment}" if environment else "up")  # before anything is read or asked
    from rajee_deploy.actions.events import follow, is_stdout, open_events, tell_of, warn_of_loss
    from rajee_deploy.actions.up import recorded_run
    from rajee_deploy.cli.wiring import make_context

    if outputs_file is not None:
        from rajee_deploy.actions.outputs import check_outputs, write_outputs

        check_outputs(outputs_file)
    prints = as_json or (outputs_file is not None and is_stdout(str(outputs_file)))
    told = open_events(events, prints_document=prints)
    with tell_of(told, "up", environment) as ending:
        flags = (environment, image, config)
        run = make_context(
            flags,
            profile,
            region,
            also_tags=also_tag,
            verbose=verbose,
            infra_check=infra_check,
            allow_rollback=allow_rollback,
            parameters=parameters,
        )
        run.assume_yes, run.wait_for_end, run.repair_drift, run.wait_seconds = yes, not no_wait, repair_drift, wait
        follow(run, told)
        planned, record = recorded_run(run, wait)
        if outputs_file is not None:
            write_outputs(planned.run, planned, outputs_file)
        if in_github():
            from rajee_deploy.actions.github import tell_run

            tell_run(planned, record)
        if as_json or told.is_asked_for:
            from rajee_deploy.actions.json_documents import of_run

            ending.document, ending.outcome = of_run(planned, record, run.times_spent), record.outcome
    warn_of_loss(run, told, events)
    if as_json:
        run.console.document(ending.document)
    elif not prints and not is_stdout(events):
        from rajee_deploy.actions.references import print_references

        print_references(planned)
