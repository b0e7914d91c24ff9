"""One image's inputs: opens its Dockerfile and ignore files and hands their text to the rooms that understand them.

Reads files; never the network, never an engine.
"""

from __future__ import annotations

import json
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
    from collections.abc import Iterable, Iterator, Mapping

    from rajee_deploy.context import Modes, Selection
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Recipe, Use
    from rajee_deploy.settings import ImageSettings

_PROXIES = {
    "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "ftpProxy": "FTP_PROXY", "noProxy": "NO_PROXY",
    "allProxy": "ALL_PROXY",
}  # fmt: skip
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
    args = {**_proxies(), **_build_args(settings)}
    options = BuildOptions(settings.platform, settings.target, args, settings.build_contexts, settings.labels)
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
def build_request(
    inputs: ImageInputs, uri: str, source_labels: Mapping[str, str] | None = None
) -> Iterator[BuildRequest]:
    """The image's build contexts, staged for as long as the build takes, and the request that names them.

    `source_labels` tell where the image comes from; they decide nothing, and configured labels go before them.
    """
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
            build_args=_build_args(inputs.settings),  # without the proxies: docker adds those by itself
            build_contexts={**inputs.options.build_contexts, **local},
            labels={
                **(source_labels or {}),
                **inputs.settings.labels,
                FINGERPRINT_LABEL: str(inputs.fingerprint.digest),
            },
            settings=inputs.settings.build,
            shown_dockerfile=shown(_dockerfile_path(inputs.settings)),
            name=inputs.settings.name,
        )


def shown(path: Path) -> str:
    """A path as the user would type it: relative to the working directory where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _proxies() -> dict[str, str]:
    """The build arguments that docker makes of the proxies in the user's configuration; they count where declared."""
    from rajee_deploy.engine.login import user_docker_config

    try:
        document = json.loads((user_docker_config() / "config.json").read_text("utf-8"))
        proxies = document.get("proxies", {}).get("default", {})
        named = {_PROXIES[key]: str(value) for key, value in proxies.items() if key in _PROXIES}
    except (OSError, ValueError, AttributeError):
        return {}  # docker itself says what is wrong with it when it builds
    return named | {name.lower(): value for name, value in named.items()}


def base_images(inputs: ImageInputs) -> tuple[str, ...]:
    """The images that reachable stages stand on, as a registry knows them (no git, layout or http sources)."""
    texts = (reference.text for reference in inputs.recipe.references if reference.role == "from")
    return tuple(dict.fromkeys(text for text in texts if "://" not in text and not text.startswith("git@")))


def reading_triggers(triggers: Iterable[str]) -> tuple[str, ...]:
    """Those ONBUILD instructions of a base image that would read the build context."""
    return tuple(
        text
        for text in triggers
        if ((text.split(maxsplit=1)[:1] or [""])[0].upper() in ("COPY", "ADD") and "--from=" not in text)
        or (text.upper().startswith("RUN") and "--mount" in text)
    )  # fmt: skip


def _build_args(settings: ImageSettings) -> dict[str, str]:
    """The settings' build arguments, and the one that buildx takes from the environment by itself."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return {**({"SOURCE_DATE_EPOCH": epoch} if epoch else {}), **settings.build_args}


def _dockerfile_path(settings: ImageSettings) -> Path:
    path = settings.dockerfile
    if not path.exists() and path.name == "Dockerfile" and path.with_name("dockerfile").exists():
        return path.with_name("dockerfile")  # BuildKit looks for it too
    return path


def _read_dockerfile(settings: ImageSettings) -> tuple[Path, bytes]:
    path = _dockerfile_path(settings)
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
