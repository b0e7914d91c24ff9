"""One run against the success metrics, in words: what the goal is, whether it was met, and what was saved. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.report.saved import PROPOSAL, long
from rajee_deploy.report.targets import TARGETS
from rajee_deploy.text.durations import duration

if TYPE_CHECKING:
    from rajee_deploy.report.history import PastRun

_MINUTE = 60
_WORTH_SAYING = 30.0  # seconds


def verdict(run: PastRun) -> str:
    """How a run stands to its goal; "" for a kind without one, and for a run that was not waited for."""
    target = TARGETS.get(run.kind)
    if target is None or run.outcome != "done":
        return ""
    late = run.seconds - target
    if late <= 0:
        return f"goal {long(target)}: met"
    return f"goal {long(target)}: missed by {f'{max(round(late), 1)} s' if late < _MINUTE else duration(late)}"


def is_met(run: PastRun) -> bool:
    """Whether nothing is amiss with how long it took."""
    return "missed" not in verdict(run)


def saving(run: PastRun) -> str:
    """What a run saved that built nothing; before, each one built and deployed. "" where that is not worth a word."""
    usual = (PROPOSAL.low + PROPOSAL.high) / 2
    saved = usual - run.seconds
    if run.outcome != "done" or run.built or run.kind == "rollback" or saved < _WORTH_SAYING:
        return ""
    about = long(max(round(saved / 30), 1) * 30)
    return f"saved about {about} against building and deploying each time"
