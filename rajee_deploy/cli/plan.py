"""`plan`: its flags, one call, and the plan shown. Decides nothing; what is heavy is imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    AllowRollback,
    AlsoTags,
    Config,
    Environment,
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
from rajee_deploy.errors import Exit
from rajee_deploy.system.streams import in_github

if TYPE_CHECKING:
    from rajee_deploy.actions.bases import Base
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun


def plan(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    also_tag: AlsoTags = None,
    parameters: Parameters = None,
    allow_rollback: AllowRollback = False,
    bases: Annotated[
        bool, typer.Option("--bases", help="Ask the registries, too, which base images moved since they were locked.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there are changes.")
    ] = False,
    infra_check: InfraCheckOption = None,
    repair_drift: RepairDrift = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Everything behind each reason: all files, whole digests, each proof.")
    ] = False,
    verbose: Verbose = False,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Show what up would do, and why. Needs no Docker, and node only where hashes do not decide.

    \b
    rajee-deploy plan
    rajee-deploy plan -e prod --detailed-exitcode  2: there is something to do
    rajee-deploy plan --json | jq .steps           for programs
    """
    choose_quiet(quiet=quiet, verbose=verbose)
    if not as_json:
        from rajee_deploy.console import Console

        Console().begin(f"plan · {environment}" if environment else "plan")  # before anything is read or asked
    from rajee_deploy.actions.plan import plan_run
    from rajee_deploy.actions.preflight import preflight
    from rajee_deploy.actions.render import show_plan
    from rajee_deploy.cli.wiring import make_context

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
    run.repair_drift = repair_drift
    try:
        planned = preflight(plan_run(run))
    finally:
        run.close()
    found = _compared_bases(run, planned) if bases else None
    if in_github():
        from rajee_deploy.actions.github import tell_plan

        tell_plan(planned, run.timings.total)
    if as_json:
        from rajee_deploy.actions.insight import look_behind
        from rajee_deploy.actions.json_documents import of_bases, of_plan

        document = of_plan(planned, run.timings.total, look_behind(run, planned))
        run.console.document(document if found is None else {**document, "bases": of_bases(found)})
    else:
        show_plan(run, planned, is_whole=explain)
        if found:
            from rajee_deploy.actions.bases import show_bases

            show_bases(run.console, found)
    if detailed_exitcode and not planned.plan.is_empty:
        raise typer.Exit(Exit.CHANGES)


def _compared_bases(run: CurrentRun, planned: Planned) -> list[Base]:
    from rajee_deploy import lock as locks
    from rajee_deploy.actions.bases import compare, warn_of_bases
    from rajee_deploy.registry.remote import RemoteImages
    from rajee_deploy.settings import LOCK_NAME

    lock = locks.read(run.settings.root / LOCK_NAME)
    with run.phase("ask the registries"):
        found = compare((image.recipe for image in planned.inputs.values()), lock, RemoteImages())
    warn_of_bases(run.console, found)
    return found
