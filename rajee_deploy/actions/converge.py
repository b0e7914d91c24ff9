"""One pipeline for every verb that changes the world: plan, carry out, and plan again when somebody else came in
between. What a verb wants is its `Wish`; it must never know which verb it is.
"""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Generic

from rajee_deploy.actions.at_step import at_step
from rajee_deploy.actions.execute import execute
from rajee_deploy.actions.planned import P
from rajee_deploy.actions.wait import wait_for_others
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.step_words import words_of
from rajee_deploy.plan.steps import BuildAndPush, WaitForStack
from rajee_deploy.system.temporary import sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun

_ATTEMPTS = 3  # at least, for whoever is overtaken: a question may have taken longer than any wait
# What somebody else can do between a plan and its deployment, and what is done about it.
_OVERTAKEN = {
    "stack-busy": "it is waited for until it ends, then everything is planned again",
    "stack-changed": "everything is planned again",
    "image-changed": "everything is planned again",
    "image-gone": "everything is planned again",
    "checkout-changed": "everything is planned again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Generic[P]):
    """What one verb wants, and nothing of how it is carried out.

    `plan` observes and decides, from the last plan where somebody came in between; `show` says what was decided;
    `complete` adds what a preview needs not have. `poll_seconds`: how often a stack is looked at that is waited for.
    """

    plan: Callable[[P | None], P]
    show: Callable[[P], None]
    complete: Callable[[P], P] = lambda planned: planned
    poll_seconds: float | None = None


def plan_when_idle(run: CurrentRun, wish: Wish[P], deadline: float, before: P | None = None) -> P:
    """Plan; while somebody else's operation runs, wait for its end and plan again from nothing."""
    swept = sweep()  # before anything is hashed: TMPDIR may lie in a build context
    while True:
        planned = wish.plan(before)
        wish.show(planned)
        if swept:  # the screen begins with the plan
            some = "a temporary directory" if len(swept) == 1 else f"{len(swept)} temporary directories"
            run.console.say(f"  removed {some} of runs that were killed", "dim")
            swept = ()
        _tell_plan(planned)
        waits = [step for step in planned.plan.steps if isinstance(step, WaitForStack)]
        if not waits:
            return planned
        for step in waits:
            with at_step(run, step), run.timings.phase(f"wait for {step.stack}"):
                wait_for_others(planned.run.ports.reader, step.stack, deadline, wish.poll_seconds)
        before = planned


def _tell_plan(planned: Planned) -> None:
    if planned.run.events.is_asked_for:
        from rajee_deploy.actions.json_documents import of_plan

        planned.run.events.tell("plan", plan=of_plan(planned, planned.run.timings.total))


def converge(run: CurrentRun, wish: Wish[P], wait_seconds: float, note: Callable[[P], None]) -> P:
    """Plan and do it; when somebody else begins an operation in between, wait for its end and plan again from nothing.

    `note` is told each plan before it is carried out.
    """
    deadline = time.monotonic() + wait_seconds
    planned: P | None = None
    for attempt in count(1):
        planned = plan_when_idle(run, wish, deadline, planned)
        note(planned)
        try:
            _find_engine(planned)
            planned = wish.complete(planned)
            note(planned)
            _announce(planned)
            execute(planned)
        except DeployError as error:
            is_late = time.monotonic() > deadline and (error.code == "stack-busy" or attempt >= _ATTEMPTS)
            if error.code not in _OVERTAKEN or is_late:
                raise
            run.console.warn("", f"{error.problem}: {_OVERTAKEN[error.code]}", error.code)
        else:
            return planned
    raise AssertionError("it counts for ever")


def _announce(planned: Planned) -> None:
    console = planned.run.console
    if planned.plan.steps:
        console.expect_steps([words_of(step).name for step in planned.plan.steps])
        console.blank()


def _find_engine(planned: Planned) -> None:
    run = planned.run
    if any(isinstance(step, BuildAndPush) for step in planned.plan.steps):
        with run.phase("find the engine"):
            found = run.ports.engine.check()
        if run.console.verbose:
            run.console.detail(found)
