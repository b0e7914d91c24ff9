"""Random builds whose hash is right, verified: what `verify` says of the contents of each."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING

from conformance.base_images import base_images
from conformance.drafts import make_draft
from conformance.laid_out import add_ours, write_draft
from conformance.same_contents import base_config, inputs_of, tell

from rajee_deploy.actions.verify.contents import compare
from rajee_deploy.engine.probe import BuildxProbe
from rajee_deploy.errors import DeployError
from rajee_deploy.image.triggers import base_images as bases_of
from rajee_deploy.image.triggers import not_counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.base_images import BaseImages


def verdicts(seeds: Iterable[int], place: Path) -> tuple[Counter[str], list[str]]:
    """How often each verdict was met (`cached`, `contents`, why nothing was compared, or `refused`, where `up` builds
    nothing), and the drafts that were found to differ."""
    counts: Counter[str] = Counter()
    alarms: list[str] = []
    with base_images() as bases:
        for seed in seeds:
            try:
                counts[_verdict(seed, place / str(seed), bases)] += 1
            except AssertionError as error:
                alarms.append(str(error))
    return counts, alarms


def _verdict(seed: int, root: Path, bases: BaseImages) -> str:
    draft = make_draft(seed, f"/{uuid.uuid4().hex[:8]}", bases.all)
    bases.make(draft.dockerfile)
    write_draft(draft, root)
    add_ours(draft, root)
    try:
        inputs = inputs_of(draft, root)
        configs = {base: base_config(*base) for base in bases_of(inputs)}
        if not_counted(inputs, configs):
            return "refused"
    except DeployError:
        return "refused"
    try:
        (one,) = compare(inputs, BuildxProbe())
    except DeployError as error:
        raise AssertionError(tell(draft, str(error), error.cause)) from error
    return one.how or one.reason.partition(":")[0]
