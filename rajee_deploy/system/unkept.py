"""What could not be kept: a cache or a note whose loss costs time and nothing else.

A full disk, a quota, a directory that is read-only, belongs to somebody else or is a file: the run goes on, and says so
in one line. Nothing that decides may be kept this way. It knows no places.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy import warned

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def optional(place: str | os.PathLike[str]) -> Iterator[None]:
    """Keep something there, or do without."""
    try:
        yield
    except OSError as error:
        text = (
            f"nothing could be kept in {os.fspath(place)} ({error.strerror or error}): the next run takes longer; "
            "RAJEE_DEPLOY_CACHE_DIR and RAJEE_DEPLOY_STATE_DIR name other places"
        )
        warned.put_down(warned.Warned(subject="", code="not-kept", message=text))
