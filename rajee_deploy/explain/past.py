"""An image as it was at a commit: the settings of then where they have it, else those of now.

Reads settings files and moves paths into a checkout. Must never run git.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.image import read_inputs
from rajee_deploy.model import is_local_context
from rajee_deploy.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.image import ImageInputs
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class Origin:
    """Where images come from: a settings file and its environment (None: flags alone), and what flags lay over."""

    settings: Path | None
    environment: str | None
    lay_over: Callable[[ImageSettings], ImageSettings]


@dataclass(frozen=True, slots=True)
class Past:
    """An image of then. `note` says why its settings are not those of then; empty when they are."""

    settings: ImageSettings
    note: str = ""


def image_at(present: ImageSettings, origin: Origin, top: Path, checkout: Path) -> Past:
    """The image's settings in a checkout of a commit, `top` being the repository's own."""
    found = _of_then(present.name, origin, top, checkout)
    if isinstance(found, str):
        return Past(moved(present, top, checkout), found)
    return Past(moved(origin.lay_over(found), top, checkout))


def inputs_at(past: Past, checkout: Path) -> ImageInputs:
    """The image's inputs then. DeployError, with paths as they are in the repository, where a build would fail."""
    try:
        inputs = read_inputs(past.settings)
        for selection in inputs.selections.values():
            _ = selection.entries  # read while the checkout is there
    except DeployError as error:
        parts = (text.replace(f"{checkout}/", "") for text in (error.problem, error.where, error.cause, error.hint))
        problem, where, cause, hint = parts
        raise DeployError(error.code, problem, where=where, cause=cause, hint=hint) from error
    return inputs


def _of_then(name: str, origin: Origin, top: Path, checkout: Path) -> ImageSettings | str:
    """The image in the settings of then, or why there is none."""
    if origin.settings is None:
        return ""
    place = _inside(origin.settings, top)
    if place is None:
        return "the settings are not in the repository: those of now are used"
    try:
        images = {image.name: image for image in load(checkout / place, origin.environment).images}
    except ConfigurationError as error:
        return f"the settings of now are used; those of then: {error.problem}".replace(f"{checkout}/", "")
    return images.get(name) or f"the settings of now are used; those of then have no image {name}"


def moved(image: ImageSettings, top: Path, checkout: Path) -> ImageSettings:
    """The image with every path of the repository replaced by the one in the checkout."""

    def at(path: Path) -> Path:
        place = _inside(path, top)
        return path if place is None else checkout / place

    contexts = {
        name: os.fspath(at(Path(reference))) if is_local_context(reference) else reference
        for name, reference in image.build_contexts.items()
    }
    lock = at(image.lock) if image.lock is not None else None
    context, dockerfile = at(image.context), at(image.dockerfile)
    return replace(image, context=context, dockerfile=dockerfile, build_contexts=contexts, lock=lock)


def _inside(path: Path, top: Path) -> Path | None:
    """A path relative to the repository's top, None outside of it. What the path itself may link to does not count."""
    whole = path.resolve() if path.name in {"", ".."} else path.parent.resolve() / path.name
    return whole.relative_to(top) if whole.is_relative_to(top) else None
