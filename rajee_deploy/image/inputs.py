"""One image's inputs: opens its Dockerfile and ignore files and hands their text to the rooms that understand them.

Reads files; never the network, never an engine.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy import fingerprint as fingerprints
from rajee_deploy.dataclass import dataclass
from rajee_deploy.engine import ambient
from rajee_deploy.errors import DeployError
from rajee_deploy.model import MACHINES, BuildOptions, Notice
from rajee_deploy.system.places import cache_directory, prepare_chosen_places
from rajee_deploy.system.regular_files import DOCKERFILE_BYTES, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rajee_deploy.context import Modes, Roots, Selection
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import LockedImage, Recipe, Use
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class PlatformInputs:
    """What the Dockerfile asks for on one platform, and the uses in the order of its recipe's reads."""

    options: BuildOptions
    recipe: Recipe
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class ImageInputs:
    """Everything that decides one image. `selections` by context name, "" for the main build context.

    `variants` has each platform's part; `recipe` and `uses` have what any of the platforms reads. `options` are the
    first platform's, and but for the platform all platforms'.
    """

    settings: ImageSettings
    options: BuildOptions
    dockerfile: bytes
    recipe: Recipe
    selections: Mapping[str, Selection]
    uses: tuple[Use, ...]
    fingerprint: Fingerprint
    variants: tuple[PlatformInputs, ...]

    def of_each_platform(self) -> Iterator[ImageInputs]:
        """The inputs as if each platform were the only one, but for the fingerprint and what is selected."""
        for one in self.variants:
            yield replace(self, options=one.options, recipe=one.recipe, uses=one.uses, variants=(one,))

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the user should know about these inputs."""
        found = (notice for selection in self.selections.values() for notice in selection.notices)
        return (*self.recipe.notices, *_widenings(self.recipe), *found)


def read_all_inputs(
    images: Iterable[ImageSettings], modes: Modes | None = None, *, cached: bool = True
) -> dict[str, ImageInputs]:
    """The inputs of several images, by name: each build context is walked once, with the user's stat cache or without.

    DeployError where a build would fail, and why.
    """
    if cached:
        prepare_chosen_places()
    with contexts.Roots(cache_directory() if cached else None) as roots:
        return {image.name: read_inputs(image, modes, roots) for image in images}


def read_inputs(settings: ImageSettings, modes: Modes | None = None, roots: Roots | None = None) -> ImageInputs:
    """Read and digest everything that decides the image; without `roots`, every file anew.

    DeployError where a build would fail, and why.
    """
    modes = modes or contexts.Modes.GIT
    path, text = _read_dockerfile(settings)
    locked = _read_lock(settings)
    resolved = _resolve(settings, text, shown_path(path), locked)
    recipe = dockerfiles.merge([each for _, each in resolved])
    with _naming_triggers(recipe, locked):
        selections = {
            name: _look_up(_root(settings, name), recipe, name, path, (modes, roots, _project(settings)))
            for name in ("", *sorted({read.context for read in recipe.reads} - {""}))
        }
    uses = _in_file_order(recipe, selections)
    found = dict(zip(recipe.reads, uses, strict=True))  # a read that is repeated finds the same again
    variants = tuple(
        PlatformInputs(options, own, tuple(found[read] for read in own.reads)) for options, own in resolved
    )
    fingerprint = fingerprints.of_platforms([(each.recipe, each.options, each.uses) for each in variants], modes.value)
    return ImageInputs(settings, variants[0].options, text, recipe, selections, uses, fingerprint, variants)


def read_recipe(settings: ImageSettings, locked: Mapping[str, LockedImage]) -> Recipe:
    """What the image's Dockerfile asks for, if this were locked, whatever is on disk. Reads no build context."""
    path, text = _read_dockerfile(settings)
    return dockerfiles.merge([recipe for _, recipe in _resolve(settings, text, shown_path(path), locked)])


def _resolve(
    settings: ImageSettings, text: bytes, path: str, locked: Mapping[str, LockedImage]
) -> list[tuple[BuildOptions, Recipe]]:
    """What the Dockerfile asks for on each platform."""
    options = _options(settings, locked)
    recipes = dockerfiles.alike([dockerfiles.resolve(text, each, path) for each in options])
    return list(zip(options, recipes, strict=True))


def _read_lock(settings: ImageSettings) -> Mapping[str, LockedImage]:
    if settings.lock is None or not os.path.lexists(settings.lock):
        return {}
    from rajee_deploy import lock as locks

    return locks.read(settings.lock).images


def _options(settings: ImageSettings, locked: Mapping[str, LockedImage]) -> list[BuildOptions]:
    """One for each platform. Of several, one stands in for the machine that builds, so that its arguments, which are no
    inputs, are the same for all."""
    own = _build_args(settings)
    args = {**ambient.proxies(settings.build.builder, own), **own}
    named = _named_contexts(settings.build_contexts)
    policy = ambient.source_policy()
    several = len(settings.platforms) > 1
    builds = min(settings.platforms, key=lambda each: str(each) not in MACHINES) if several else None
    return [
        BuildOptions(
            each,
            settings.target,
            args,
            named,
            locked,
            settings.labels,
            builds,
            policy,
            settings.syntax_mirrors,
        )
        for each in settings.platforms
    ]


def _named_contexts(references: Mapping[str, str]) -> dict[str, str]:
    if not references:
        return {}
    from rajee_deploy.registry.image_layout import pinned_layout

    return {name: pinned_layout(reference) for name, reference in references.items()}


def _widenings(recipe: Recipe) -> Iterator[Notice]:
    """Why more counts than the build reads."""
    for read in recipe.reads:
        if read.widened:
            message = f"everything that the ignore rules leave counts for {read.source!r}: {read.widened}"
            if read.widened.startswith(dockerfiles.BASE_DECIDES):
                message += "; rajee-deploy lock makes it exact"
            yield Notice("superset", message, read.location.start)


def shown_path(path: Path) -> str:
    """A path as the user would type it: relative to the working directory where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _build_args(settings: ImageSettings) -> dict[str, str]:
    """The settings' build arguments, and the one that buildx takes from the environment by itself. ConfigurationError
    `bad-epoch`."""
    given = settings.build_args.get(ambient.EPOCH)
    if given is not None:
        ambient.check_epoch(given, f"images.{settings.name}.build-args.{ambient.EPOCH}")
        return dict(settings.build_args)
    epoch = os.environ.get(ambient.EPOCH, "")
    ambient.check_epoch(epoch, ambient.EPOCH)
    return {**({ambient.EPOCH: epoch} if epoch else {}), **settings.build_args}


def _dockerfile_path(settings: ImageSettings) -> Path:
    path = settings.dockerfile
    if not path.exists() and path.name == "Dockerfile" and path.with_name("dockerfile").exists():
        return path.with_name("dockerfile")  # BuildKit looks for it too
    return path


def _read_dockerfile(settings: ImageSettings) -> tuple[Path, bytes]:
    path = _dockerfile_path(settings)
    try:
        if path.is_symlink():
            return path, _read_linked(path)
        return path, read_regular(path, DOCKERFILE_BYTES)
    except FileNotFoundError as error:
        from rajee_deploy.system.nearby import dockerfile_missing

        root = settings.lock.parent if settings.lock is not None else settings.context
        key = f"images.{settings.name}.dockerfile" if str(settings.repository) else ""
        raise dockerfile_missing(settings.dockerfile, settings.context, root, key) from error
    except OSError as error:
        raise DeployError(
            "unreadable",
            "the Dockerfile cannot be read",
            where=shown_path(path),
            cause=error.strerror or str(error),
            hint="it has to be a file that you may read",
        ) from error


def _read_linked(path: Path) -> bytes:
    """The Dockerfile behind a link, which BuildKit follows inside the Dockerfile's own directory alone."""
    text = contexts.read_inside(path.parent, path.name)
    if text is None and path.exists():
        read_regular(path, DOCKERFILE_BYTES)  # else it is no file, wherever it lies
        target = shown_path(path.resolve())
        raise DeployError(
            "dockerfile-link",
            "the Dockerfile is a link that leads out of its directory, where BuildKit does not go",
            where=str(path),
            cause=f"it leads to {target}",
            hint=f"name that file: --file {target}",
        )
    if text is None:
        raise FileNotFoundError
    return text


def _root(settings: ImageSettings, name: str) -> Path:
    """The directory of a build context. DeployError `context-missing`."""
    root = settings.context if not name else Path(settings.build_contexts[name])
    if not root.is_dir():
        raise DeployError(
            "context-missing",
            f"the build context {name!r} is not a directory",
            where=os.fspath(root),
            hint=f"check images.{settings.name}.build-contexts",
        )
    return root


def _project(settings: ImageSettings) -> Path | None:
    """Where the settings lie; None where a person named the build context."""
    return settings.lock.parent if settings.lock is not None else None


def _look_up(
    root: Path, recipe: Recipe, name: str, dockerfile: Path, how: tuple[Modes, Roots | None, Path | None]
) -> Selection:
    reads = [read for read in recipe.reads if read.context == name]
    try:
        return contexts.look_up(root, reads, contexts.find_rules(root, dockerfile, main=not name), *how)
    except DeployError as error:
        if error.code == "source-not-found" and not error.cause:
            _name_sparse_checkout(error, root)
        raise


def _name_sparse_checkout(error: DeployError, root: Path) -> None:
    from rajee_deploy.git.place import is_sparse

    if is_sparse(root):
        own = "this is a sparse checkout, which may leave it out: git sparse-checkout add brings a directory"
        error.hint = "; ".join(filter(None, (error.hint, own)))


@contextmanager
def _naming_triggers(recipe: Recipe, locked: Mapping[str, LockedImage]) -> Iterator[None]:
    """Say it where triggers that are not known yet may make the build read more, and with it what was not found."""
    try:
        yield
    except DeployError as error:
        from rajee_deploy.context.missing import NotSentError

        bases = [one.key for one in recipe.references if one.role == "from" and one.platform and one.key not in locked]
        if bases and isinstance(error, NotSentError):
            error.hint += (
                f"; if {bases[0]} reads the build context by ONBUILD, rajee-deploy lock makes that known first"
            )
        raise


def _in_file_order(recipe: Recipe, selections: Mapping[str, Selection]) -> tuple[Use, ...]:
    """The uses of all contexts in the order of the recipe's reads."""
    queues = {name: iter(selection.uses) for name, selection in selections.items()}
    return tuple(next(queues[read.context]) for read in recipe.reads)
