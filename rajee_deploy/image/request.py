"""What an engine is handed for one image: its build contexts staged, and the request that names them."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy.engine import ambient
from rajee_deploy.model.names import FINGERPRINT_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.model import Recipe
    from rajee_deploy.settings import ImageSettings
from rajee_deploy.image.inputs import ImageInputs, _build_args, _dockerfile_path, shown_path


@contextmanager
def build_request(
    inputs: ImageInputs, uri: str, source_labels: Mapping[str, str] | None = None
) -> Iterator[BuildRequest]:
    """The image's build contexts, staged for as long as the build takes, and the request that names them.

    `source_labels` tell where the image comes from; they decide nothing, and configured labels go before them.
    """
    from rajee_deploy.context.lineage import lineage
    from rajee_deploy.dockerfile.spoken import Spoken
    from rajee_deploy.engine import BuildRequest

    path, text = shown_path(_dockerfile_path(inputs.settings)), built_text(inputs)
    with lineage(inputs.selections[""].cache, _owner(inputs.settings)) as line, ExitStack() as stack:
        known_as = line.name({name: selection.records for name, selection in inputs.selections.items()})
        staged = {
            name: stack.enter_context(contexts.stage_context(selection, text, name=known_as))
            for name, selection in inputs.selections.items()
        }
        line.lend()
        local = {name: str(place.directory) for name, place in staged.items() if name}
        yield BuildRequest(
            context=staged[""].directory,
            dockerfile=staged[""].dockerfile,
            platforms=inputs.settings.platforms,
            reference=f"{uri}:{inputs.fingerprint.tag}",
            target=inputs.options.target,
            build_args={**_build_args(inputs.settings), **_frontend(inputs.recipe)},
            proxies=ambient.proxies(inputs.settings.build.builder, _build_args(inputs.settings)),
            build_contexts={**inputs.options.build_contexts, **_pins(inputs.recipe), **local},
            labels={
                **(source_labels or {}),
                **inputs.settings.labels,
                FINGERPRINT_LABEL: str(inputs.fingerprint.digest),
            },
            settings=inputs.settings.build,
            shown_dockerfile=path,
            name=inputs.settings.name,
            on_loaded=line.keep,
            dialect=Spoken(text, (each.options for each in inputs.variants), path),
        )


def built_text(inputs: ImageInputs) -> bytes:
    """The Dockerfile that is built: the user's, with what the lock says of remote sources."""
    return dockerfiles.pinned_text(inputs.dockerfile, inputs.recipe.references)


def _owner(settings: ImageSettings) -> str:
    """Whose build contexts follow one another on an engine: those of one image, as one checkout builds it for one
    place. Others would only send back and forth what differs."""
    paths = [settings.dockerfile, settings.context, *map(Path, settings.build_contexts.values())]
    places = [os.path.realpath(path) for path in paths]
    return json.dumps([settings.name, settings.target, str(settings.repository), places])


def _pins(recipe: Recipe) -> dict[str, str]:
    """A named context for each image that is locked, which is how engines take another image than the Dockerfile
    names. One that the user gave stays what it is, by its digest."""
    pins: dict[str, str] = {}
    for one in recipe.references:
        if one.locked is not None and one.role not in {"syntax", "add"}:
            pinned = f"docker-image://{replace(dockerfiles.image_of(one.text), digest=str(one.locked))}"
            # BuildKit looks for the familiar name, buildah for the one that is written.
            names = (one.context,) if one.context else (one.key, one.text.partition("@")[0])
            pins |= dict.fromkeys(names, pinned)
    return pins


def _frontend(recipe: Recipe) -> dict[str, str]:
    """The build argument that goes before a `# syntax` line, where that is locked."""
    return {"BUILDKIT_SYNTAX": recipe.frontend} if recipe.frontend else {}
