"""The verbs: each turns its flags into one call. Whatever is heavy is imported by the verb that needs it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy import __version__
from rajee_deploy.cli.explain import explain, replay
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
    PlatformFlag,
    Profile,
    Region,
    Target,
    Verbose,
)
from rajee_deploy.cli.lock import lock
from rajee_deploy.cli.permissions import permissions
from rajee_deploy.cli.rollback import rollback
from rajee_deploy.cli.status import status
from rajee_deploy.cli.verify import verify
from rajee_deploy.errors import Exit

if TYPE_CHECKING:
    from rajee_deploy.bases import Base
    from rajee_deploy.console import Console
    from rajee_deploy.planning import Planned
    from rajee_deploy.ports import Context

app = typer.Typer(
    no_args_is_help=True,
    # Typer's own rich help imports rich and markdown; plain help starts faster and reads the same in a log.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
sandbox_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="An AWS on this machine, to try things: moto plus an image registry.",
)
app.add_typer(sandbox_app, name="sandbox")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"rajee-deploy {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Deploy containers with AWS CDK: build only what changed, deploy only when something did.

    \b
    rajee-deploy plan              what would happen, and why (changes nothing)
    rajee-deploy up                do it
    rajee-deploy up -e prod        the same with an environment of the settings
    rajee-deploy status            what is deployed, since when, and whether it is this checkout's
    rajee-deploy rollback          the image that ran before
    rajee-deploy report            how long runs take, against the success metrics
    """


@app.command()
def up(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    also_tag: AlsoTags = None,
    wait: Annotated[int, typer.Option(help="Seconds to wait for somebody else's operation on a stack.")] = 1800,
    infra_check: InfraCheckOption = None,
    allow_rollback: AllowRollback = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: broader permissions are agreed to.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return once CloudFormation has accepted the last deployment.")
    ] = False,
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
    """
    from rajee_deploy.cli.wiring import make_context
    from rajee_deploy.record import recorded_run, write_outputs

    flags = (environment, image, config)
    run = make_context(
        flags, profile, region, also_tags=also_tag, verbose=verbose, infra_check=infra_check,
        allow_rollback=allow_rollback,
    )  # fmt: skip
    run.assume_yes, run.wait_for_end = yes, not no_wait
    planned, record = recorded_run(run, wait)
    if outputs_file is not None:
        write_outputs(run, planned, outputs_file)
    if as_json:
        from rajee_deploy.documents import of_run

        run.console.document(of_run(planned, record, run.accounts))


@app.command()
def plan(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    also_tag: AlsoTags = None,
    allow_rollback: AllowRollback = False,
    bases: Annotated[
        bool, typer.Option("--bases", help="Ask the registries, too, which base images moved since they were locked.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there are changes.")
    ] = False,
    infra_check: InfraCheckOption = None,
    as_json: Json = False,
) -> None:
    """Show what up would do, and why. Changes nothing; needs no Docker, and node only where hashes do not decide.

    \b
    rajee-deploy plan
    rajee-deploy plan -e prod --detailed-exitcode || echo "something to deploy (2) or an error (1)"
    """
    from rajee_deploy.cli.wiring import make_context
    from rajee_deploy.planning import make_plan, show_plan

    flags = (environment, image, config)
    run = make_context(
        flags, profile, region, also_tags=also_tag, infra_check=infra_check, allow_rollback=allow_rollback
    )
    try:
        planned = make_plan(run)
    finally:
        run.close()
    found = _compared_bases(run, planned) if bases else None
    if as_json:
        from rajee_deploy.documents import of_bases, of_plan

        document = of_plan(planned, run.timings.total)
        run.console.document(document if found is None else {**document, "bases": of_bases(found)})
    else:
        from rajee_deploy.bases import show_bases

        show_plan(run, planned)
        show_bases(run.console, found or ())
        _show_plan_time(run, planned)
    if detailed_exitcode and not planned.plan.is_empty:
        raise typer.Exit(Exit.CHANGES)


@app.command()
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
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags, check_choice, flagged_images, image_of_flags
    from rajee_deploy.context import Modes
    from rajee_deploy.image import read_all_inputs

    flags = BuildFlags(file, target, platform, build_arg, build_context)
    check_choice(context, image)
    chosen = (
        flagged_images(SettingsFlags(environment, image, config), flags)
        if context is None
        else [image_of_flags(context, flags)]
    )
    found = read_all_inputs(chosen, Modes(modes.value), cached=not no_cache)
    console = _console()
    if as_json:
        from rajee_deploy.documents import of_fingerprint, of_fingerprints

        one = next(iter(found.values())) if len(found) == 1 else None
        console.document(of_fingerprint(one) if one else of_fingerprints(found))
        return
    for name, inputs in found.items():
        console.notices(name, inputs.notices)
        console.data(inputs.fingerprint.tag if len(found) == 1 else f"{name} {inputs.fingerprint.tag}")


app.command()(explain)
app.command()(replay)
app.command()(verify)
app.command()(lock)
app.command()(permissions)
app.command()(rollback)
app.command()(status)


@app.command()
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
    from rajee_deploy.cli.images import settings_path
    from rajee_deploy.record import show_report

    project = None if all_projects else str(settings_path(config).parent)
    show_report(_console(), project, as_json=as_json)


@sandbox_app.command("start")
def sandbox_start(port: Annotated[int | None, typer.Option(help="The port (default: a free one).")] = None) -> None:
    """Start it, and print what to export: eval "$(rajee-deploy sandbox start)"."""
    from rajee_deploy.sandbox import control

    state = control.start(port)
    console = _console()
    console.say(f"The sandbox answers at {state.endpoint}.")
    _print_exports(console)


@sandbox_app.command("stop")
def sandbox_stop() -> None:
    """Stop it; what it held is gone."""
    from rajee_deploy.sandbox import control

    _console().say("The sandbox has stopped." if control.stop() else "The sandbox was not running.")


@sandbox_app.command("status")
def sandbox_status(as_json: Json = False) -> None:
    """Whether it runs, and which repositories it holds."""
    from rajee_deploy.sandbox import control

    state, console = control.status(), _console()
    if as_json:
        endpoint, repositories = (state.endpoint, list(state.repositories)) if state else (None, [])
        console.document({"schema": "rajee-deploy.sandbox/1", "endpoint": endpoint, "repositories": repositories})
    elif state is None:
        console.data("not running")
    else:
        console.data(f"running at {state.endpoint}, process {state.pid}")
        for repository in state.repositories:
            console.data(f"  {repository}")


@sandbox_app.command("env")
def sandbox_env() -> None:
    """Print the variables that make AWS tools talk to it: eval "$(rajee-deploy sandbox env)"."""
    _print_exports(_console())


def _compared_bases(run: Context, planned: Planned) -> list[Base]:
    from rajee_deploy import lock as locks
    from rajee_deploy.bases import compare
    from rajee_deploy.registry.remote import RemoteImages
    from rajee_deploy.settings import LOCK_NAME

    lock = locks.read(run.settings.root / LOCK_NAME)
    with run.phase("ask the registries"):
        return compare((image.recipe for image in planned.inputs.values()), lock, RemoteImages())


def _show_plan_time(run: Context, planned: Planned) -> None:
    from rajee_deploy.report.timings import duration

    run.console.say(f"planned in {duration(run.timings.total)} ({planned.plan.kind})", "dim")


def _print_exports(console: Console) -> None:
    import shlex

    from rajee_deploy.sandbox import control

    for name, value in control.environment().items():
        console.data(f"export {name}={shlex.quote(value)}")


def _console() -> Console:
    from rajee_deploy.console import Console

    return Console()
