"""The verb that looks for what is wrong before a run finds out: flags to doors, one call, one way to print."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

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
    from collections.abc import Sequence

    from rajee_deploy.actions.doctor.cloud import Cloud
    from rajee_deploy.actions.doctor.examine import Examination
    from rajee_deploy.actions.doctor.rows import Examined
    from rajee_deploy.aws import Identity
    from rajee_deploy.console import Console
    from rajee_deploy.errors import DeployError
    from rajee_deploy.settings import ImageSettings, Settings
    from rajee_deploy.settings.build_settings import EngineSettings


def doctor(
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    config: Config = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = None,
) -> None:
    """Find what is wrong here, and say how to put it right. It looks at engine, node, CDK CLI, credentials, bootstrap,
    repositories, disks and Dockerfiles, and works without settings, too.

    Ends with 1 where a run would fail with something (✗); warnings (!) and what cannot be found out (?) are none of
    that.

    \b
    rajee-deploy doctor
    rajee-deploy doctor -e prod
    rajee-deploy doctor -q                     what is not well
    rajee-deploy doctor --json | jq '.checks[] | select(.health != "ok")'
    """
    choose_quiet(quiet=quiet, verbose=verbose)
    from rajee_deploy.console import Console

    console = Console(verbose=verbose)
    title = f"doctor · {environment}" if environment else "doctor"
    if console.shows_result and not as_json:
        console.begin(title)  # before anything is looked at
    from rajee_deploy.actions.doctor.examine import examine
    from rajee_deploy.actions.doctor.findings import Health
    from rajee_deploy.actions.doctor.rows import document
    from rajee_deploy.at_work import as_pasted
    from rajee_deploy.errors import Exit

    examination = _examination(environment, config, profile, region)
    with console.spinner("look"):
        examined = examine(examination)
    if as_json:
        console.document(document(examined, as_pasted))
    else:
        show(console, examined, title)
    if examined.health is Health.ERROR:
        raise typer.Exit(Exit.FAILED)


def show(console: Console, examined: Examined, title: str) -> None:
    """The screen; its first line is there already where somebody looks at it."""
    from rajee_deploy.actions.doctor.rows import result, wrong_alone
    from rajee_deploy.actions.doctor.screen import rows
    from rajee_deploy.at_work import as_pasted

    if not console.shows_result:
        console.result_headline(title)
    console.result_blank()
    console.result_headline(result(examined), indent=2)
    found = wrong_alone(examined) if console.quiet else examined
    shown = rows(found, console.result_width, as_pasted, is_whole=console.verbose)
    if shown:
        console.result_blank()
        console.result_rows(shown)


def _examination(environment: str | None, config: Path | None, profile: str | None, region: str | None) -> Examination:
    from rajee_deploy.actions.doctor.examine import Examination
    from rajee_deploy.engine.choice import choose_engine
    from rajee_deploy.engine.data_root import find_data_root
    from rajee_deploy.settings.build_settings import EngineSettings
    from rajee_deploy.settings.engine_kinds import EngineKind

    settings, trouble = _settings(environment, config)
    app = _app(settings)
    engine = settings.engine if settings is not None else EngineSettings()
    return Examination(
        settings=settings,
        trouble=trouble,
        app=app,
        images=lambda: _images(settings),
        engine=lambda: choose_engine(engine).check(),
        has_classic_store=partial(_has_classic_store, engine),
        data_root=None if engine.kind is EngineKind.BUILDAH else find_data_root,
        cloud=_cloud(settings, app, profile, region),
    )


def _has_classic_store(engine: EngineSettings) -> bool:
    from rajee_deploy.engine.image_store import has_classic_store

    return has_classic_store(engine)


def _settings(environment: str | None, config: Path | None) -> tuple[Settings | None, DeployError | None]:
    """The settings, or why there are none. ConfigurationError where a flag names what is not there."""
    from rajee_deploy.cli.images import settings_path
    from rajee_deploy.errors import DeployError
    from rajee_deploy.settings import load

    try:
        path = settings_path(config)
        plain = load(path)
    except DeployError as error:
        if config is not None and error.code == "no-settings":
            raise
        if error.code == "no-settings":
            error.hint = "rajee-deploy init"
        return None, error
    return (load(path, environment) if environment is not None else plain), None


def _app(settings: Settings | None) -> Path | None:
    """The directory of the CDK app: that of the settings, else the only one that is near."""
    from rajee_deploy.system.nearby import elsewhere, is_file

    if settings is not None:
        return settings.cdk.app if is_file(settings.cdk.app / "cdk.json") else None
    here = Path.cwd()
    found = [here] if is_file(here / "cdk.json") else elsewhere(here, "cdk.json")
    return found[0] if len(found) == 1 else None


def _made(settings: Settings | None) -> Path | None:
    """The assembly of the last synth."""
    from rajee_deploy.synth.app import CdkApp

    return None if settings is None else CdkApp(settings.cdk, settings.environment).store.latest_assembly()


def _images(settings: Settings | None) -> Sequence[ImageSettings] | None:
    if settings is None or not settings.cdk.adopts_images:
        return settings.images if settings is not None else ()
    from rajee_deploy.actions.adopted import with_known_images

    return with_known_images(settings).images if _made(settings) is not None else None


def _located_images(settings: Settings | None, who: Identity) -> Sequence[ImageSettings] | None:
    if settings is None or not settings.cdk.adopts_images:
        return settings.images if settings is not None else ()
    from rajee_deploy.actions.adopted import located_images

    made = _made(settings)
    return None if made is None else (*settings.images, *located_images(settings, made, who))


def _cloud(settings: Settings | None, app: Path | None, profile: str | None, region: str | None) -> Cloud:
    from datetime import UTC, datetime

    from rajee_deploy.actions.doctor.bootstrapped import Bootstrapped
    from rajee_deploy.actions.doctor.cloud import Cloud
    from rajee_deploy.aws import Aws, Patience
    from rajee_deploy.aws.caller import IdentityCall
    from rajee_deploy.cli.wiring import make_aws
    from rajee_deploy.registry.repository_rules import EcrRules
    from rajee_deploy.stack.whereabouts import Whereabouts

    patience = Patience.of_a_look()
    aws = (
        make_aws(settings, profile, region, patience, is_short=False)
        if settings is not None
        else Aws(profile, region, patience, is_short=False)
    )
    names = settings.cdk.stacks if settings is not None else ()
    bootstrapped = Bootstrapped(app or Path.cwd(), names, _made(settings), Whereabouts(aws))
    named = aws.profile_in_force
    return Cloud(
        identity=IdentityCall(aws),
        held_keys=aws.held_keys,
        rules=EcrRules(aws),
        images=lambda who: _located_images(settings, who),
        needs=bootstrapped.needs,
        version=bootstrapped.version,
        now=lambda: datetime.now(UTC),
        login=f"aws sso login --profile {named}" if named else "aws sso login",
    )
