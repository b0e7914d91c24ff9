"""What others do while a run is under way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fakes import FakeEngine, FakeStacks

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import Ancestry

if TYPE_CHECKING:
    from rajee_deploy.actions.run import CurrentRun


def test_another_operation_is_waited_for_and_everything_planned_again(world):
    world.up()
    world.done()
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], parameters={})
    world.stacks.script = ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert (world.up(), world.done()) == ("code", (0, ["App"]))


def test_an_operation_that_does_not_end_is_an_error(world):
    world.up()
    world.stacks.script = ["UPDATE_IN_PROGRESS"] * 50
    with pytest.raises(DeployError) as caught:
        recorded_run(world.context(), 0)
    assert caught.value.code == "stack-busy"


def test_who_is_slower_plans_again_and_finds_nothing_to_do(world):
    world.up()
    (world.root / "app").write_text("two")
    other = plan_run(world.context())
    run = world.context()
    world.stacks.busy_once = True
    deployed = world.stacks.stacks["App"]
    tag = other.wanted.images[0].tag

    class Quicker(FakeStacks):
        """Somebody else deploys the same between our plan and our deployment."""

        def deploy(self, step, assembly, on_line):
            try:
                super().deploy(step, assembly, on_line)
            except DeployError:
                self.stacks["App"] = replace(deployed, parameters={**deployed.parameters, "ImageTag": tag})
                raise

    stacks = Quicker(world.stacks.stacks, world.stacks.makes_repositories, busy_once=True)
    run.ports = replace(run.ports, deployer=stacks, reader=stacks)
    planned, record = recorded_run(run, 5)
    assert (planned.plan.is_empty, record.outcome) == (True, "done")
    assert "planned again" in world.talk.getvalue()


def meanwhile(world, act) -> CurrentRun:
    """A run during whose first build somebody acts."""
    run = world.context()
    pending = [act]

    class Overtaken(FakeEngine):
        def build_and_push(self, *arguments, **more):
            if pending:
                pending.pop()()
            return super().build_and_push(*arguments, **more)

    run.ports = replace(run.ports, engine=Overtaken(world.registry))
    return run


def test_a_newer_commit_that_somebody_deploys_meanwhile_is_not_replaced(world):
    """He is quicker while we build, or while nobody answers our question."""
    world.up()
    world.done()
    (world.root / "app").write_text("two")

    def deploys_newer():
        deployed = world.stacks.stacks["App"]
        parameters = {**deployed.parameters, "ImageTag": f"c-{'9' * 40}", "RajeeRevision": "9" * 40}
        world.stacks.stacks["App"] = replace(deployed, parameters=parameters)
        world.ancestry = Ancestry.OLDER

    with pytest.raises(DeployError) as caught:
        recorded_run(meanwhile(world, deploys_newer), 5)
    assert caught.value.code == "older-revision"
    assert world.done()[1] == []
    assert "everything is planned again" in world.talk.getvalue()


def test_an_edit_of_the_template_meanwhile_is_seen_by_its_time(world):
    world.up()
    world.done()
    (world.root / "app").write_text("two")

    def edits():
        world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], since="2026-01-02T03:04:05+00:00")

    assert recorded_run(meanwhile(world, edits), 5)[1].outcome == "done"
    assert world.done()[1] == ["App"]
    assert "somebody else changed stack App" in world.talk.getvalue()


@pytest.mark.parametrize("wait", [0, 5])
def test_who_is_overtaken_for_ever_gives_up(world, wait):
    world.up()
    world.done()
    (world.root / "app").write_text("two")
    run = world.context()
    seen = iter(f"2026-01-02T03:04:{second:02}+00:00" for second in range(60))

    class Moving(FakeStacks):
        def describe(self, stack):
            return replace(super().describe(stack), since=next(seen))

    run.ports = replace(run.ports, reader=Moving(world.stacks.stacks))
    if wait:
        with pytest.raises(StopIteration):
            recorded_run(run, wait)
        return
    with pytest.raises(DeployError) as caught:
        recorded_run(run, wait)
    assert caught.value.code == "stack-changed"
    assert world.talk.getvalue().count("everything is planned again") == 2


def test_whose_the_cli_would_be_is_asked_where_it_is_started(world):
    world.up()
    assert world.stacks.accounts == ["123456789012"]
    world.up()
    assert world.stacks.accounts == ["123456789012"]
    (world.root / "app").write_text("two")
    world.up()
    assert world.stacks.accounts == ["123456789012"] * 2


def test_only_another_operation_is_waited_for(world):
    """Any other trouble is told at once: planned again, it would be tried until the time is over."""

    class Refusing(FakeStacks):
        def deploy(self, step, assembly, on_line):
            self.tries = getattr(self, "tries", 0) + 1
            if self.tries == 1:
                raise DeployError("deploy-failed", "cdk failed")
            super().deploy(step, assembly, on_line)

    run = world.context()
    stacks = Refusing(world.stacks.stacks, world.stacks.makes_repositories)
    run.ports = replace(run.ports, deployer=stacks, reader=stacks)
    with pytest.raises(DeployError) as caught:
        recorded_run(run, 5)
    assert (caught.value.code, stacks.tries) == ("deploy-failed", 1)


def test_another_operation_is_waited_for_no_longer_than_allowed(world):
    world.stacks.busy_once = True
    with pytest.raises(DeployError) as caught:
        recorded_run(world.context(), 0)
    assert caught.value.code == "stack-busy"
    assert world.done() == (0, [])
