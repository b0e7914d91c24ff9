"""From flags to settings and images. Meets neither AWS nor an engine, so that `fingerprint` starts fast."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import parse_platforms
from rajee_deploy.model.repository import Repository
from rajee_deploy.settings import DEFAULT_PLATFORM, LOCK_NAME, ImageSettings, Settings, find_settings, load
from rajee_deploy.settings.problems import unknown_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.model import Platform


@dataclass(frozen=True, slots=True)
class SettingsFlags:
    """What chooses among the settings: --environment, --image, --config."""

    environment: str | None
    images: Sequence[str] | None
    config: Path | None


@dataclass(frozen=True, slots=True)
class BuildFlags:
    """What decides a build: --file, --target, --platform, --build-arg, --build-context."""

    file: Path | None
    target: str | None
    platform: Sequence[str] | None
    build_args: Sequence[str] | None
    build_contexts: Sequence[str] | None

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """Those of --platform, all of its values together; none where it is not given."""
        given = [text for text in self.platform or () if text]
        return parse_platforms(given) if given else ()


def settings_path(config: Path | None) -> Path:
    """The settings file: the one that was named, else the one that governs the working directory."""
    return config.absolute() if config else find_settings(Path.cwd())


def read_settings(flags: SettingsFlags) -> tuple[Settings, list[ImageSettings]]:
    """The settings with the images that the app declares, as its last synth here had them, and those of all that were
    asked for."""
    settings = load(settings_path(flags.config), flags.environment)
    if settings.cdk.adopts_images:
        from rajee_deploy.actions.adopted import with_known_images

        settings = with_known_images(settings)
    return settings, choose_images(settings, flags.images)


def choose_images(settings: Settings, names: Sequence[str] | None) -> list[ImageSettings]:
    """The images of the settings that were asked for (all when none was named). ConfigurationError `unknown-image`."""
    known = {image.name: image for image in settings.images}
    for name in names or ():
        if name not in known:
            raise unknown_image(name, known, settings.path)
    return [image for name, image in known.items() if not names or name in names]


def choose_among(settings: Settings, names: Sequence[str] | None) -> tuple[Sequence[str] | None, frozenset[str] | None]:
    """The names that may be of the settings' images, and those of images that the app declares, which only its assembly
    knows; None where none was named, for all of them."""
    if not names or not settings.cdk.adopts_images:
        return names, None
    known = {image.name for image in settings.images}
    return [name for name in names if name in known], frozenset(names) - known


def hashed_images(flags: SettingsFlags, verb: str) -> tuple[Settings, list[ImageSettings]]:
    """The same for a verb that is about images alone. ConfigurationError `no-images` where the settings name none."""
    settings, images = read_settings(flags)
    if not images:
        from rajee_deploy.cli.no_images import no_images

        raise no_images(settings, verb)
    return settings, images


def flagged_images(flags: SettingsFlags, build: BuildFlags, verb: str) -> list[ImageSettings]:
    """The chosen images of the settings, with the build's flags laid over them."""
    return [laid_over(image, build) for image in hashed_images(flags, verb)[1]]


def laid_over(image: ImageSettings, build: BuildFlags) -> ImageSettings:
    """An image of the settings, with the build's flags laid over it."""
    return replace(
        image,
        dockerfile=build.file or image.dockerfile,
        target=build.target or image.target,
        platforms=build.platforms or image.platforms,
        build_args={**image.build_args, **_pairs("--build-arg", build.build_args)},
        build_contexts={**image.build_contexts, **_pairs("--build-context", build.build_contexts)},
    )


def image_of_flags(context: Path, build: BuildFlags, images: Sequence[str] | None) -> ImageSettings:
    """An image that only the flags describe. `images` are those of --image, which choose among the settings': both at
    once is a mistake, in every verb that takes a build context."""
    if images:
        raise ConfigurationError(
            "bad-flag",
            "--image chooses among the images of the settings, which a build context leaves out",
            where=f"--image {images[0]}",
            hint="give one of the two",
        )
    if not context.is_dir():
        raise DeployError(
            "context-missing",
            "the build context is not a directory",
            where=str(context.absolute()),
            hint=f"name a directory, from the working directory, {Path.cwd()}",
        )
    return ImageSettings(
        name=context.absolute().name,
        context=context,
        dockerfile=build.file or context / "Dockerfile",
        repository=Repository(""),
        platforms=build.platforms or parse_platforms([DEFAULT_PLATFORM]),
        target=build.target,
        build_args=_pairs("--build-arg", build.build_args),
        build_contexts=_pairs("--build-context", build.build_contexts),
        lock=context / LOCK_NAME,
    )


_EXAMPLES = {"--build-arg": "VERSION=3", "--build-context": "lib=../lib"}


def _pairs(flag: str, given: Sequence[str] | None) -> dict[str, str]:
    """NAME=VALUE flags; a build argument without a value takes the environment's, as docker's own flag does."""
    pairs = {}
    for text in given or ():
        name, separator, value = text.partition("=")
        if not name or (not separator and flag != "--build-arg"):
            raise ConfigurationError(
                "bad-flag", f"{flag} {text!r} is not NAME=VALUE", hint=f"write it like {flag} {_EXAMPLES[flag]}"
            )
        if separator:
            pairs[name] = value
        elif name in os.environ:
            pairs[name] = os.environ[name]
    return pairs
