"""Labels that tell where an image comes from. They are no inputs: what is in the image does not hang on them.

Must never fail a run by itself: where there is no git or no checkout, there is no source to tell.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.git.revisions import find_revision
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rajee_deploy.git.revisions import Revision

# https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
_LABELS = "org.opencontainers.image."
DIRTY_LABEL = "io.rajee-deploy.dirty"


def source_labels(directory: Path, told: Callable[[DeployError], None] = lambda _error: None) -> dict[str, str]:
    """The labels of an image that is built from the checkout a directory lies in.

    `created` is SOURCE_DATE_EPOCH, else the commit's time, else (where files differ from it) now: an image that
    expired and is built again from the cache of the same engine then has the digest that it had, which is what tasks
    that run by a digest ask for. `told` hears why git says nothing of a checkout that is there.
    """
    try:
        return labels_of(find_revision(directory))
    except DeployError as error:
        told(error)
        return labels_of(None)


def labels_of(found: Revision | None) -> dict[str, str]:
    """The same of a revision that is known; None outside of git."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    told = whole(epoch)
    seconds = told if told is not None else found.committed if found and not found.is_dirty else None
    at = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    named = {_LABELS + "created": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if found is None:
        return named
    named[_LABELS + "revision"] = found.id
    if found.source:
        named[_LABELS + "source"] = found.source
    return {**named, **({DIRTY_LABEL: "true"} if found.is_dirty else {})}
