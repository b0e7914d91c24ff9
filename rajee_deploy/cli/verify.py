"""The verb that checks the others. Thin as they are: flags to images, one call for each, one way to print."""

from __future__ import annotations

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
    Target,
)

if TYPE_CHECKING:
    from rajee_deploy.context import Modes
    from rajee_deploy.image import ImageInputs
    from rajee_deploy.settings import ImageSettings
    from rajee_deploy.verify.verdicts import Verdict


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
    as_json: Json = False,
) -> None:
    """Re-hash every file, and ask a real BuildKit whether it reads what we hash. Exits with 1 when they disagree.

    \b
    rajee-deploy verify                      the images of the settings
    rajee-deploy verify . -f docker/Dockerfile --target runtime
    rajee-deploy verify --json | jq '.images[].not_checked'
    """
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags, flagged_images, image_of_flags
    from rajee_deploy.console import Console
    from rajee_deploy.context import Modes
    from rajee_deploy.verify.verdicts import document, lines, summary

    flags = BuildFlags(file, target, platform, build_arg, build_context)
    settings = SettingsFlags(environment, image, config)
    chosen = flagged_images(settings, flags) if context is None else [image_of_flags(context, flags)]
    verdicts = {each.name: _verdict(each, Modes(modes.value)) for each in chosen}
    console = Console()
    if as_json:
        console.document(document(verdicts))
        return
    for name, verdict in verdicts.items():
        for line in lines(verdict):
            console.item("!", f"image {name}", line, "yellow")
        console.data(f"{name} {summary(verdict)}")


def _verdict(image: ImageSettings, modes: Modes) -> Verdict:
    from functools import partial

    from rajee_deploy.engine.probe import BuildxProbe
    from rajee_deploy.errors import DeployError
    from rajee_deploy.image import read_all_inputs, read_inputs
    from rajee_deploy.verify.buildkit import check
    from rajee_deploy.verify.rehash import rehash
    from rajee_deploy.verify.verdicts import Verdict

    def as_usual() -> ImageInputs:
        return read_all_inputs([image], modes)[image.name]

    # The first reads as every verb does, by the stat cache; the second believes nothing.
    inputs = rehash(as_usual, partial(read_inputs, image, modes))
    engine = BuildxProbe()
    try:
        name = engine.check()
    except DeployError as error:
        return Verdict(inputs, "", None, f"{error.problem} ({error.code})")
    return Verdict(inputs, name, check(inputs, engine))
