"""Who is asked before permissions broaden."""

from __future__ import annotations

from dataclasses import replace

import pytest
from one_stack import World, asked, make_world, step

from rajee_deploy.actions.approve import approve
from rajee_deploy.actions.deploy import Job
from rajee_deploy.console import Console
from rajee_deploy.model.names import Approval
from rajee_deploy.plan.resource_changes import Action, ResourceChange, StackChanges
from rajee_deploy.plan.steps import StackChange, Via


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


class Terminal(Console):
    """A terminal where somebody answers."""

    answer = True

    def can_ask(self):
        return True

    def ask(self, question):
        self.say(question)
        return self.answer


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((StackChange.TAG,), ""),
        ((StackChange.TAG, StackChange.TAG), ""),
        ((StackChange.TAG, StackChange.INFRASTRUCTURE), "approval-needed"),
        ((StackChange.INFRASTRUCTURE, StackChange.TAG), "approval-needed"),
        ((StackChange.INFRASTRUCTURE,), "approval-needed"),
        ((StackChange.FIRST,), "approval-needed"),
        ((StackChange.ROLLED_BACK,), "approval-needed"),
        ((StackChange.ROLLED_BACK, StackChange.TAG), "approval-needed"),
    ],
)
def test_only_a_new_image_alone_needs_nobody(world, changes, code):
    """A tag and permissions that change together are a change of permissions."""
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(*changes)) == code


def test_a_template_that_stays_needs_nobody(world):
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(StackChange.ROLLED_BACK, via=Via.CLOUDFORMATION)) == ""


def test_parameters_that_may_permit_something_are_asked_about(world):
    """Their lines are in the step; the template need not be compared for them."""
    lines = (("Reader", "Reader: a → b"),)
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(StackChange.PARAMETER)) == ""
    assert asked(world, step(StackChange.TAG, StackChange.PARAMETER)) == ""
    for each in (step(StackChange.PARAMETER), step(StackChange.PARAMETER, via=Via.CLOUDFORMATION)):
        assert asked(world, replace(each, parameter_changes=lines)) == "approval-needed"
    assert "everything" not in world.talk.getvalue()
    assert world.talk.getvalue().splitlines()[-1] == "Reader: a → b"
    assert asked(world, replace(step(StackChange.INFRASTRUCTURE), parameter_changes=lines)) == "approval-needed"
    assert "everything" in world.talk.getvalue()


@pytest.mark.parametrize("changes", [(StackChange.INFRASTRUCTURE,), (StackChange.PARAMETER,)])
def test_what_the_plan_found_is_asked_about_where_the_cli_finds_nothing(world, changes):
    role = ResourceChange(Action.UPDATE, "Role1", "Role", "AWS::IAM::Role", broader=("+ s3:* on *",))
    assert asked(world, step(*changes), resources={"App": StackChanges((role,))}) == "approval-needed"
    assert world.talk.getvalue().splitlines()[-1] == "Role: + s3:* on *"
    assert asked(world, step(*changes), resources={"App": StackChanges((replace(role, broader=()),))}) == ""


def test_what_both_found_is_said_once(world):
    role = ResourceChange(Action.UPDATE, "Role1", "Role", "AWS::IAM::Role", broader=("+ s3:* on *",))
    world.stacks.broader = {"App": "a table"}
    assert asked(world, step(StackChange.INFRASTRUCTURE), resources={"App": StackChanges((role,))}) == "approval-needed"
    assert world.talk.getvalue().splitlines()[-2:] == ["App would get broader permissions:", "a table"]


def test_every_stack_is_looked_at(world):
    world.stacks.broader = {"Last": "one\ntwo"}
    same, narrow, last = (
        step(StackChange.TAG),
        replace(step(StackChange.FIRST), stack="Narrow"),
        replace(step(StackChange.FIRST), stack="Last"),
    )
    assert asked(world, same, narrow, last) == "approval-needed"
    assert world.talk.getvalue().splitlines()[-3:] == ["Last would get broader permissions:", "one", "two"]


def test_nothing_is_compared_where_nobody_needs_to_be_asked(world):
    world.stacks.broader = {"App": "everything"}
    approve(replace(world.run, assume_yes=True), [Job(step(StackChange.FIRST), world.assembly, ())], {})
    assert world.talk.getvalue() == ""


@pytest.mark.parametrize(("has_agent", "code"), [(True, "approval-needed"), (False, "")])
def test_an_agent_at_the_terminal_cannot_agree_in_place_of_a_person(world, has_agent, code):
    class Screen(Console):
        def has_agent(self):
            return has_agent

    world.stacks.broader = {"App": "everything"}
    settings = world.run.settings
    world.run.settings = replace(settings, cdk=replace(settings.cdk, approval=Approval.INTERACTIVE))
    world.run.console = Screen(stderr=world.talk)
    assert asked(world, step(StackChange.FIRST)) == code


@pytest.mark.parametrize("answer", [True, False])
def test_the_answer_decides(world, answer):
    world.stacks.broader = {"App": "everything", "Next": "more"}
    world.run.console = Terminal(stderr=world.talk)
    world.run.console.answer = answer
    both = (step(StackChange.FIRST), replace(step(StackChange.FIRST), stack="Next"))
    assert asked(world, *both) == ("" if answer else "not-approved")
    assert world.talk.getvalue().count("with these permissions?") == (2 if answer else 1)
