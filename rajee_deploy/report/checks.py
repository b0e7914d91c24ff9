"""Checks of what the hashes say, made by `verify` and kept in the history beside the runs: what "no wrong skips" stands
on. Pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rajee_deploy.dataclass import dataclass

SCHEMA = "rajee-deploy.check/1"


@dataclass(frozen=True, slots=True)
class Check:
    """One `verify`: of how many images a real BuildKit agreed with the hash, and of how many it did not. `at`, `id`,
    `project` and `project_id` as of a run."""

    at: str
    id: str
    project: str
    project_id: str
    environment: str
    agreed: int
    disagreed: int


def check_of(document: Any) -> Check | None:
    """The check of a line's value; None for whatever is not wholly one. Keys that a newer release added are passed
    over."""
    try:
        texts = [document[key] for key in ("at", "id", "project", "project_id", "environment")]
        counts = [document[key] for key in ("agreed", "disagreed")]
    except (TypeError, KeyError):
        return None
    if not all(isinstance(text, str) for text in texts) or not is_moment(texts[0]):
        return None
    return Check(*texts, *counts) if all(map(_is_count, counts)) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def is_moment(value: object) -> bool:
    """Whether this is a time of ISO 8601 with its zone."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
