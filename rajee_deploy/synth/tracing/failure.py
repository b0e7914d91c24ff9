"""That the last synth of an app failed here, and when: the next run says so, and blames nothing else.

Nothing of what the app said is kept: it may hold what nobody may read. A courtesy: it decides nothing, and may be lost.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import read_json
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from pathlib import Path

NAME = "failed-synth.json"
_SCHEMA = "rajee-deploy.failed-synth/1"


def note_failure(place: Path) -> None:
    """Note that a synth failed now. Never fails."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with optional(place):
        make_place(place, NAME)
        write_atomically(place / NAME, json.dumps({"schema": _SCHEMA, "at": at}).encode(), private=True)


def forget_failure(place: Path) -> None:
    """A synth succeeded. Never fails."""
    with suppress(OSError):
        (place / NAME).unlink()


def last_failure(place: Path) -> str:
    """When the last synth failed, ISO 8601 in UTC; "" where it did not, or where that is not known."""
    try:
        document = read_json(place / NAME)
        is_ours = isinstance(document, dict) and document.get("schema") == _SCHEMA
        return datetime.fromisoformat(str(document["at"])).isoformat(timespec="seconds") if is_ours else ""
    except (OSError, ValueError, KeyError):
        return ""
