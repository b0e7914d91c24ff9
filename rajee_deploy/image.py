"""One image's inputs: opens its Dockerfile and ignore files and hands their text to the rooms that understand them.

Reads files; never the network, never an engine.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy import fingerprint as fingerprints
from rajee_deploy.engine import BuildRequest
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BuildOptions, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.context import Modes, Selection
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Recipe, Use
    from rajee_deploy.settings import ImageSettings

FINGERPRINT_LABEL = "io.rajee-deploy.fingerprint"


@dataclass(frozen=True, slots=True)
class ImageInputs:
    """Everything that decides one image. `selections` by context name, "" for the main build context."""

    settings: ImageSettings
    options: BuildOptions
    dockerfile: bytes
    recipe: Recipe
    selections: Mapping[str, Selection]
    uses: tuple[Use, ...]
    fingerprint: Fingerprint

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the user should know about these inputs."""
        found = (notice for selection in self.selections.values() for notice in selection.notices)
        return (*self.recipe.notices, *_widenings(self.recipe), *found)


def read_inputs(settings: ImageSettings, modes: Modes | None = None) -> ImageInputs:
    """Read and digest everything that decides the image. DeployError where a build would fail, and why."""
    modes = modes or contexts.Modes.GIT
    options = BuildOptions(settings.platform, settings.target, _build_args(settings), settings.build_contexts)
    path, text = _read_dockerfile(settings)
    recipe = dockerfiles.resolve(text, options, shown(path))
    selections = {
        name: _look_up(settings, name, path, recipe, modes)
        for name in ("", *sorted({read.context for read in recipe.reads} - {""}))
    }
    uses = _in_file_order(recipe, selections)
    fingerprint = fingerprints.of_image(recipe, options, uses, modes.value)
    return ImageInputs(settings, options, text, recipe, selections, uses, fingerprint)


def _widenings(recipe: Recipe) -> Iterator[Notice]:
    """Why more counts than the build reads."""
    for read in recipe.reads:
        if read.widened:
            message = f"everything that the ignore rules leave counts for {read.source!r}: {read.widened}"
            yield Notice("superset", message, read.location.start)


@contextmanager
def build_request(inputs: ImageInputs, uri: str) -> Iterator[BuildRequest]:
    """The image's build contexts, staged for as long as the build takes, and the request that names them."""
    with ExitStack() as stack:
        staged = {
            name: stack.enter_context(contexts.staged(selection, inputs.dockerfile))
            for name, selection in inputs.selections.items()
        }
        local = {name: str(place.directory) for name, place in staged.items() if name}
        yield BuildRequest(
            context=staged[""].directory,
            dockerfile=staged[""].dockerfile,
            platform=inputs.options.platform,
            reference=f"{uri}:{inputs.fingerprint.tag}",
            target=inputs.options.target,
            build_args=inputs.options.build_args,
            build_contexts={**inputs.options.build_contexts, **local},
            labels={FINGERPRINT_LABEL: str(inputs.fingerprint.digest)},
        )


def shown(path: Path) -> str:
    """A path as the user would type it: relative to the working directory where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _build_args(settings: ImageSettings) -> dict[str, str]:
    """The settings' build arguments, and the one that buildx takes from the environment by itself."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return {**({"SOURCE_DATE_EPOCH": epoch} if epoch else {}), **settings.build_args}


def _read_dockerfile(settings: ImageSettings) -> tuple[Path, bytes]:
    path = settings.dockerfile
    if not path.exists() and path.name == "Dockerfile" and path.with_name("dockerfile").exists():
        path = path.with_name("dockerfile")  # BuildKit looks for it too
    try:
        return path, path.read_bytes()
    except FileNotFoundError as error:
        raise DeployError(
            "dockerfile-missing", "the Dockerfile does not exist", where=shown(path),
            hint=f"write it, or set images.{settings.name}.dockerfile (or --file)",
        ) from error  # fmt: skip
    except OSError as error:
        raise DeployError(
            "unreadable", "the Dockerfile cannot be read", where=shown(path), cause=error.strerror or str(error),
        ) from error  # fmt: skip


def _look_up(settings: ImageSettings, name: str, dockerfile: Path, recipe: Recipe, modes: Modes) -> Selection:
    root = settings.context if not name else Path(settings.build_contexts[name])
    if not root.is_dir():
        raise DeployError(
            "context-missing", f"the build context {name!r} is not a directory", where=os.fspath(root),
            hint=f"check images.{settings.name}.build-contexts",
        )  # fmt: skip
    reads = [read for read in recipe.reads if read.context == name]
    return contexts.look_up(root, reads, contexts.find_rules(root, dockerfile, main=not name), modes)


def _in_file_order(recipe: Recipe, selections: Mapping[str, Selection]) -> tuple[Use, ...]:
    """The uses of all contexts in the order of the recipe's reads."""
    queues = {name: iter(selection.uses) for name, selection in selections.items()}
    return tuple(next(queues[read.context]) for read in recipe.reads)
