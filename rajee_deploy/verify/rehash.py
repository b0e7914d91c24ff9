"""The fingerprint twice: as every other verb takes it, and once more from every byte. They must be the same.

Owns that comparison. Must never meet an engine.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.image import ImageInputs
    from rajee_deploy.model import Use

MISMATCH = "verify-mismatch"


def rehash(usual: Callable[[], ImageInputs], fresh: Callable[[], ImageInputs]) -> ImageInputs:
    """The fresh inputs of an image. DeployError `verify-mismatch` when the usual ones (which may come from a cache)
    say anything else; it names the line and the first path that differs."""
    believed, found = usual(), fresh()
    if believed.fingerprint.digest == found.fingerprint.digest and believed.uses == found.uses:
        return found
    use = _first_difference(believed.uses, found.uses)
    raise DeployError(
        MISMATCH,
        _problem(believed, found, use),
        where=str(use.read.location) if use is not None else "",
        cause=f"tag {believed.fingerprint.tag} from the cache, {found.fingerprint.tag} from the files",
        hint="run with --no-cache and report this: a cache must never be believed wrongly",
    )


def _first_difference(believed: tuple[Use, ...], found: tuple[Use, ...]) -> Use | None:
    pairs = zip_longest(believed, found)
    return next((left or right for left, right in pairs if left != right), None)


def _problem(believed: ImageInputs, found: ImageInputs, use: Use | None) -> str:
    if use is None:
        names = (item.name for item, other in zip(believed.fingerprint.inputs, found.fingerprint.inputs, strict=False)
                 if item != other)  # fmt: skip
        return f"re-hashing gives another fingerprint: {next(names, 'another list of inputs')} differs"
    path = _first_path(believed, found, use.read.context)
    name = f": {path} differs" if path else ""
    return f"re-hashing gives another digest for {use.read.instruction.value} {use.read.source}{name}"


def _first_path(believed: ImageInputs, found: ImageInputs, context: str) -> str:
    sides = [
        {entry.entry.path: entry.record for entry in inputs.selections[context].entries} for inputs in (believed, found)
    ]
    return next((path for path in sorted({*sides[0], *sides[1]}) if sides[0].get(path) != sides[1].get(path)), "")
