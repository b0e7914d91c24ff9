"""Time saved: what finished runs took, against what a run took before. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOUR = 3600
_SPAN = re.compile(r"(?:([0-9]{1,4})h)? ?(?:([0-9]{1,4})m)? ?(?:([0-9]{1,6})s?)?")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a run took before, in seconds: at least and at most."""

    low: float
    high: float

    def __str__(self) -> str:
        return long(self.low) if self.low == self.high else f"{long(self.low)} to {long(self.high)}"


# Every deployment took this long before: image built, pushed and deployed whether or not anything had changed.
PROPOSAL = Baseline(180.0, 300.0)


@dataclass(frozen=True, slots=True)
class Saved:
    """Seconds saved over all finished runs by each end of the baseline; below zero where they took longer."""

    baseline: Baseline
    low: float
    high: float

    def __str__(self) -> str:
        return long(self.low) if self.low == self.high else f"{long(self.low)} to {long(self.high)}"


def saved(seconds: Sequence[float], baseline: Baseline) -> Saved:
    """Each run counts, and one that took longer than the baseline counts against it."""
    total, runs = sum(seconds), len(seconds)
    return Saved(baseline, runs * baseline.low - total, runs * baseline.high - total)


def long(seconds: float) -> str:
    """A sum of durations, without what is nothing: `9h 40m`, `2m 05s`, `4m`, `12s`."""
    sign, size = ("-" if round(seconds) < 0 else ""), abs(round(seconds))
    if size >= _HOUR:
        hours, minutes = divmod(round(size / 60), 60)
        return f"{sign}{hours}h {minutes:02d}m"
    minutes, rest = divmod(size, 60)
    if not minutes:
        return f"{sign}{rest}s"
    return f"{sign}{minutes}m {rest:02d}s" if rest else f"{sign}{minutes}m"


def parse_baseline(words: str) -> Baseline:
    """A baseline as one writes it: `4m`, `3m30s`, `240`, or two with a hyphen. ConfigurationError `bad-flag`."""
    ends = [_seconds(end.strip()) for end in words.split("-")]
    if len(ends) > 2 or not all(ends):  # noqa: PLR2004 -- the least and the most
        raise ConfigurationError(
            "bad-flag",
            f"--baseline {words} is no duration",
            cause="it is what a deployment took before",
            hint="write it like --baseline 4m, or --baseline 3m-5m",
        )
    return Baseline(min(ends), max(ends))


def _seconds(words: str) -> float:
    """Zero for what is no duration, and none is of use."""
    found = _SPAN.fullmatch(words)
    hours, minutes, seconds = (whole(part or "0") or 0 for part in found.groups()) if found else (0, 0, 0)
    return float(hours * _HOUR + minutes * 60 + seconds)
