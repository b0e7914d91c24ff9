"""Checks of what the hashes say, made by `verify` and kept in the history beside the runs: what "no wrong skips" stands
on. Pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = "rajee-deploy.check/1"
_FIRST_YEAR, _END_OF_YEARS = 1970, 9999  # what lies at an edge of the calendar is beyond it in some other zone


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


@dataclass(frozen=True, slots=True)
class Skips:
    """What is known of skips: how many checks of them there were, by `verify` (an image each) and by a synth (a stack
    each), and how many found that to skip was wrong."""

    by_verify: int = 0
    by_synth: int = 0
    wrong: int = 0

    @property
    def checks(self) -> int:
        return self.by_verify + self.by_synth


def skips(checks: Iterable[Check], synths: Iterable[tuple[int, int]]) -> Skips:
    """From `verify`, and from runs in which a synth was made: (agreed, disagreed) of each."""
    verified = [(check.agreed, check.disagreed) for check in checks]
    made = list(synths)
    wrong = sum(disagreed for _, disagreed in (*verified, *made))
    return Skips(sum(map(sum, verified)), sum(map(sum, made)), wrong)


def check_of(document: Any) -> Check | None:
    """The check of a line's value; None for whatever is not wholly one. Keys that a newer release added are passed
    over."""
    try:
        texts = [document[key] for key in ("at", "id", "project", "project_id", "environment")]
        counts = [document[key] for key in ("agreed", "disagreed")]
    except (TypeError, KeyError):
        return None
    if not all(isinstance(text, str) for text in texts) or not is_moment(texts[0]) or not is_path(texts[2]):
        return None
    return Check(*texts, *counts) if all(map(_is_count, counts)) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def is_moment(value: object) -> bool:
    """Whether this is a time of ISO 8601 with its zone, and in years that are some in every zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return found is not None and found.tzinfo is not None and _FIRST_YEAR <= found.year < _END_OF_YEARS


def is_path(text: str) -> bool:
    """Whether a text can be a file's path: whoever asks the system about another one gets an error."""
    return "\0" not in text
