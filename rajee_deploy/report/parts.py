"""Where the time of a code change goes, in a few parts that every run has: synth, build, deploy, and the rest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.report.history import PastRun

KIND = "code"
REST = "the rest"
# By how the names of phases begin.
_BEGIN = (("synth", "synth"), ("build", "build and push "), ("deploy", "deploy "))
NAMES = (*(name for name, _ in _BEGIN), REST)


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
        found = {name: _covered(run, begin) for name, begin in _BEGIN}
        for name, seconds in (*found.items(), (REST, max(0.0, run.seconds - sum(found.values())))):
            sums[name] += seconds
    return tuple(Part(name, seconds / len(runs)) for name, seconds in sums.items())


def _covered(run: PastRun, begin: str) -> float:
    """The time in which at least one of the phases went on."""
    spans = sorted((one.start, one.start + one.seconds) for one in run.phases if one.name.startswith(begin))
    return _union(spans)


def _union(spans: Sequence[tuple[float, float]]) -> float:
    covered, end = 0.0, float("-inf")
    for start, stop in spans:
        if stop > end:
            covered += stop - max(start, end)
            end = stop
    return covered
