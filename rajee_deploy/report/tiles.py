"""The four figures that say the most: how a no-op and a code change stand against their metrics, how many runs built an
image, and the time saved. Pure; the page and the Markdown show them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.report.saved import long
from rajee_deploy.report.targets import TARGETS
from rajee_deploy.report.timings import duration

if TYPE_CHECKING:
    from rajee_deploy.report.metrics import Figures

NONE = "none"
_NAMES = {"noop": "No-op", "code": "Code change"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure in words; `verdict` is met, missed, or empty where no metric is set or no run was made."""

    name: str
    value: str
    note: str
    verdict: str


def tiles(found: Figures) -> list[Tile]:
    return [*(_of_metric(found, kind, target) for kind, target in TARGETS.items()), _rebuilds(found), _saved(found)]


def _of_metric(found: Figures, kind: str, target: float) -> Tile:
    name, goal = f"{_NAMES[kind]}, p95", f"goal: at most {long(target)}"
    one = next((one for one in found.kinds if one.kind == kind), None)
    if one is None:
        return Tile(name, NONE, f"no such run yet; {goal}", "")
    return Tile(name, duration(one.p95), f"{goal}; p50 {duration(one.p50)}", one.verdict)


def _rebuilds(found: Figures) -> Tile:
    rate = f"{found.builds / found.runs:.0%}" if found.runs else NONE
    return Tile("Runs that built an image", rate, f"{found.builds} of {found.runs}", "")


def _saved(found: Figures) -> Tile:
    value = str(found.saved) if found.runs else NONE
    return Tile("Time saved", value, f"against {found.saved.baseline} a run before", "")
