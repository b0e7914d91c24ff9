"""How much a plan is, in a few words."""

from __future__ import annotations

import pytest

from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.amounts import amounts, headline
from rajee_deploy.plan.steps import (
    BuildAndPush,
    ConfirmRollout,
    DeployStack,
    MoveTag,
    Plan,
    RepairService,
    Skip,
    StackChange,
    WaitForStack,
)
from rajee_deploy.rollout.standing import StackService

BUILD = BuildAndPush("app", "c-1", "")
CREATE, UPDATE = (DeployStack("App", (), "", (change,)) for change in (StackChange.FIRST, StackChange.TAG))
TAG = MoveTag("app", Repository("r"), "v1", "c-1", "")
REPAIR = RepairService("App", "api", StackService("arn"), "a", "b", "")
SAME = Skip("stack Other", "")


@pytest.mark.parametrize(
    ("steps", "skipped", "said"),
    [
        ((), (SAME,), "Nothing to do."),
        ((BUILD, UPDATE), (SAME,), "1 image to build, 1 stack to update, 1 unchanged"),
        ((CREATE, BUILD, BUILD, CREATE), (), "2 images to build, 2 stacks to create"),
        ((UPDATE, CREATE), (SAME, SAME), "1 stack to create, 1 stack to update, 2 unchanged"),
        ((TAG, TAG), (), "2 tags to move"),
        ((REPAIR, ConfirmRollout("App", "")), (), "1 service to repair, 1 rollout to confirm"),
        ((WaitForStack("App", ""),), (), "1 stack to wait for"),
    ],
)
def test_the_headline(steps, skipped, said):
    plan = Plan(steps, skipped)
    assert headline(plan) == said
    assert sum(amounts(plan).values()) == len(steps) + len(skipped)
