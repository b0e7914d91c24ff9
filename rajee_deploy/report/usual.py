"""Past runs → how long a run, or a phase of one, usually takes here: the median of those that were like it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.report.history import is_of_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.report.history import PastRun

LEAST = 3  # of fewer nobody knows what is usual
_LAST = 20  # what a run took a hundred runs ago says little


def usual_seconds(runs: Sequence[PastRun], project: Path, environment: str, kind: str) -> float | None:
    """The median of the last runs of a kind that are done, oldest first in `runs`; None where they are too few."""
    return _usual([run.seconds for run in _alike(runs, project, environment) if run.kind == kind])


def usual_phase(runs: Sequence[PastRun], project: Path, environment: str, phase: str) -> float | None:
    """The same of a phase by its name, whatever the kind of the run; its pieces in one run are one."""
    found = [
        sum(seconds)
        for run in _alike(runs, project, environment)
        if (seconds := [one.seconds for one in run.phases if one.name == phase])
    ]
    return _usual(found)


def _alike(runs: Sequence[PastRun], project: Path, environment: str) -> Iterator[PastRun]:
    return (
        run for run in runs if run.outcome == "done" and run.environment == environment and is_of_project(run, project)
    )


def _usual(seconds: Sequence[float]) -> float | None:
    last = sorted(seconds[-_LAST:])
    if len(last) < LEAST:
        return None
    middle = len(last) // 2
    return last[middle] if len(last) % 2 else (last[middle - 1] + last[middle]) / 2
