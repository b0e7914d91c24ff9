"""What base images add to a build by ONBUILD: which are to be looked at, and what of theirs is in no fingerprint. Pure.

A base's triggers are seen only before a build; those that read the build context must be known to the lock, which makes
them count, or the build is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.model import BUILD_PLATFORM, MACHINES, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.image import ImageInputs


def base_images(inputs: ImageInputs) -> tuple[tuple[str, Platform | None], ...]:
    """The images that reachable stages stand on, as a registry knows them (no git, layout or http sources), each with
    the platform that it is used for; None: that of the machine that builds."""
    return tuple(
        dict.fromkeys(
            (one.text, _platform(one.platform, variant.options.platform))
            for variant in inputs.variants
            for one in variant.recipe.references
            if one.role == "from" and "://" not in one.text and not one.text.startswith("git@")
        )
    )


def _platform(text: str, target: Platform) -> Platform | None:
    if text == BUILD_PLATFORM:
        return None
    return Platform.parse(text) if text else target


def unexpected_triggers(
    inputs: ImageInputs, base: str, platform: Platform | None, found: Iterable[str]
) -> tuple[str, ...]:
    """Those ONBUILD instructions of a base image, as an engine shows them, that would read the build context and that
    the lock knows nothing of: what they read is in no fingerprint."""
    return unexplained(_reading(found), locked_triggers(inputs, base, platform))


def locked_triggers(inputs: ImageInputs, base: str, platform: Platform | None) -> tuple[str, ...]:
    """The ONBUILD instructions that the lock knows of a base image for one platform (None: for whatever machine builds,
    and only where they are the same on all). Another platform's are no help: what this one's read is not read for
    them."""
    keys = {one.key for one in inputs.recipe.references if one.role == "from" and one.text == base}
    images = (inputs.options.locked[key] for key in keys if key in inputs.options.locked)
    platforms = MACHINES if platform is None else (str(platform),)
    found = ({image.configs[each].onbuild for each in platforms if each in image.configs} for image in images)
    return tuple(text for each in found if len(each) == 1 for text in next(iter(each)))


def unexplained(found: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Those of `found`, which an engine shows in its own words, that no instruction of `known` explains."""
    words = {_engine_words(text) for text in known}
    return tuple(text for text in found if not {_engine_words(text), text.split(maxsplit=1)[0].upper()} & words)


def _engine_words(text: str) -> str:
    """An instruction as BuildKit shows it. Where it expands a variable, only the instruction's name is the same."""
    name, *rest = text.partition("\n")[0].split() or [""]
    return name.upper() if any("$" in word for word in rest) else " ".join((name.upper(), *rest))


def _reading(triggers: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        text
        for text in triggers
        if ((text.split(maxsplit=1)[:1] or [""])[0].upper() in ("COPY", "ADD") and "--from=" not in text)
        or (text.upper().startswith("RUN") and "--mount" in text)
    )  # fmt: skip
