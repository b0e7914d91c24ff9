"""Runs → figures against the success metrics. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.report.history import PastRun

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
    """All kinds, and how runs ended: `runs` are those that finished, of which `builds` built an image; `failed` did not
    finish, `refused` were never begun, `accepted` were not waited for."""

    kinds: tuple[KindFigures, ...]
    runs: int
    builds: int
    failed: int
    refused: int = 0
    accepted: int = 0


def figures(runs: Sequence[PastRun]) -> Figures:
    """Sum up the runs. Only those that are done say how long a deployment takes; the others count as what they are."""
    accepted, refused = (sum(run.outcome == outcome for run in runs) for outcome in ("accepted", "refused"))
    done = [run for run in runs if run.outcome == "done"]
    by_kind: dict[str, list[float]] = {}
    for run in done:
        by_kind.setdefault(run.kind, []).append(run.seconds)
    kinds = tuple(_of_kind(kind, seconds) for kind, seconds in sorted(by_kind.items()))
    return Figures(
        kinds,
        len(done),
        sum(bool(run.built) for run in done),
        len(runs) - len(done) - accepted - refused,
        refused,
        accepted,
    )


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


def summary(found: Figures) -> str:
    """How runs ended, in one line."""
    if not found.runs + found.failed + found.refused + found.accepted:
        return "No run was recorded yet; rajee-deploy up makes the first."
    rate = f", of which {found.builds} built an image ({found.builds / found.runs:.0%})" if found.runs else " finished"
    more = [
        f"{count} {'was' if count == 1 else 'were'} {what}"
        for count, what in (
            (found.refused, "refused for settings or flags"),
            (found.accepted, "accepted and not waited for (--no-wait)"),
        )
        if count
    ]
    runs = f"{found.runs} {'run' if found.runs == 1 else 'runs'}{rate}"
    return "; ".join([runs, f"{found.failed} did not finish", *more])
