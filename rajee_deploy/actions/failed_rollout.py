"""Why a rollout failed, as its tasks tell it: which container ended how, and its last words; and what serves on.

A courtesy, for the error that a run ends with: where AWS does not tell, the error stays as it is. It must never decide
that something failed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.model import stack_status
from rajee_deploy.model.names import IMAGES_PARAMETER, NOT_RECORDED, RECORDS
from rajee_deploy.model.stack_status import Answer
from rajee_deploy.plan import after_step
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.rollout.task_failures import find_failure
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.plan.steps import DeployStack
    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.task_failures import TaskFailure

_ID = 6  # digits of a task's id that tell it apart
_UNDONE = "nothing has to be undone"
_NEVER = "the stack was never created: the next run deletes what is left of it, and creates it"


def tell_tasks(run: CurrentRun, error: DeployError, services: Iterable[Service]) -> None:
    """Have an error say why tasks of these services stop."""
    failure = find_failure(services)
    if failure is None:
        return
    error.why = "\n".join(filter(None, (failure.sentence, error.why)))
    error.where = ", ".join(filter(None, (error.where, _place(failure))))
    with suppress(DeployError):
        log = run.ports.task_log(failure.task, failure.container)
        if log is not None and log.lines:
            error.quote = Quote(log.lines, what="its log")
        if log is not None:
            names = f"{quote(log.group)} --log-stream-names {quote(log.stream)}"
            error.hint = f"all of its log: aws logs tail {names} --since 1d\n{error.hint}".strip()


def _place(failure: TaskFailure) -> str:
    at = f", {datetime.fromtimestamp(failure.task.at).astimezone():%H:%M:%S}" if failure.task.at else ""
    return f"service {failure.service}, task {failure.task_id[:_ID]}{at}"


def tell_rollback(error: DeployError, step: DeployStack, state: StackState) -> None:
    """Have an error say what serves on, where CloudFormation put the stack back, or never began."""
    if not isinstance(state, StackPresent):
        return
    if stack_status.answer(state.status) is Answer.RECREATE:
        error.hint = "\n".join(filter(None, (error.hint, _NEVER)))
    if not after_step.is_undone(step, state):
        return
    images = [state.parameters.get(key, "") for key, _ in step.parameters if key not in (*RECORDS, IMAGES_PARAMETER)]
    tags = list(dict.fromkeys(short(tag) for tag in images if tag not in ("", NOT_RECORDED)))
    serves = f"{', '.join(tags)} still serve{'s' if len(tags) == 1 else ''}" if tags else "what ran before still serves"
    if stack_status.answer(state.status) is not Answer.DEPLOY:
        error.hint = "\n".join(filter(None, (f"{_UNDONE}: {serves}", error.hint)))
        return
    error.why = "\n".join(filter(None, (error.why, error.problem)))
    error.problem = f"rolled back: {serves}"
    error.hint = "\n".join(filter(None, (_UNDONE, error.hint)))
