"""What is believed of a step once it was tried: it is done, it was undone, or somebody came in between. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.model import stack_status
from rajee_deploy.model.names import RECORDS
from rajee_deploy.model.stack_status import Answer
from rajee_deploy.plan.stack_step import differences
from rajee_deploy.plan.state import (
    StackAbsent,
    StackPresent,
)
from rajee_deploy.plan.steps import (
    DeployStack,
    StackChange,
)

if TYPE_CHECKING:
    from rajee_deploy.plan.state import StackState


def has_moved(planned: StackState, now: StackState) -> bool:
    """Whether somebody changed a stack since it was planned, also in what its template alone says: CloudFormation tells
    when it did."""
    if isinstance(planned, StackAbsent) or isinstance(now, StackAbsent):
        return planned != now
    return (planned.status, planned.parameters, planned.since) != (now.status, now.parameters, now.since)


def objection(step: DeployStack, state: StackState) -> str:
    """What speaks against believing that the step was done; empty when the stack is complete and records it.

    A stack that was rolled back keeps that status when nothing is left to update (the step is forced, so CloudFormation
    itself has compared); then what it records decides.
    """
    match state:
        case StackAbsent():
            return "there is no such stack"
        case StackPresent(status=status):
            answer = stack_status.answer(status)
            is_settled = answer is Answer.COMPARE or (
                answer is Answer.DEPLOY and step.changes == (StackChange.ROLLED_BACK,)
            )
            if not is_settled:
                return f"the stack is {status}" + (f": {state.reason}" if state.reason else "")
            return "; ".join(differences(state, dict(step.declared)))
        case _:
            assert_never(state)


def as_built(step: DeployStack, state: StackState | None) -> DeployStack:
    """The step once the digests of what was built are known: they may be those that the stack has, and then no tag is a
    change."""
    if not step.digests or not isinstance(state, StackPresent):
        return step
    given = {key: value for key, value in step.declared if key not in RECORDS}
    if differences(state, given):
        return step
    return replace(step, changes=tuple(change for change in step.changes if change is not StackChange.TAG))


def is_undone(step: DeployStack, state: StackState) -> bool:
    """Whether a deploy that failed left the stack with what it ran before, so that its shields can go back there.

    Not while an operation is under way, nor after one that ended halfway: then either image may run.
    """
    match state:
        case StackAbsent():
            return False
        case StackPresent(status=status):
            answer = stack_status.answer(status)
            same = not differences(state, dict(step.declared))
            return answer is Answer.DEPLOY or (answer is Answer.COMPARE and not same)
        case _:
            assert_never(state)
