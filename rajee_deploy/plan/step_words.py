"""What a step is called, wherever it is spoken of: in the plan, while it goes on, and when it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, assert_never

from rajee_deploy.plan.steps import (
    BuildAndPush,
    ConfirmRollout,
    DeployStack,
    MoveTag,
    RepairService,
    WaitForStack,
)

if TYPE_CHECKING:
    from rajee_deploy.plan.steps import Step


class StepWords(NamedTuple):
    """A step in three words: its mark before it is done, what is done, and with what."""

    mark: str
    verb: str
    name: str


def words_of(step: Step) -> StepWords:
    """How a step is called."""
    match step:
        case BuildAndPush():
            return StepWords("+", "build", step.image)
        case MoveTag():
            return StepWords("+", "tag", step.image)
        case DeployStack():
            return StepWords("+", "create", step.stack) if step.is_new else StepWords("~", "update", step.stack)
        case WaitForStack():
            return StepWords("~", "wait", step.stack)
        case RepairService():
            return StepWords("~", "repair", step.service)
        case ConfirmRollout():
            return StepWords("~", "confirm", step.stack)
        case _:
            assert_never(step)
