"""`fingerprint`: the tags of images, offline."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import Annotated

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
    """Print the tag of an image, the fingerprint of all that is in it. Offline.

    \b
    rajee-deploy fingerprint                      the images of the settings
    rajee-deploy fingerprint . -f docker/Dockerfile --target runtime
    rajee-deploy fingerprint --json | jq '.uses'  what each instruction reads
    """
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags, flagged_images, image_of_flags
    from rajee_deploy.console import Console
    from rajee_deploy.context import Modes
    from rajee_deploy.image.inputs import read_all_inputs

    flags = BuildFlags(file, target, platform, build_arg, build_context)
    chosen = (
        flagged_images(SettingsFlags(environment, image, config), flags, "fingerprint")
        if context is None
        else [image_of_flags(context, flags, image)]
    )
    found = read_all_inputs(chosen, Modes(modes.value), cached=not no_cache)
    console = Console()
    if as_json:
        from rajee_deploy.actions.json_documents import of_fingerprint, of_fingerprints

        one = next(iter(found.values())) if len(found) == 1 else None
        console.document(of_fingerprint(one) if one else of_fingerprints(found))
        return
    for name, inputs in found.items():
        console.notices(name, inputs.notices)
        console.data(inputs.fingerprint.tag if len(found) == 1 else f"{name} {inputs.fingerprint.tag}")
