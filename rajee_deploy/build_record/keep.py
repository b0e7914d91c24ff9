"""Keep what a pushed image was made of, in every store. Never fails: what went wrong is told, and the run goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.fields import CREATED, DIRTY, IMAGE, REVISION
from rajee_deploy.build_record.groups import within_bound
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.build_record.store import MOST_BYTES, Record
from rajee_deploy.errors import DeployError
from rajee_deploy.git.revisions import find_revision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from rajee_deploy.build_record.store import ContentsStore
    from rajee_deploy.image.inputs import ImageInputs


def keep(stores: Sequence[ContentsStore], inputs: ImageInputs, at: datetime, checkout: Path | None = None) -> list[str]:
    """Keep the record of an image that was built at a time (of any zone). What went wrong, in a sentence each."""
    try:
        record = record_of(inputs, at, checkout)
    except DeployError as error:
        return [f"the record of what it was made of is too large to keep ({error.problem})"]
    if len(record.document) > MOST_BYTES:
        return [f"the record of what it was made of is too large to keep ({len(record.document)} bytes)"]
    problems = []
    for store in stores:
        try:
            store.put(inputs.settings.repository, inputs.fingerprint.tag, record)
        except DeployError as error:
            problems.append(f"what it was made of could not be recorded: {error}")
    return problems


def record_of(inputs: ImageInputs, at: datetime, checkout: Path | None = None) -> Record:
    """The record of an image, bounded. `checkout` is a directory of the checkout that it is of, where its build context
    lies elsewhere."""
    revision = None
    with suppress(DeployError):  # who builds the image's labels says why git says nothing
        revision = find_revision(checkout or inputs.settings.context)
    notes = {IMAGE: inputs.settings.name, CREATED: at.isoformat(timespec="seconds")}
    if revision is not None:
        notes |= {REVISION: revision.id, DIRTY: "true" if revision.is_dirty else "false"}
    return Record(encode(within_bound(contents_of(inputs))), notes)
