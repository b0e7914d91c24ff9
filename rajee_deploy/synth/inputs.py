"""What synth reads, as one fingerprint: the declared inputs, extended by what the last synth was seen to read beyond.

Declared are the files under the CDK app, context, variables, library and CLI versions. Whatever is left out of these
can make a false no-op, so only what no app reads as source is left out by itself; `ignore` in the settings takes out
more, by the user's word.

Traced is what a synth read and no declared input covers (see `tracing`): files and directories elsewhere, variables,
libraries; and calls that no hash can follow. The list comes from the depfile of this machine. A machine without one (a
fresh clone) hashes the declared inputs alone. Both are safe, whatever the depfile says, because of what is *recorded*:
the hash that a deployment records is always made with the trace of the very synth that was deployed, and the hash is
injective. So equal hashes mean that exactly those inputs, and no fewer, have the values they had. A depfile that is
missing, stale or of another branch can only make hashes differ; then a synth decides, which costs seconds, and leaves a
new depfile. A machine without a depfile agrees with the record only if that synth read nothing beyond the declared
inputs and did nothing that no hash can follow; the same code with the same inputs then does the same here.

Neither sees the clock, random numbers, what a C extension reads by itself, or (in other languages than Python) which
variables are read by a program that is not run by node.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.fingerprint import TAKEN, Fingerprint, Input, of_infrastructure
from rajee_deploy.settings import LOCK_NAME
from rajee_deploy.synth.command import (
    app_command,
    command_text,
    configuration,
    interpreter_of,
    is_own_program,
    python_of,
    variables_of_command,
)
from rajee_deploy.synth.image_inputs import DigestImages, has_digest, image_inputs, no_digests
from rajee_deploy.synth.toolchain import NONE, TOOLCHAIN, is_cdk_library, toolchain_versions, versions_of
from rajee_deploy.synth.traced import traced_inputs
from rajee_deploy.synth.tracing.depfile import Depfile
from rajee_deploy.synth.variables import always_counted
from rajee_deploy.synth.walked import Beyond, Coverage, declared_files, files_of_cli
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.regular_files import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.model import Digest
    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.synth.tracing.distil import App


def infra_fingerprint(
    settings: CdkSettings,
    depfile: Depfile | None = None,
    recorded: Mapping[str, str] | None = None,
    digest_images: DigestImages = no_digests,
) -> Fingerprint:
    """The fingerprint over everything that synth of this app reads, as far as the settings and a depfile know.

    `recorded` is what was installed where a foreign depfile was made, by item. That, or what was installed here when a
    synth made this machine's own, stands for what is not installed now. `digest_images` says what images are made of.
    """
    depfile = depfile or Depfile()
    named = variables_of_command(settings.app)
    always = always_counted(os.environ)
    environment = {name: os.environ.get(name) for name in (*settings.env, "CDK_CONTEXT_JSON", *named, *always)}
    traced = [
        *traced_inputs(depfile, settings, environment, is_foreign=recorded is not None),
        *_unfollowed_programs(settings.app, depfile),
    ]
    files: Iterable[tuple[str, str, Digest]]
    if depfile.is_whole:
        files = files_of_cli(settings)
        versions, taken = _or_recorded(
            toolchain_versions(settings.app, depfile.toolchain),
            dict(depfile.installed) if recorded is None else recorded,
        )
        traced += [Input(f"{TAKEN}{name.removeprefix(TOOLCHAIN)}", "as recorded") for name in taken]
        traced += image_inputs(depfile.images, project_root(settings.app.resolve()), digest_images)
    else:
        beyond: list[Beyond] = []
        files, versions = list(declared_files(settings, beyond)), versions_of(settings.app)
        traced += [Input(f"impure:link:{link.name}", _leading_out(link)) for link in beyond]
    if settings.adopts_images:  # the same app makes other templates
        traced += [Input("image-assets", "adopt"), Input("image-lock", _lock(settings))]
    return of_infrastructure(files, settings.context, environment, versions, traced)


def _lock(settings: CdkSettings) -> str:
    """What base images are locked to: it is part of each image, also of one that is followed by the files that a synth
    stages of it, which does not read the lock."""
    try:
        return digest_of((settings.project or settings.app) / LOCK_NAME)
    except FileNotFoundError:
        return "none"


def _leading_out(link: Beyond) -> str:
    return (
        f"the link {link.name}, which leads out of the project to {link.text} (name what synth reads there in "
        "cdk.inputs, or the link in cdk.ignore)"
    )


def _or_recorded(here: dict[str, str], recorded: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The toolchain, with what is recorded where nothing is installed; and the items that were taken so."""
    taken = [name for name, version in here.items() if version == NONE and recorded.get(name, NONE) != NONE]
    return {**here, **{name: recorded[name] for name in taken}}, taken


def _unfollowed_programs(app: Path, depfile: Depfile) -> Iterator[Input]:
    """Programs of the project that would have to be run to know all inputs. They are run by a synth alone, and where
    the kernel recorded that, it saw what they look at."""
    if depfile.is_whole:
        return
    if "build" in configuration(app):
        yield Input("impure:build", "the build command of cdk.json")
    if "$(" in command_text(app) or "`" in command_text(app):
        yield Input("impure:command", "the programs that the app's command in cdk.json asks")
    python = python_of(app, app_command(app))
    found = interpreter_of(app, python) if python else None
    if found is not None and is_own_program(app, found):
        yield Input("impure:python", f"{python}, a program of the project itself")


def describe_app(settings: CdkSettings, digest_images: DigestImages = no_digests) -> App:
    """What the trace of a synth is compared with: which paths the declared inputs cover."""
    from rajee_deploy.synth.tracing.distil import App

    command = app_command(settings.app)
    app = settings.app.resolve()
    is_python = bool(python_of(settings.app, command))
    root = project_root(app)
    return App(
        app,
        Coverage(settings),
        is_python,
        is_cdk_library,
        root,
        settings.env,
        settings.adopts_images,
        lambda image: has_digest(image, root, digest_images),
    )
