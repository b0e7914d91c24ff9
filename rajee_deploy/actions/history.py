"""The record of a run: what is kept of it.

It must never begin a run, nor decide how one ends: the verbs do (see `up`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rajee_deploy.console import without_secrets
from rajee_deploy.fingerprint import TAG_HEX, TAG_PREFIX
from rajee_deploy.model.names import NOT_RECORDED
from rajee_deploy.model.revision import is_dirty
from rajee_deploy.plan.steps import BuildAndPush, DeployStack
from rajee_deploy.report.history import History, PastRun, new_id, real_project
from rajee_deploy.telemetry import is_wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.steps import Step

_LONGEST_REASON = 300
_READ_HEX = 12


def record_of(
    run: CurrentRun, planned: Planned | None, at: datetime, outcome: str, error: str = "", cause: str = ""
) -> PastRun:
    """What is kept of a run of `up` that was planned so (None: not yet), and that ended so."""
    steps = planned.plan.steps if planned else ()
    deploys = any(isinstance(step, DeployStack) for step in steps)
    return PastRun(
        at=at.isoformat(timespec="seconds"),
        project=real_project(run.settings.root),
        environment=run.settings.environment,
        kind=planned.plan.kind if planned else "unplanned",
        outcome=outcome,
        seconds=round(run.timings.total, 3),
        built=tuple(step.image for step in steps if isinstance(step, BuildAndPush)),
        deployed=tuple(step.stack for step in steps if isinstance(step, DeployStack)),
        tags={image.name: image.tag for image in planned.wanted.images} if planned else {},
        phases=tuple(run.timings.phases),
        error=error,
        cause=without_secrets(cause),
        id=new_id(),
        # A run with nothing to do does not look for it: who reads the history has it from another line.
        project_id=run.ports.project_id() if steps or planned is None else "",
        revision=planned.revision if planned and planned.revision != NOT_RECORDED else "",
        committed=committed(run, planned.revision) if planned and deploys else "",
        reason=without_secrets(_reason(steps, run.new_because)),
        layers=dict(run.layers),
        agreed=planned.agreement.agreed if planned else (),
        disagreed=planned.agreement.disagreed if planned else (),
    )


def committed(run: CurrentRun, revision: str) -> str:
    """When the commit of a revision was made; "" where files differ from it, since what they hold has no time."""
    return "" if is_dirty(revision) else run.ports.committed(revision)


def _reason(steps: Sequence[Step], new_because: Mapping[str, str]) -> str:
    """Why anything was done: what made an image new, else why it was built, else why the first step was taken."""
    known = next((f"{image}: {why}" for image, why in new_because.items() if why), "")
    if known:
        return known[:_LONGEST_REASON]
    first = next((step for step in steps if isinstance(step, BuildAndPush)), next(iter(steps), None))
    words = (first.reason if first is not None else "").split()
    return " ".join(map(_short, words))[:_LONGEST_REASON]


def _short(word: str) -> str:
    """Of a whole tag of ours as much as people read."""
    is_tag = word.startswith(TAG_PREFIX) and len(word) == len(TAG_PREFIX) + TAG_HEX
    return word[: len(TAG_PREFIX) + _READ_HEX] if is_tag else word


def keep(run: CurrentRun, record: PastRun, verb: str = "up") -> None:
    """Append a run to the history, and tell the collector that the environment names; what cannot be is said, and no
    more."""
    history = History()
    try:
        history.append(record)
    except OSError as error:
        # A deploy does not fail for want of its diary.
        run.console.warn("", f"the history {history.path} cannot be written: {error.strerror}")
    if is_wanted(os.environ):
        from rajee_deploy.actions.send_trace import send_trace

        send_trace(run, record, verb)
