"""What a step is called, in the plan and while it is done."""

from __future__ import annotations

import pytest

from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.step_words import words_of
from rajee_deploy.plan.steps import (
    BuildAndPush,
    ConfirmRollout,
    DeployStack,
    MoveTag,
    RepairService,
    StackChange,
    WaitForStack,
)
from rajee_deploy.rollout.standing import StackService


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (BuildAndPush("api", "c-1", "new"), ("+", "build", "api")),
        (MoveTag("api", Repository("team/api"), "v1", "c-1", "asked for"), ("+", "tag", "api")),
        (DeployStack("App", (), "first", (StackChange.FIRST,)), ("+", "create", "App")),
        (DeployStack("App", (), "image", (StackChange.TAG, StackChange.INFRASTRUCTURE)), ("~", "update", "App")),
        (WaitForStack("App", "busy"), ("~", "wait", "App")),
        (RepairService("App", "web", StackService("arn"), "a", "b", "drift"), ("~", "repair", "web")),
        (ConfirmRollout("App", "unconfirmed"), ("~", "confirm", "App")),
    ],
)
def test_each(step, words):
    assert words_of(step) == words
