"""Runs → figures against the success metrics. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.report.checks import Check, Skips, skips
from rajee_deploy.report.dora import Dora, dora
from rajee_deploy.report.parts import Part, parts
from rajee_deploy.report.saved import PROPOSAL, Baseline, Saved, saved
from rajee_deploy.report.targets import TARGETS
from rajee_deploy.report.trend import Unit, by_period, day_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rajee_deploy.report.history import PastRun

_MOST_RECENT = 400
NOTHING_YET = "No run was recorded yet; rajee-deploy up makes the first."
_MOST_LAST = 20
_MOST_FAILURES = 10
_NO_FAILURES = frozenset({"done", "accepted", "refused"})


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
class PhaseFigures:
    """One phase over all finished runs that had it, in seconds; `count` are these runs."""

    name: str
    count: int
    p50: float
    p95: float
    longest: float
    total: float


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """The runs of a day, a week or a month; `runs`, `builds`, `failed` as in Figures; `parts` of its code changes."""

    begins: date
    kinds: tuple[KindFigures, ...]
    runs: int
    builds: int
    failed: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All kinds, and how runs ended: `runs` are those that finished, of which `builds` built an image; `failed` did not
    finish, `refused` were never begun, `accepted` were not waited for. `since` and `until` are the days of the first
    and the last of them all; `recent` are the last runs, oldest first; `failures` the last that did not finish, newest
    first. Of `compared` images that were built `needless` had the layers of what ran before."""

    kinds: tuple[KindFigures, ...]
    runs: int
    builds: int
    failed: int
    refused: int
    accepted: int
    since: date | None
    until: date | None
    environments: tuple[str, ...]
    phases: tuple[PhaseFigures, ...]
    saved: Saved
    unit: Unit
    periods: tuple[PeriodFigures, ...]
    recent: tuple[PastRun, ...]
    failures: tuple[PastRun, ...]
    compared: int
    needless: int
    skips: Skips
    dora: Dora

    @property
    def last(self) -> tuple[PastRun, ...]:
        """The runs that are worth a line each, newest first."""
        return self.recent[: -_MOST_LAST - 1 : -1]


def figures(runs: Sequence[PastRun], baseline: Baseline = PROPOSAL, checks: Sequence[Check] = ()) -> Figures:
    """Sum up the runs, the oldest first. Only those that are done say how long a deployment takes; the others count as
    what they are."""
    accepted, refused = (sum(run.outcome == outcome for run in runs) for outcome in ("accepted", "refused"))
    done = _done(runs)
    unit, periods = by_period(runs)
    since, until = min(map(day_of, runs), default=None), max(map(day_of, runs), default=None)
    unfinished = [run for run in runs if run.outcome not in _NO_FAILURES]
    layers = [found for run in runs for found in run.layers.values()]
    return Figures(
        kinds=_kinds(done),
        runs=len(done),
        builds=_builds(done),
        failed=len(unfinished),
        refused=refused,
        accepted=accepted,
        since=since,
        until=until,
        environments=tuple(sorted({run.environment for run in runs if run.environment})),
        phases=_phases(done),
        saved=saved([run.seconds for run in done], baseline),
        unit=unit,
        periods=tuple(_period(begins, those) for begins, those in periods),
        recent=tuple(runs[-_MOST_RECENT:]),
        failures=tuple(unfinished[: -_MOST_FAILURES - 1 : -1]),
        compared=len(layers),
        needless=layers.count("same"),
        skips=skips(checks, ((len(run.agreed), len(run.disagreed)) for run in runs)),
        dora=dora(runs, (until - since).days + 1 if since and until else 0),
    )


def _done(runs: Sequence[PastRun]) -> list[PastRun]:
    return [run for run in runs if run.outcome == "done"]


def _builds(done: Sequence[PastRun]) -> int:
    return sum(bool(run.built) for run in done)


def _period(begins: date, runs: Sequence[PastRun]) -> PeriodFigures:
    done = _done(runs)
    failed = sum(run.outcome not in _NO_FAILURES for run in runs)
    return PeriodFigures(begins, _kinds(done), len(done), _builds(done), failed, parts(done))


def _kinds(done: Sequence[PastRun]) -> tuple[KindFigures, ...]:
    by_kind: dict[str, list[float]] = {}
    for run in done:
        by_kind.setdefault(run.kind, []).append(run.seconds)
    return tuple(_of_kind(kind, seconds) for kind, seconds in sorted(by_kind.items()))


def _phases(done: Sequence[PastRun]) -> tuple[PhaseFigures, ...]:
    """All phases, the one that took the most in all first; what a run did more than once is one phase of it."""
    by_name: dict[str, list[float]] = {}
    for run in done:
        of_run: dict[str, float] = {}
        for phase in run.phases:
            of_run[phase.name] = of_run.get(phase.name, 0.0) + phase.seconds
        for name, seconds_of_run in of_run.items():
            by_name.setdefault(name, []).append(seconds_of_run)
    found = [
        PhaseFigures(name, len(seconds), percentile(seconds, 50), percentile(seconds, 95), max(seconds), sum(seconds))
        for name, seconds in by_name.items()
    ]
    return tuple(sorted(found, key=lambda phase: (-phase.total, phase.name)))


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
        return NOTHING_YET
    rate = f", of which {found.builds} built an image ({found.builds / found.runs:.0%})" if found.runs else ""
    more = [
        f"{count} {'was' if count == 1 else 'were'} {what}"
        for count, what in (
            (found.refused, "refused for settings or flags"),
            (found.accepted, "accepted and not waited for (--no-wait)"),
        )
        if count
    ]
    runs = f"{found.runs} {'run' if found.runs == 1 else 'runs'} finished{rate}"
    return "; ".join([runs, f"{found.failed} did not finish", *more])
