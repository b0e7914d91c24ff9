"""Every line that the deployment of a stack says, with its mark and style."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from one_stack import BACK, NEW, RECORD, SHIELD, Records, World, asked, deploy, make_world, step

from rajee_deploy.actions.deploy import Job
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.steps import StackChange


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


class Notebook(Console):
    """Remembers every line: with its style, or the mark and the text of a step that is done."""

    def __init__(self, **given):
        super().__init__(**given)
        self.noted = []

    def say(self, text, style=""):
        self.noted.append((text, style))

    tell = say

    def warn(self, subject, text, code=""):
        self.noted.append(("!", subject, text, code))

    @contextmanager
    def step(self, verb, name, usual=""):
        with super().step(verb, name, usual) as shown:
            yield shown
        self.noted.append((shown.mark, f"{verb} {name}", shown.text))


@pytest.fixture
def noted(world):
    world.run.console = Notebook(stderr=world.talk)
    return world.run.console.noted


DOUBT = (
    "!",
    "stack App",
    (
        "its template takes no RajeeTemplateHash, so a machine that has not synthesised it has to do so to decide; "
        "let the stack declare them, and an output that names them (docs/your-service.md)"
    ),
    "",
)
DONE = ("✓", "update App", "")


def test_a_deployment_with_its_shield(world, noted):
    """Nobody needs to know of the shield, nor of what the stack records, but who asks for it."""
    world.deploy(step(before=(SHIELD,)))
    assert noted == [DOUBT, DONE]
    noted.clear()
    world.run.console.verbose = True
    world.deploy(step(before=(SHIELD,)))
    assert noted == [
        ("… update App", "dim"),
        (f"    team/app:live-App is {NEW}", "dim"),
        ("    deploying App", "dim"),
        DOUBT,
        ("    App records ImageTag c-new, RajeeInfraHash infra", "dim"),
        DONE,
    ]


def test_a_deployment_that_goes_on_by_itself(world, noted):
    world.deploy(step(), wait_for_end=False)
    assert noted == [("~", "update App", "accepted; CloudFormation goes on by itself")]


def test_a_deployment_whose_shield_cannot_move(world, noted):
    world.registry.frozen = {"live-App"}
    world.deploy(step(before=(SHIELD,)))
    (_, _, said, code), *rest = noted
    assert (code, rest) == ("tag-immutable", [DOUBT, DONE])
    assert ("does not let the tag live-App be moved" in said, ": " in said) == (True, True)


def test_a_deployment_whose_time_is_not_told(world, noted):
    world.watcher.is_silent = True
    world.deploy(step())
    lost = ("!", "", "where the time of App went is not known: AWS throttled the call", "throttled")
    assert noted == [lost, DOUBT, DONE]


def test_a_deployment_that_is_not_recorded(world, noted):
    run = replace(world.run, ports=replace(world.run.ports, records=Records(fails=True)))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    text = "what was deployed could not be recorded, so the next run synthesises to decide: not allowed [aws-denied]"
    assert noted == [("!", "stack App", text, ""), DOUBT, DONE]


def test_a_shield_that_was_not_put_back(world, noted):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError) as caught:
        world.deploy(step(undo=(replace(BACK, target="c-lost"),)))
    assert caught.value.problem == "rolled back: c-old still serves"
    assert caught.value.why.startswith("App was deployed, but the stack is UPDATE_ROLLBACK_COMPLETE")
    assert caught.value.where == "stack App"
    ((mark, _, said, _),) = noted
    assert said.startswith("live-App was not put back (")
    assert (said.endswith("); the next run does it"), mark) == (True, "!")


def test_permissions_that_get_broader(world, noted):
    world.stacks.broader = {"App": "one\ntwo"}
    assert asked(world, step(StackChange.FIRST)) == "approval-needed"
    assert noted == [("App would get broader permissions:", "bold red"), ("one", ""), ("two", "")]
