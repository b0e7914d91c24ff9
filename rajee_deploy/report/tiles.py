"""The figures that say the most. Pure; the page and the Markdown show them.

Four of durations: how a no-op and a code change stand against their metrics, how many runs built an image, and the time
saved. Then how deployments go (DORA), and how often it was looked whether a skip was right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.report.facts import a_week, skip_checks, span
from rajee_deploy.report.saved import long
from rajee_deploy.report.targets import TARGETS
from rajee_deploy.report.timings import duration

if TYPE_CHECKING:
    from rajee_deploy.report.metrics import Figures, KindFigures

NONE = "none"
# For whoever opens the page and does not know the tool.
WORDS = (
    "No-op: a run that found nothing to do. Code: one that deployed new images. p50: half of these runs took no "
    "longer; p95: 19 of 20. A wrong skip: something was left alone although it had changed."
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure in words; `verdict` is met, missed, or empty where no metric is set or no run was made."""

    name: str
    value: str
    note: str
    verdict: str


def tiles(found: Figures) -> list[Tile]:
    """Of durations."""
    return [_noop(found), _code(found), _rebuilds(found), _saved(found)]


def dora_tiles(found: Figures) -> list[Tile]:
    """Of deployments, and of what was checked; a history without a deployment has none of the first."""
    return [*(_dora(found) if found.dora.attempts else ()), _skips(found)]


def _noop(found: Figures) -> Tile:
    name, one, goal = "No-op, p50", _kind(found, "noop"), f"goal: p95 at most {long(TARGETS['noop'])}"
    if one is None:
        return Tile(name, NONE, f"no such run yet; {goal}", "")
    return Tile(name, duration(one.p50), f"{goal}, and it is {duration(one.p95)}", one.verdict)


def _code(found: Figures) -> Tile:
    name, one, goal = "Code change, p95", _kind(found, "code"), f"goal: at most {long(TARGETS['code'])}"
    if one is None:
        return Tile(name, NONE, f"no such run yet; {goal}", "")
    return Tile(name, duration(one.p95), f"{goal}; p50 {duration(one.p50)}", one.verdict)


def _kind(found: Figures, kind: str) -> KindFigures | None:
    return next((one for one in found.kinds if one.kind == kind), None)


def _rebuilds(found: Figures) -> Tile:
    rate = f"{found.builds / found.runs:.0%}" if found.runs else NONE
    needless = f"; {found.needless} of {found.compared} images had the same layers as before" if found.compared else ""
    return Tile("Runs that built an image", rate, f"{found.builds} of {found.runs}{needless}", "")


def _saved(found: Figures) -> Tile:
    value = str(found.saved) if found.runs else NONE
    return Tile("Time saved", value, f"against {found.saved.baseline} a run before", "")


def _dora(found: Figures) -> list[Tile]:
    dora = found.dora
    days = "1 day" if dora.days == 1 else f"{dora.days} days"
    rate = f"{dora.failure_rate:.0%}" if dora.failure_rate is not None else NONE
    return [
        Tile("Deployments a week", a_week(found), f"{dora.deployments} in {days}", ""),
        Tile("Lead time, p50", _span(dora.lead), f"from commit to done; of {len(dora.leads)} commits", ""),
        Tile("Changes that failed", rate, f"{dora.failed} of {dora.attempts}", ""),
        Tile("Time to restore, p50", _span(dora.restore), f"to the next run done; of {len(dora.restores)}", ""),
    ]


def _span(seconds: float | None) -> str:
    return NONE if seconds is None else span(seconds)


def _skips(found: Figures) -> Tile:
    name = "Wrong skips"
    if not found.skips.checks:
        return Tile(name, "?", "nobody has looked yet: rajee-deploy verify does", "")
    return Tile(name, str(found.skips.wrong), f"in {skip_checks(found)}", "missed" if found.skips.wrong else "")
