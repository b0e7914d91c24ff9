"""Where the time of one run went, in the few rows that people read: plan, synth, build, deploy, rollout. Pure.

A run's phases have the names of what was done with what (`build and push envoy`), nest and overlap: a row is the time
during which any phase of its kind went on, so builds side by side count once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.durations import in_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Spans = Sequence[tuple[str, float, float]]  # name, when it began (seconds since the epoch), how long it took

    from rajee_deploy.report.timings import Phase

_WORTH = 1.0  # seconds
_PART = 0.05  # of the whole, which is worth a row however short the run was
_KINDS = (
    ("plan", ("start", "ask AWS", "hash inputs", "hash by another list", "look for the image")),
    ("synth", ("synth",)),
    ("wait", ("wait for ",)),
    ("build", ("find the engine", "build and push ", "look at base images", "record what ", "check out ")),
    ("deploy", ("deploy ", "tag ", "repair ")),
    ("confirm", ("look at what ",)),
)
_SPAN_WORDS = {"start tasks": "start", "health checks": "health", "draining": "drain", "settling": "settle"}


@dataclass(frozen=True, slots=True)
class TimeRow:
    """A row: what, for how long, and what that is made of."""

    name: str
    seconds: float
    text: str = ""


def time_rows(phases: Iterable[Phase], rollouts: Mapping[str, Spans], total: float) -> list[TimeRow]:
    """The rows, in the order in which things happen; `rollouts` are the spans of each service's rollout."""
    spans = seconds_by_kind(phases)
    rollout = _union([(start, start + took) for each in rollouts.values() for _, start, took in each])
    deploy, confirm = spans.pop("deploy", 0.0), spans.pop("confirm", 0.0)
    inside = min(rollout, deploy)  # CloudFormation waits for it
    rows = [TimeRow(name, spans[name]) for name, _ in _KINDS if name in spans]
    if deploy:
        rows.append(TimeRow("deploy", deploy - inside, "CloudFormation" if inside else ""))
    if inside + confirm:
        rows.append(TimeRow("rollout" if inside else "confirm", inside + confirm, _words(rollouts)))
    least = min(_WORTH, total * _PART)
    return [row for row in rows if row.seconds >= least]


def seconds_by_kind(phases: Iterable[Phase]) -> dict[str, float]:
    """The time of each kind of phase that there is: plan, synth, wait, build, deploy, and confirm."""
    return {name: _union(found) for name, found in _by_kind(phases).items()}


def _words(rollouts: Mapping[str, Spans]) -> str:
    """What a single service's rollout is made of; of several the longest stands for all."""
    longest: Spans = max(rollouts.values(), key=lambda spans: sum(took for _, _, took in spans), default=())
    return ", ".join(f"{_SPAN_WORDS.get(name, name)} {in_seconds(took)}" for name, _, took in longest if took >= _WORTH)


def _by_kind(phases: Iterable[Phase]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for phase in phases:
        name = phase.name.rpartition(": ")[2]  # of one of several builds
        kind = next((kind for kind, starts in _KINDS if name.startswith(starts)), None)
        if kind is not None:
            found.setdefault(kind, []).append((phase.start, phase.start + phase.seconds))
    return found


def _union(intervals: Sequence[tuple[float, float]]) -> float:
    """The time that at least one of them covers."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(intervals):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total
