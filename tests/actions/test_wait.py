"""Waiting for whoever works on a stack: one function, one error, and nobody polls beside it."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest
from fakes import FakeStacks

import rajee_deploy
from rajee_deploy.actions.wait import wait_for_others, wait_until_idle
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import StackAbsent, StackPresent

TOP = Path(rajee_deploy.__file__).parent


def stacks(*script: str) -> FakeStacks:
    return FakeStacks(stacks={"App": StackPresent("UPDATE_COMPLETE", {}, {})}, script=list(script))


def soon() -> float:
    return time.monotonic() + 60


def test_it_looks_until_nobody_works_on_it():
    reader = stacks("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    found = wait_until_idle(reader, "App", soon(), 0)
    assert (found.status, reader.script) == ("UPDATE_ROLLBACK_COMPLETE", [])
    assert wait_until_idle(FakeStacks(), "App", soon(), 0) == StackAbsent()


def test_it_looks_at_least_once_and_ends_in_time():
    assert wait_until_idle(stacks(), "App", time.monotonic() - 1, 0) is not None
    assert wait_until_idle(stacks("UPDATE_IN_PROGRESS"), "App", time.monotonic() - 1, 0) is None
    with pytest.raises(DeployError) as caught:
        wait_for_others(stacks("UPDATE_IN_PROGRESS"), "App", time.monotonic() - 1, 0)
    assert (caught.value.code, caught.value.where) == ("stack-busy", "stack App")
    assert "--wait" in caught.value.hint


def rooms(does) -> set[str]:
    return {path.relative_to(TOP).as_posix() for path in TOP.rglob("*.py") if does(path.read_text())}


def test_nobody_else_polls_a_stack_or_makes_this_error():
    def polls(source: str) -> bool:
        loops = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.While)]
        return any("is_busy" in ast.unparse(each) for each in loops)

    assert rooms(polls) == {"actions/wait.py"}
    assert rooms(re.compile(r'Error\(\s*"stack-busy"').search) == {"model/stack_status.py"}
