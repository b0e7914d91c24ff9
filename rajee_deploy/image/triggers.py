"""What a build would do if its base images are what they were found to be, against what its fingerprint counts. Pure.

The configuration of a base (ENV, ONBUILD) is not known before a build, but for the lock. Whatever it may decide counts,
except for what its ONBUILD reads and which build arguments that declares. So it is read where the build takes it, and
the Dockerfile is resolved once more with it: what shows up then and was not counted is reason to refuse the build.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy.dockerfile.selectors import EVERYTHING
from rajee_deploy.model import BUILD_PLATFORM, MACHINES, BaseConfig, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.image.inputs import ImageInputs, PlatformInputs
    from rajee_deploy.model import ContextRead, Reference

Base = tuple[str, "Platform | None"]  # an image, and the platform it is used for; None: of the machine that builds
_REMOTE = ("http://", "https://", "git://", "ssh://", "git@")  # sources without a configuration


def base_images(inputs: ImageInputs) -> tuple[Base, ...]:
    """The images that reachable stages stand on (no git or http sources), each with the platform it is used for."""
    return tuple(
        dict.fromkeys((one.text, _platform(one, variant)) for variant in inputs.variants for one in _bases_of(variant))
    )


def not_counted(inputs: ImageInputs, found: Mapping[Base, BaseConfig]) -> dict[Base, tuple[str, ...]]:
    """For each base image that makes the build depend on something that no fingerprint has: the ONBUILD instructions
    that do. `found` holds what all of `base_images` have. DeployError where the build would fail on their triggers."""
    whole = {base: config if config.is_whole else _complete(config, base, inputs) for base, config in found.items()}
    culprits = {base: tuple(_culprits(inputs, whole, base)) for base in whole}
    return {base: triggers for base, triggers in culprits.items() if triggers}


def _culprits(inputs: ImageInputs, found: Mapping[Base, BaseConfig], base: Base) -> Iterator[str]:
    """Those triggers of a base that add something to what is not counted, one after the other."""
    config = found[base]
    before: Counter[object] = Counter(_not_counted(inputs, {**found, base: config._replace(onbuild=())}))
    for end, trigger in enumerate(config.onbuild, 1):
        after = Counter(_not_counted(inputs, {**found, base: config._replace(onbuild=config.onbuild[:end])}))
        if after - before:
            yield trigger
        before = after


def _not_counted(inputs: ImageInputs, found: Mapping[Base, BaseConfig]) -> Iterator[object]:
    path = inputs.recipe.reads[0].location.path if inputs.recipe.reads else "Dockerfile"
    for variant in inputs.variants:
        options = replace(variant.options, seen=dict(_seen_configs(variant, found)))
        recipe = dockerfiles.resolve(inputs.dockerfile, options, path)
        yield from (read[:1] + read[3:6] for read in recipe.reads if not _is_counted(read, variant))
        counted = dict(variant.recipe.build_args)
        for name, value in recipe.build_args:
            if name in options.build_args and counted.get(name) != value:
                yield name, value


def _is_counted(read: ContextRead, variant: PlatformInputs) -> bool:
    return any(
        own.context == read.context and own.selector in (EVERYTHING, read.selector) for own in variant.recipe.reads
    )


def _seen_configs(
    variant: PlatformInputs, found: Mapping[Base, BaseConfig]
) -> Iterator[tuple[tuple[str, str], BaseConfig]]:
    for one in _bases_of(variant):
        config = found.get((one.text, _platform(one, variant)))
        if config is not None:
            yield (one.text, one.platform), config


def _complete(config: BaseConfig, base: Base, inputs: ImageInputs) -> BaseConfig:
    """What an engine does not show comes from the lock; without one, any build argument may be declared by an ARG."""
    for variant in inputs.variants:
        for one in _bases_of(variant):
            known = _locked_config(one, variant)
            if known is not None and base == (one.text, _platform(one, variant)):
                unseen = (text for text in known.onbuild if text.split(maxsplit=1)[0].upper() in ("ENV", "ARG"))
                return BaseConfig(known.env, (*unseen, *config.onbuild))
    return BaseConfig((), (*(f"ARG {name}" for name in sorted(inputs.options.build_args)), *config.onbuild))


def _bases_of(variant: PlatformInputs) -> Iterator[Reference]:
    return (one for one in variant.recipe.references if one.role == "from" and not one.text.startswith(_REMOTE))


def _locked_config(base: Reference, variant: PlatformInputs) -> BaseConfig | None:
    """What the lock has for a base; for that of the machine that builds, what it has for all of them alike."""
    image = variant.options.locked.get(base.key)
    platforms = MACHINES if base.platform == BUILD_PLATFORM else (base.platform,)
    found = {image.configs[each] for each in platforms if each in image.configs} if image is not None else set()
    return found.pop() if len(found) == 1 else None


def _platform(base: Reference, variant: PlatformInputs) -> Platform | None:
    if base.platform == BUILD_PLATFORM:
        return None
    return Platform.parse(base.platform) if base.platform else variant.options.platform
