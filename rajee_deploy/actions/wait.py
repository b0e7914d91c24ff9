"""Waiting until nobody works on a stack: the one place that polls CloudFormation for it. It decides nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rajee_deploy.model.stack_status import stack_busy
from rajee_deploy.plan.planner import is_busy

if TYPE_CHECKING:
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.stack import StackReader

POLL_SECONDS = 2.5


def wait_until_idle(
    reader: StackReader, stack: str, deadline: float, poll_seconds: float | None = None
) -> StackState | None:
    """The stack, once no operation on it is under way; None when one still is at `deadline` (of `time.monotonic`)."""
    while is_busy(state := reader.describe(stack)):
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL_SECONDS if poll_seconds is None else poll_seconds)
    return state


def wait_for_others(reader: StackReader, stack: str, deadline: float, poll_seconds: float | None = None) -> None:
    """The same for an operation that somebody else began. DeployError `stack-busy` when it does not end in time."""
    if wait_until_idle(reader, stack, deadline, poll_seconds) is None:
        raise stack_busy(
            stack,
            "did not end in time",
            hint="run again when that operation has ended, or wait longer for it: --wait 7200",
        )
