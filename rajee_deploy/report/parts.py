"""Where the time of code changes goes, in the parts that `up` names too: plan, synth, build, deploy, the rest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.report.run_times import seconds_by_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.report.history import PastRun

KIND = "code"
REST = "the rest"
_KINDS = {"plan": ("plan",), "synth": ("synth",), "build": ("build",), "deploy": ("deploy", "confirm")}
NAMES = (*_KINDS, REST)


@dataclass(frozen=True, slots=True)
class Part:
    """The mean seconds of one part."""

    name: str
    seconds: float


def parts(done: Iterable[PastRun]) -> tuple[Part, ...]:
    """Of all code changes among the runs; none where there is none. What goes on at a time counts once."""
    runs = [run for run in done if run.kind == KIND]
    if not runs:
        return ()
    sums = dict.fromkeys(NAMES, 0.0)
    for run in runs:
        of_run = seconds_by_kind(run.phases)
        found = {name: sum(of_run.get(kind, 0.0) for kind in kinds) for name, kinds in _KINDS.items()}
        for name, seconds in (*found.items(), (REST, max(0.0, run.seconds - sum(found.values())))):
            sums[name] += seconds
    return tuple(Part(name, seconds / len(runs)) for name, seconds in sums.items())
