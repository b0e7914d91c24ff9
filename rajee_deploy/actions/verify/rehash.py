"""The fingerprint twice: as every other verb takes it, and once more from every byte. They must be the same.

Owns that comparison. Must never meet an engine.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import Use

MISMATCH = "verify-mismatch"
_Records = dict[str, dict[str, str]]


def rehash(usual: Callable[[], ImageInputs], fresh: Callable[[], ImageInputs]) -> ImageInputs:
    """The fresh inputs of an image. DeployError `verify-mismatch` when the usual ones (which may come from a cache)
    say anything else; it names the line and the first path that differs."""
    believed = usual()
    listed = _records(believed)  # now: when it is asked later, it notices itself that files are different
    found = fresh()
    if believed.fingerprint.digest == found.fingerprint.digest and believed.uses == found.uses:
        return found
    use = _first_difference(believed.uses, found.uses)
    raise DeployError(
        MISMATCH,
        _problem(believed, found, use, _first_path(listed, _records(found), use)),
        where=str(use.read.location) if use is not None else "",
        cause=f"tag {believed.fingerprint.tag} from the cache, {found.fingerprint.tag} from the files",
        hint="run with --no-cache and report this: a cache must never give a wrong answer",
    )


def _first_difference(believed: tuple[Use, ...], found: tuple[Use, ...]) -> Use | None:
    pairs = zip_longest(believed, found)
    return next((left or right for left, right in pairs if left != right), None)


def _problem(believed: ImageInputs, found: ImageInputs, use: Use | None, path: str) -> str:
    if use is None:
        names = (
            item.name
            for item, other in zip(believed.fingerprint.inputs, found.fingerprint.inputs, strict=False)
            if item != other
        )
        return f"re-hashing gives another fingerprint: {next(names, 'another list of inputs')} differs"
    name = f": {path} differs" if path else ""
    return f"re-hashing gives another digest for {use.read.instruction.value} {use.read.source}{name}"


def _first_path(believed: _Records, found: _Records, use: Use | None) -> str:
    if use is None or use.read.context not in believed.keys() & found.keys():
        return ""
    sides = believed[use.read.context], found[use.read.context]
    return next((path for path in sorted({*sides[0], *sides[1]}) if sides[0].get(path) != sides[1].get(path)), "")


def _records(inputs: ImageInputs) -> _Records:
    """By context, the digest of each entry; contexts whose entries cannot be told any more are left out."""
    listed = {}
    for name, selection in inputs.selections.items():
        with suppress(DeployError):
            listed[name] = {entry.entry.path: entry.record for entry in selection.records}
    return listed
