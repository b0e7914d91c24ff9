"""What the images that an app stages are made of where they were staged from: the original directories.

Nothing is ever built from there. An image's digest is one input of the infrastructure (see `synth.image_inputs`): while
it stays, a synth would stage the same, as far as the Dockerfile reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs, shown_path
from rajee_deploy.model import is_local_context, parse_platforms
from rajee_deploy.model.repository import Repository
from rajee_deploy.settings import DEFAULT_PLATFORM, LOCK_NAME, ImageSettings
from rajee_deploy.settings.build_settings import BuildSettings
from rajee_deploy.synth.image_inputs import none_because
from rajee_deploy.system.nearby import is_file
from rajee_deploy.system.places import cache_directory, prepare_chosen_places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rajee_deploy.context import Roots
    from rajee_deploy.settings import Settings
    from rajee_deploy.synth.tracing.depfile import TracedImage


def digest_originals(settings: Settings, root: Path, images: Sequence[TracedImage]) -> list[str]:
    """The digests of images in the checkout at `root`, in their order; `none: …` where one could not be built."""
    prepare_chosen_places()
    with contexts.Roots(cache_directory()) as roots:
        return [_digest(settings, root, each, roots) for each in images]


def original_images(settings: Settings, root: Path, images: Sequence[TracedImage]) -> dict[str, ImageSettings]:
    """The images by name, each over the directory that it was staged from."""
    return {each.name: _image(settings, root, each) for each in images}


def place_in_checkout(settings: Settings, image: ImageSettings, staged: str, where: str) -> str:
    """A place in the staged copy of an image's Dockerfile, as the checkout names it: the copy is gone once it is read
    of. `staged` is how the copy is called; any other place stays."""
    if where != staged and not where.startswith(f"{staged}:"):
        return where
    from rajee_deploy.synth.app import CdkApp  # for a build that failed

    app = CdkApp(settings.cdk, settings.environment)
    originals = original_images(settings, app.root, app.images)
    original = originals.get(image.name) or originals.get(f"{image.stack}/{image.name}")
    line = where.removeprefix(staged)
    if original is not None and is_file(original.dockerfile):
        return f"{shown_path(original.dockerfile)}{line}"
    return f"the Dockerfile of {image.name}{line.replace(':', ', line ')}"


def _digest(settings: Settings, root: Path, image: TracedImage, roots: Roots) -> str:
    try:
        return str(read_inputs(_image(settings, root, image), roots=roots).fingerprint.digest)
    except DeployError as error:
        return none_because(error.code)


def _image(settings: Settings, root: Path, image: TracedImage) -> ImageSettings:
    source = root / image.source
    named = {name: str(root / text) if is_local_context(text) else text for name, text in image.build_contexts}
    return ImageSettings(
        image.name,
        source,
        source / image.dockerfile,
        Repository(""),
        parse_platforms([image.platform or DEFAULT_PLATFORM]),
        image.target or None,
        dict(image.build_args),
        named,
        lock=settings.root / LOCK_NAME,
        build=BuildSettings(builder=settings.engine.builder),
        syntax_mirrors=settings.syntax_mirrors,
    )
