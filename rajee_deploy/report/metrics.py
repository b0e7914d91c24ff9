"""Runs → figures against the success metrics. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.report.history import Run

# Seconds, by kind of run: a no-op within 30 s (our own aim: 1 s), a code change within 3 minutes.
TARGETS = {"noop": 30.0, "code": 180.0}


@dataclass(frozen=True, slots=True)
class KindFigures:
    """Durations of one kind of run, in seconds. `target` is None where no metric is set for the kind."""

    kind: str
    count: int
    p50: float
    p95: float
    longest: float
    target: float | None

    @property
    def verdict(self) -> str:
        """Whether the 95th percentile meets the target; empty without one."""
        if self.target is None:
            return ""
        return "met" if self.p95 <= self.target else "missed"


@dataclass(frozen=True, slots=True)
class Figures:
    """All kinds, and the share of finished runs that built an image."""

    kinds: tuple[KindFigures, ...]
    runs: int
    builds: int
    failed: int


def figures(runs: Sequence[Run]) -> Figures:
    """Sum up the runs; those that failed or were interrupted count only as such, and
    those that did not wait for CloudFormation's end not at all: they say nothing of how long a deployment takes."""
    runs = [run for run in runs if run.outcome != "accepted"]
    done = [run for run in runs if run.outcome == "done"]
    by_kind: dict[str, list[float]] = {}
    for run in done:
        by_kind.setdefault(run.kind, []).append(run.seconds)
    kinds = tuple(_of_kind(kind, seconds) for kind, seconds in sorted(by_kind.items()))
    return Figures(kinds, len(done), sum(bool(run.built) for run in done), len(runs) - len(done))


def _of_kind(kind: str, seconds: list[float]) -> KindFigures:
    return KindFigures(
        kind, len(seconds), percentile(seconds, 50), percentile(seconds, 95), max(seconds), TARGETS.get(kind)
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile: always one of the values. ValueError for none."""
    if not values:
        raise ValueError("no values")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]
