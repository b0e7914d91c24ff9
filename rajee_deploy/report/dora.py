"""The four DORA figures, as far as a history tells them. Pure.

What they count stands in docs/deploying.md, word for word; each environment of each project counts for itself. What
nobody can know from a history is left out and not guessed: a deployment whose end was not waited for is none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.revision import is_dirty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.report.history import PastRun

_WEEK = 7  # days
ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Dora:
    """`deployments` are runs that changed a stack, rollbacks left out; `failed` are those that were rolled back, and
    runs that failed while they changed one. `leads` and `restores` are in seconds, the shortest first."""

    deployments: int
    failed: int
    attempts: int
    days: int
    leads: tuple[float, ...]
    restores: tuple[float, ...]

    @property
    def per_week(self) -> float:
        """Over the days of the history; what is younger than a week counts as one."""
        return self.deployments * _WEEK / max(self.days, _WEEK)

    @property
    def failure_rate(self) -> float | None:
        return self.failed / self.attempts if self.attempts else None

    @property
    def lead(self) -> float | None:
        return _median(self.leads)

    @property
    def restore(self) -> float | None:
        return _median(self.restores)


def dora(runs: Sequence[PastRun], days: int) -> Dora:
    """The figures of runs, the oldest first, which a history of so many days has."""
    streams: dict[tuple[str, str], list[PastRun]] = {}
    for run in runs:
        streams.setdefault((run.project_id or run.project, run.environment), []).append(run)
    found = [_of_stream(stream) for stream in streams.values()]
    return Dora(
        sum(one.deployments for one in found),
        sum(one.failed for one in found),
        sum(one.attempts for one in found),
        days,
        tuple(sorted(lead for one in found for lead in one.leads)),
        tuple(sorted(time for one in found for time in one.restores)),
    )


def is_deployment(run: PastRun) -> bool:
    """Whether a run changed a stack to what was checked out."""
    return run.outcome == "done" and bool(run.deployed) and run.kind != ROLLBACK


def is_failed_deployment(run: PastRun) -> bool:
    """Whether a run failed while it changed a stack. One that failed before that changed nothing for anybody."""
    if run.outcome != "failed":
        return False
    began = {f"deploy {stack}" for stack in run.deployed}
    return any(phase.name in began for phase in run.phases)


def _of_stream(runs: Iterable[PastRun]) -> Dora:
    deployments = failed = attempts = 0
    restores: list[float] = []
    leads: dict[str, float] = {}  # by commit: its first deployment
    broken: float | None = None  # since when
    last: PastRun | None = None  # what changed a stack last
    for run in runs:
        if is_failed_deployment(run):
            failed, attempts = failed + 1, attempts + 1
            broken = _end(run) if broken is None else broken
            last = None
        elif run.outcome == "done":
            if run.kind == ROLLBACK and run.deployed:
                if last is not None and broken is None:
                    failed, broken = failed + 1, _end(last)
                last = None
            elif is_deployment(run):
                deployments, attempts, last = deployments + 1, attempts + 1, run
                if run.committed and run.revision not in leads and not is_dirty(run.revision):
                    leads[run.revision] = _end(run) - datetime.fromisoformat(run.committed).timestamp()
            if broken is not None:
                restores.append(max(0.0, _end(run) - broken))
                broken = None
    # A clock that is wrong, or a commit that was dated: nothing is deployed before it was made.
    return Dora(deployments, failed, attempts, 0, tuple(lead for lead in leads.values() if lead >= 0), tuple(restores))


def _end(run: PastRun) -> float:
    return datetime.fromisoformat(run.at).timestamp() + run.seconds


def _median(values: Sequence[float]) -> float | None:
    return values[(len(values) - 1) // 2] if values else None
