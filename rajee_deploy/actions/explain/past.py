"""An image as it was at a commit: the settings of then where they have it, else those of now.

Reads settings files and moves paths into a checkout. Must never run git.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.actions.explain.relocate import Relocation
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import is_local_context
from rajee_deploy.model.revision import short_commit
from rajee_deploy.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.git.checkout import Checkout
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.settings import ImageSettings

OUTSIDE = "outside-repository"


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
    """The image's settings in a checkout of a commit, `top` being the repository's own.

    DeployError `outside-repository` for an image that is built from what no commit holds.
    """
    places = Relocation(top, checkout)
    found = _of_then(present.name, origin, places)
    if isinstance(found, str):
        return Past(relocate(present, places), found)
    return Past(relocate(origin.lay_over(found), places))


def inputs_at(past: Past, checkout: Checkout) -> ImageInputs:
    """The image's inputs then. DeployError, with paths as they are in the repository, where a build would fail, and
    `submodule-missing` and `lfs-missing` where files of then are not on this machine."""
    prefix = f"{checkout.directory}/"
    try:
        inputs = read_inputs(past.settings)
        for selection in inputs.selections.values():
            _ = selection.entries  # read while the checkout is there
    except DeployError as error:
        if checkout.missing:
            raise _submodule_missing(*next(iter(checkout.missing.items())), str(error).replace(prefix, "")) from error
        parts = (text.replace(prefix, "") for text in (error.problem, error.where, error.cause, error.hint))
        problem, where, cause, hint = parts
        raise DeployError(error.code, problem, where=where, cause=cause, hint=hint) from error
    for selection in inputs.selections.values():
        read = {os.path.relpath(selection.root / each.entry.path, checkout.directory) for each in selection.records}
        for path, commit in checkout.missing.items():
            if path in read:
                raise _submodule_missing(path, commit, "the image is built from its files")
        for path in sorted(checkout.pointers & read):
            raise DeployError(
                "lfs-missing",
                f"the file {path} of Git LFS, as it was then, is not on this machine",
                where=path,
                cause="the image is built from it",
                hint="git lfs fetch --all brings what LFS has of older commits",
            )
    return inputs


def _submodule_missing(path: str, commit: str, cause: str) -> DeployError:
    return DeployError(
        "submodule-missing",
        f"the submodule {path} was at {short_commit(commit)}, which this machine does not have",
        where=path,
        cause=cause,
        hint=f"git submodule update --init {path}, or git fetch in it, brings it",
    )


def _of_then(name: str, origin: Origin, places: Relocation) -> ImageSettings | str:
    """The image in the settings of then, or why there is none."""
    if origin.settings is None:
        return ""
    place = places.find(origin.settings)
    if place is None:
        return "the settings are not in the repository: the present ones are used"
    try:
        images = {image.name: image for image in load(place, origin.environment).images}
    except ConfigurationError as error:
        return f"the present settings are used; those of that commit cannot be read: {error.problem}".replace(
            f"{places.checkout}/", ""
        )
    return images.get(name) or f"the present settings are used; those of that commit have no image {name}"


def relocate(image: ImageSettings, places: Relocation) -> ImageSettings:
    """The image with every path replaced by the one in the checkout. DeployError `outside-repository`."""

    def at(path: Path, what: str, *, last: bool = True) -> Path:
        place = places.find(path, last=last)
        if place is None:
            raise DeployError(
                OUTSIDE,
                f"the image {image.name} is built from what no commit of the repository holds",
                where=str(path),
                cause=f"its {what} lies outside of {places.top}",
                hint="its former state is not known here: run this in the repository that holds it",
            )
        return place

    contexts = {
        name: os.fspath(at(Path(reference), f"build context {name}")) if is_local_context(reference) else reference
        for name, reference in image.build_contexts.items()
    }
    # BuildKit follows a Dockerfile that is a link by itself, inside its directory.
    dockerfile = at(image.dockerfile, "Dockerfile", last=False)
    has_lock = image.lock is not None and (image.lock.exists() or places.find(image.lock) is not None)
    lock = at(image.lock, "lock file") if image.lock is not None and has_lock else None
    return replace(
        image, context=at(image.context, "build context"), dockerfile=dockerfile, build_contexts=contexts, lock=lock
    )
