"""Every line that the deployment of a stack says, with its mark and style."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from one_stack import BACK, NEW, RECORD, SHIELD, Records, World, asked, make_world, step

from rajee_deploy.actions.deploy import Job, deploy
from rajee_deploy.actions.tell_deployment import tell_time_spent
from rajee_deploy.actions.watch import Watch
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.steps import StackChange
from rajee_deploy.rollout import Deployment, Message, ResourceEvent, RolloutSettings, Service


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


class Notebook(Console):
    """Remembers every line with its mark and its style."""

    def __init__(self, **given):
        super().__init__(**given)
        self.noted = []

    def say(self, text, style=""):
        self.noted.append((text, style))

    def item(self, mark, subject, text, style=""):
        self.noted.append((mark, subject, text, style))


@pytest.fixture
def noted(world):
    world.run.console = Notebook(stderr=world.talk)
    return world.run.console.noted


BEGUN = ("… deploy App", "dim")
DOUBT = (
    "!",
    "stack App",
    (
        "its template takes no RajeeTemplateHash, so a machine that has not synthesised it has to do so to decide; "
        "let the stack declare them, and an output that names them (docs/your-service.md)"
    ),
    "yellow",
)
DONE = ("✓", "stack App", "complete, and it records ImageTag c-new, RajeeInfraHash infra", "green")


def test_a_deployment_with_its_shield(world, noted):
    world.deploy(step(before=(SHIELD,)))
    assert noted == [("✓", "tag live-App", f"team/app:live-App is {NEW}", "green"), BEGUN, DOUBT, DONE]


def test_of_a_stack_that_records_nothing_nothing_is_said_to_be_recorded(world, noted):
    world.deploy(replace(step(), parameters=()))
    assert noted[-1] == ("✓", "stack App", "complete", "green")


def test_a_deployment_that_goes_on_by_itself(world, noted):
    world.deploy(step(), wait_for_end=False)
    assert noted == [BEGUN, ("~", "stack App", "accepted; CloudFormation goes on by itself", "yellow")]


def test_a_deployment_whose_shield_cannot_move(world, noted):
    world.registry.frozen = {"live-App"}
    world.deploy(step(before=(SHIELD,)))
    (said, style), *rest = noted
    assert (style, rest) == ("yellow", [BEGUN, DOUBT, DONE])
    assert ("does not let the tag live-App be moved" in said, ": " in said) == (True, True)


def test_a_deployment_whose_time_is_not_told(world, noted):
    world.watcher.is_silent = True
    world.deploy(step())
    lost = ("where the time of App went is not known: AWS throttled the call [throttled]", "yellow")
    assert noted == [BEGUN, lost, DOUBT, DONE]


def test_a_deployment_that_is_not_recorded(world, noted):
    run = replace(world.run, ports=replace(world.run.ports, records=Records(fails=True)))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    text = "what was deployed could not be recorded, so the next run synthesises to decide: not allowed [aws-denied]"
    assert noted == [BEGUN, ("!", "stack App", text, "yellow"), DOUBT, DONE]


def test_a_shield_that_was_not_put_back(world, noted):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError) as caught:
        world.deploy(step(undo=(replace(BACK, target="c-lost"),)))
    assert caught.value.problem.startswith("App was deployed, but the stack is UPDATE_ROLLBACK_COMPLETE")
    assert caught.value.where == "stack App"
    begun, (said, style) = noted
    assert begun == BEGUN
    assert said.startswith("live-App was not put back (")
    assert (said.endswith("); the next run does it"), style) == (True, "yellow")


def test_permissions_that_get_broader(world, noted):
    world.stacks.broader = {"App": "one\ntwo"}
    assert asked(world, step(StackChange.FIRST)) == "approval-needed"
    assert noted[0] == ("… compare the permissions of App", "dim")
    assert noted[1:] == [("App would get broader permissions:", "bold"), ("one", ""), ("two", "")]


def test_advice(world, noted):
    start = time.time()
    world.watcher.happened = [ResourceEvent("a", start, "S", "T", "UPDATE_IN_PROGRESS")]
    said = tuple(
        Message(text, start + after, text)
        for after, text in {
            20: ") registered 1 targets",
            20.5: "has begun draining connections",
            90: "has stopped 1",
            91: "deployment completed",
        }.items()
    )
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.watcher.held = {"arn": [Service("api", (primary,), said)]}
    world.watcher.set_to = RolloutSettings(stop_timeout=60)
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    text = "stopTimeout is 60 s: a process that exits on SIGTERM needs less"
    assert noted == [("→", "faster", text, "cyan")]
