"""The verbs that plan and hash: each turns its flags into one call, and imports what is heavy when it is called."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.flags import (
    AllowRollback,
    AlsoTags,
    BuildArgs,
    BuildContexts,
    Config,
    Environment,
    File,
    Images,
    InfraCheckOption,
    Json,
    ModesFlag,
    Parameters,
    PlatformFlag,
    Profile,
    Region,
    RepairDrift,
    Target,
    Verbose,
)
from rajee_deploy.errors import Exit

if TYPE_CHECKING:
    from rajee_deploy.actions.bases import Base
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console import Console


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
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Build, push and deploy what changed; nothing when nothing did.

    \b
    rajee-deploy up                        everything in the settings
    rajee-deploy up -e prod --image api    one image and its stack, in production
    rajee-deploy up --also-tag v1.2.3      and give the images this tag too
    rajee-deploy up --parameters Api:Size=large
    """
    _begin("up", environment)
    from rajee_deploy.actions.up import recorded_run
    from rajee_deploy.cli.wiring import make_context

    if outputs_file is not None:
        from rajee_deploy.actions.outputs import check_outputs, write_outputs

        check_outputs(outputs_file)
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
    planned, record = recorded_run(run, wait)
    if outputs_file is not None:
        write_outputs(planned.run, planned, outputs_file)
    if as_json:
        from rajee_deploy.actions.documents import of_run

        run.console.document(of_run(planned, record, run.accounts))


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
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Show what up would do, and why. Changes nothing; needs no Docker, and node only where hashes do not decide.

    \b
    rajee-deploy plan
    rajee-deploy plan -e prod --detailed-exitcode || echo "something to deploy (2) or an error (1)"
    """
    if not as_json:
        _begin("plan", environment)
    from rajee_deploy.actions.plan import plan_run
    from rajee_deploy.actions.preflight import foresee
    from rajee_deploy.actions.render import show_plan, show_plan_time
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
        planned = foresee(plan_run(run))
    finally:
        run.close()
    found = _compared_bases(run, planned) if bases else None
    if as_json:
        from rajee_deploy.actions.documents import of_bases, of_plan

        document = of_plan(planned, run.timings.total)
        run.console.document(document if found is None else {**document, "bases": of_bases(found)})
    else:
        show_plan(run, planned)
        if found:
            from rajee_deploy.actions.bases import show_bases

            show_bases(run.console, found)
        show_plan_time(run, planned)
    if detailed_exitcode and not planned.plan.is_empty:
        raise typer.Exit(Exit.CHANGES)


def fingerprint(
    context: Annotated[
        Path | None, typer.Argument(help="A build context; without one, the images of the settings.")
    ] = None,
    file: File = None,
    target: Target = None,
    platform: PlatformFlag = None,
    build_arg: BuildArgs = None,
    build_context: BuildContexts = None,
    modes: Annotated[
        ModesFlag, typer.Option(help="git: 0644 or 0755, the same on every machine. exact: BuildKit's own.")
    ] = ModesFlag.git,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read every file again; neither read nor write the stat cache.")
    ] = False,
    environment: Environment = None,
    image: Images = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print the tag of an image: the fingerprint of all that its build reads. Offline.

    \b
    rajee-deploy fingerprint                      the images of the settings
    rajee-deploy fingerprint . -f docker/Dockerfile --target runtime
    rajee-deploy fingerprint --json | jq '.uses'  what each instruction reads
    """
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags, flagged_images, image_of_flags
    from rajee_deploy.context import Modes
    from rajee_deploy.image.inputs import read_all_inputs

    flags = BuildFlags(file, target, platform, build_arg, build_context)
    chosen = (
        flagged_images(SettingsFlags(environment, image, config), flags, "fingerprint")
        if context is None
        else [image_of_flags(context, flags, image)]
    )
    found = read_all_inputs(chosen, Modes(modes.value), cached=not no_cache)
    console = _console()
    if as_json:
        from rajee_deploy.actions.documents import of_fingerprint, of_fingerprints

        one = next(iter(found.values())) if len(found) == 1 else None
        console.document(of_fingerprint(one) if one else of_fingerprints(found))
        return
    for name, inputs in found.items():
        console.notices(name, inputs.notices)
        console.data(inputs.fingerprint.tag if len(found) == 1 else f"{name} {inputs.fingerprint.tag}")


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

    project = None if all_projects else settings_path(config).parent
    show_report(_console(), project, as_json=as_json)


def _begin(verb: str, environment: str | None) -> None:
    """Say what is known before anything is read or asked: nobody looks at an empty screen meanwhile."""
    _console().begin(f"{verb} · {environment}" if environment else verb)


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


def _console() -> Console:
    from rajee_deploy.console import Console

    return Console()
