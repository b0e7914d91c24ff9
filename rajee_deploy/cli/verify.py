"""The verb that checks the others. Thin as they are: flags to images, one call for each, one way to print."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.flags import (
    BuildArgs,
    BuildContexts,
    Config,
    Environment,
    File,
    Images,
    Json,
    ModesFlag,
    PlatformFlag,
    Quiet,
    Target,
)
from rajee_deploy.console.manner import choose_quiet

if TYPE_CHECKING:
    from rajee_deploy.actions.verify.verdicts import VerifiedImage
    from rajee_deploy.context import Modes
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.settings import ImageSettings


_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def verify(
    context: Annotated[
        Path | None, typer.Argument(help="A build context; without one, the images of the settings.")
    ] = None,
    file: File = None,
    target: Target = None,
    platform: PlatformFlag = None,
    build_arg: BuildArgs = None,
    build_context: BuildContexts = None,
    modes: Annotated[ModesFlag, typer.Option(help="As for fingerprint.")] = ModesFlag.git,
    environment: Environment = None,
    image: Images = None,
    config: Config = None,
    max_size: Annotated[
        str, typer.Option(help="How large a stage may be whose contents have to be compared, like 500MB.")
    ] = "4GB",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when something was not checked or not compared.")
    ] = False,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Ask a real BuildKit whether the hash is true. Hashes every file again, and compares what BuildKit reads with what
    we hash, and what it builds with what we build.

    \b
    rajee-deploy verify                      the images of the settings
    rajee-deploy verify . -f docker/Dockerfile --target runtime
    rajee-deploy verify --json | jq '.images[].not_checked'
    """
    choose_quiet(quiet=quiet)
    from functools import partial

    from rajee_deploy.actions.verify.record import verify_and_record
    from rajee_deploy.actions.verify.verdicts import document, lines, summary
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags, flagged_images, image_of_flags, settings_path
    from rajee_deploy.console import Console
    from rajee_deploy.console.rows import Row
    from rajee_deploy.context import Modes
    from rajee_deploy.errors import Exit

    flags = BuildFlags(file, target, platform, build_arg, build_context)
    settings = SettingsFlags(environment, image, config)
    chosen = flagged_images(settings, flags, "verify") if context is None else [image_of_flags(context, flags, image)]
    limit = _bytes(max_size)
    console = Console()
    verdicts = verify_and_record(
        console,
        settings_path(config).parent if context is None else None,
        environment,
        [(each.name, partial(_verdict, each, Modes(modes.value), limit)) for each in chosen],
    )
    for name, verdict in verdicts.items():
        for line in lines(verdict):
            console.warn(f"image {name}", line)
    if not as_json:
        marks = {name: "✓" if verdict.is_whole else "!" for name, verdict in verdicts.items()}
        console.result_rows([Row(marks[name], "", name, summary(verdict)) for name, verdict in verdicts.items()])
    if as_json:
        console.document(document(verdicts))
    if detailed_exitcode and not all(verdict.is_whole for verdict in verdicts.values()):
        raise typer.Exit(Exit.CHANGES)


def _bytes(text: str) -> int:
    """A size as people write it, in powers of ten. ConfigurationError."""
    found = re.fullmatch(r"(\d{1,12})\s*(k|m|g|t)?b?", text.strip(), re.IGNORECASE)
    if found is None:
        from rajee_deploy.errors import ConfigurationError

        raise ConfigurationError("bad-size", f"{text!r} is no size", where="--max-size", hint="write it like 500MB")
    return int(found[1]) * _UNITS[(found[2] or "").lower()]


def _verdict(image: ImageSettings, modes: Modes, max_size: int) -> VerifiedImage:
    from functools import partial

    from rajee_deploy.actions.verify.buildkit import check
    from rajee_deploy.actions.verify.contents import compare
    from rajee_deploy.actions.verify.rehash import rehash
    from rajee_deploy.actions.verify.verdicts import VerifiedImage
    from rajee_deploy.engine.probe import BuildxProbe
    from rajee_deploy.errors import DeployError
    from rajee_deploy.image.inputs import read_all_inputs, read_inputs

    def as_usual() -> ImageInputs:
        return read_all_inputs([image], modes)[image.name]

    # The first reads as every verb does, by the stat cache; the second believes nothing.
    inputs = rehash(as_usual, partial(read_inputs, image, modes))
    engine = BuildxProbe()
    try:
        name = engine.check()
    except DeployError as error:
        return VerifiedImage(inputs, "", None, f"{error.problem} ({error.code})")
    return VerifiedImage(inputs, name, check(inputs, engine), compared=compare(inputs, engine, max_size))
