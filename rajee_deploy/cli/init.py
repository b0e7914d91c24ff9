"""`init`: flags, one look at the app, the files, and a plan. What is written is decided in `actions/init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rajee_deploy.cli.flags import Json, Profile, Quiet, Region  # noqa: TC001 -- typer reads the annotations
from rajee_deploy.console.manner import choose_quiet
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rajee_deploy.actions.init.decide import Choice
    from rajee_deploy.actions.init.found import Found
    from rajee_deploy.actions.init.look import Doors
    from rajee_deploy.actions.init.render import Draft
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console import Console


def init(
    app: Annotated[
        Path | None, typer.Option("--app", metavar="DIR", help="The directory with cdk.json, when there are several.")
    ] = None,
    stacks: Annotated[
        list[str] | None,
        typer.Option("--stacks", metavar="NAME", help="The stacks to deploy, like 'Dev/**' (may be repeated)."),
    ] = None,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the settings on stdout, and write nothing.")
    ] = False,
    no_plan: Annotated[bool, typer.Option("--no-plan", help="Do not end with a plan.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the settings on stdout, and look at nothing.")
    ] = False,
    profile: Profile = None,
    region: Region = None,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Look at a CDK app, and write the settings for it. These are rajee-deploy.toml, its schema (for editors), and a
    .deployignore where it helps.

    Overwrites nothing, and edits no line of the app. Synthesises once; needs credentials of AWS for the plan at its
    end, and where the app looks something up.

    \b
    rajee-deploy init
    rajee-deploy init --print                 what it would write
    rajee-deploy init --app services/api/cdk
    rajee-deploy init --schema > rajee-deploy.schema.json
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.console import Console

    console = Console()
    if schema:
        console.data(_schema().removesuffix("\n"))
        return
    if not as_json:
        console.begin("init")  # before anything is looked at
    from rajee_deploy.actions.init.place import check_absent, settings_directory
    from rajee_deploy.actions.init.render import warn_of_platforms

    directory = _app(console, app)
    root = settings_directory(Path.cwd(), directory)
    if not print_only:
        check_absent(root, directory)
    found, chosen = _look(console, root, directory, stacks or (), (profile, region))
    draft = _draft(root, found, chosen)
    is_planned = not (print_only or no_plan or found.nobody)
    if not as_json:
        _show(console, found, chosen, draft)
    if not is_planned:
        warn_of_platforms(console, found, chosen)
    written = [] if print_only else _write(console, draft, chosen, as_json=as_json)
    if as_json:
        _tell_document(console, (found, chosen, draft, written), (profile, region), is_planned=is_planned)
    elif print_only:
        console.data(draft.text.removesuffix("\n"))
    elif is_planned:
        _show_plan(console, draft.path, (profile, region))
    else:
        _tell_left_out(console, found, is_wanted=not no_plan)


def _tell_document(
    console: Console,
    made: tuple[Found, Choice, Draft, list[Path]],
    who: tuple[str | None, str | None],
    *,
    is_planned: bool,
) -> None:
    from rajee_deploy.actions.init.render import document

    draft = made[2]
    plan, error = _plan_document(draft.path, who) if is_planned else ({"plan": None, "planError": None}, None)
    console.document({**document(*made), **plan})
    if error is not None:
        console.error(error)
        raise typer.Exit(error.exit_code)


def _app(console: Console, asked: Path | None) -> Path:
    """The directory of the CDK app: the one that was named, or that is there; of several the one that is chosen."""
    from rajee_deploy.actions.init.place import check_app, find_apps, several_apps

    if asked is not None:
        return check_app(asked.resolve())
    here = Path.cwd()
    apps = find_apps(here)
    if len(apps) == 1:
        return apps[0]
    names = [f"{each.relative_to(here)}/" for each in apps]
    return apps[_choose(console, "Which CDK app?", names, lambda: several_apps(here, apps))]


def _look(
    console: Console, root: Path, app: Path, asked: Sequence[str], who: tuple[str | None, str | None]
) -> tuple[Found, Choice]:
    from rajee_deploy.actions.init.decide import ALL, choices, decide, several_stages
    from rajee_deploy.actions.init.look import look

    found = look(_doors(root, app, *who), console, root, app)
    stages = [] if asked else choices(found)
    stage = ""
    if stages:
        question = "Which stage does `rajee-deploy up` deploy?"
        chosen = stages[_choose(console, question, stages, lambda: several_stages(found))]
        stage = chosen if chosen != ALL else ""
    return found, decide(found, asked, stage)


def _choose(console: Console, question: str, names: Sequence[str], otherwise: Callable[[], Exception]) -> int:
    """Which of several, by somebody who can answer; an error that names them all for everybody else."""
    answer = console.choose(question, names) if console.can_ask() else None
    if answer is None:
        raise otherwise()
    return answer


def _doors(root: Path, app: Path, profile: str | None, region: str | None) -> Doors:
    from rajee_deploy.actions.init.look import Doors
    from rajee_deploy.aws import Aws
    from rajee_deploy.aws.nobody import Nobody
    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.synth.app import CdkApp
    from rajee_deploy.synth.cdk_cli import Cdk

    settings = CdkSettings(app, (), project=root)
    aws = Aws(profile, region)

    def synth(assembly: Path, on_line: Callable[[str], None], is_known: bool) -> object:
        who = aws if is_known else Nobody(None, region)
        return Cdk(settings, who, CdkApp(settings, "").tracer).synth(assembly, on_line, {})

    return Doors(aws.identity, lambda: aws.region, synth)


def _draft(root: Path, found: Found, chosen: Choice) -> Draft:
    from rajee_deploy.actions.init.churn import ignore_files
    from rajee_deploy.actions.init.place import NAME
    from rajee_deploy.actions.init.render import Draft
    from rajee_deploy.actions.init.settings_text import settings_text

    return Draft(root / NAME, settings_text(found, chosen), _schema(), ignore_files(found, chosen))


def _schema() -> str:
    from rajee_deploy.settings.schema import text

    return text()


def _show(console: Console, found: Found, chosen: Choice, draft: Draft) -> None:
    from rajee_deploy.actions.init.render import show_found

    show_found(console, found, chosen, draft)


def _write(console: Console, draft: Draft, chosen: Choice, *, as_json: bool) -> list[Path]:
    from rajee_deploy.actions.init.render import show_written
    from rajee_deploy.actions.init.write import write_beside, write_settings

    write_settings(draft.path, draft.text, [guard.name for guard in chosen.guards])
    beside = [path for path, text in draft.files().items() if path != draft.path and write_beside(path, text)]
    written = [draft.path, *beside]
    if not as_json:
        show_written(console, draft, written)
    return written


def _tell_left_out(console: Console, found: Found, *, is_wanted: bool) -> None:
    """Why there is no plan, and how to go on."""
    from rajee_deploy.text.lines import lines_of

    if found.nobody and is_wanted:
        details = tuple(Detail(text=line) for line in lines_of(found.log_in))
        console.rows([Row("=", "", "plan", f"left out: {found.nobody}", details=details)])
    console.rows([Row("→", "", "next", "rajee-deploy plan   # then: rajee-deploy up")])


def _plan(settings: Path, who: tuple[str | None, str | None]) -> tuple[CurrentRun, Planned]:
    """The plan of the settings that were written just now."""
    from rajee_deploy.actions.plan import plan_run
    from rajee_deploy.actions.preflight import preflight
    from rajee_deploy.cli.wiring import make_context

    run = make_context((None, None, settings), *who)
    try:
        return run, preflight(plan_run(run))
    finally:
        run.close()


def _show_plan(console: Console, settings: Path, who: tuple[str | None, str | None]) -> None:
    """How long it took is not said: the run had the other look to make, too."""
    from rajee_deploy.actions.render import show_plan

    console.blank()
    console.begin("plan")
    run, planned = _plan(settings, who)
    show_plan(run, planned)
    if not planned.plan.is_empty:
        console.blank()
        console.rows([Row("→", "", "next", "rajee-deploy up")])


def _plan_document(settings: Path, who: tuple[str | None, str | None]) -> tuple[dict[str, Any], DeployError | None]:
    """The plan's part of the document, and the error that it ended with: what was written is told all the same."""
    from rajee_deploy.actions.json_documents import of_plan
    from rajee_deploy.console.documents import error_document

    try:
        run, planned = _plan(settings, who)
    except DeployError as error:
        return {"plan": None, "planError": error_document(error)}, error
    return {"plan": of_plan(planned, run.timings.total), "planError": None}, None
