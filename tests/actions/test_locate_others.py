"""What the settings call stacks, for status and rollback, which make no synth where they need none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from located_worlds import FOREIGN, call, make_world

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.rollback.stacks import find_stacks
from rajee_deploy.actions.status.look import look
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.rollout.declared import DeclaredServices


@pytest.fixture
def world(tmp_path, monkeypatch):
    return make_world(tmp_path, monkeypatch)


def test_status_makes_no_synth(world):
    call(world, ["Reg", "Dev/*"])
    with pytest.raises(DeployError) as caught:
        look(world.context())
    assert (caught.value.code, world.stacks.synths) == ("names-unknown", 0)
    world.up()
    assert [(stack.stack, stack.status) for stack in look(world.context()).stacks] == [
        ("Registry", "UPDATE_COMPLETE"),
        ("dev-app", "UPDATE_COMPLETE"),
    ]


def test_a_rollback_finds_its_stack_and_synthesises_for_a_name_alone(world):
    call(world, ["Reg", "Dev/*"])
    world.up()
    before = world.stacks.synths

    def stacks():
        run = world.context()
        return [image.stack for image in find_stacks(run, run.ports.identity(), run.images)]

    assert (stacks(), world.stacks.synths) == (["dev-app"], before)
    world.move()
    assert (stacks(), world.stacks.synths) == (["dev-app"], before + 1)
    call(world, ["Reg", "Dev/*"], "dev-app")
    world.move()
    assert (stacks(), world.stacks.synths) == (["dev-app"], before + 1), "CloudFormation knows it"


def test_a_rollback_does_not_need_an_app_that_can_be_hashed(world):
    call(world, ["Reg", "Dev/*"], "dev-app")
    run = world.context()

    def unreadable(_carried):
        raise DeployError("unreadable", "an input of the CDK app cannot be read")

    run.ports = replace(run.ports, infrastructure=unreadable)
    assert [image.stack for image in find_stacks(run, run.ports.identity(), run.images)] == ["dev-app"]
    call(world, ["Reg", "Dev/*"])
    run = world.context()
    run.ports = replace(run.ports, infrastructure=unreadable)
    with pytest.raises(DeployError):
        find_stacks(run, run.ports.identity(), run.images)


def test_what_the_app_does_not_have_any_more_is_still_shown_and_rolled_back(world):
    call(world, ["Registry", "dev-app"], "dev-app")
    world.up()
    world.infra, world.stacks.app = "2", {"Registry": "one", "dev-other": "one"}
    with pytest.raises(DeployError) as caught:
        plan_run(world.context())
    assert caught.value.code == "no-such-stack"
    assert [stack.status for stack in look(world.context()).stacks] == ["UPDATE_COMPLETE"] * 2
    run = world.context()
    assert [image.stack for image in find_stacks(run, run.ports.identity(), run.images)] == ["dev-app"]


def test_a_rollback_changes_no_stack_of_somebody_else_that_has_the_name_of_our_id(world):
    world.stacks.places["dev-app"] = StackPlace("App", "dev-app")
    call(world, ["Registry", "App"], "App")
    world.up()
    world.stacks.stacks["App"] = FOREIGN
    before = world.stacks.synths
    world.move()
    run = world.context()
    assert [image.stack for image in find_stacks(run, run.ports.identity(), run.images)] == ["dev-app"]
    assert world.stacks.synths == before + 1


def test_a_rollback_tells_an_id_of_ours_from_somebody_elses_name_by_the_template(world):
    """What it runs is in our registry, too: another environment of the same app."""
    world.stacks.places["dev-app"] = StackPlace("App", "dev-app")
    call(world, ["Registry", "App"], "App")
    world.up()
    world.stacks.stacks["App"] = world.stacks.stacks["dev-app"]
    world.stacks.declares["App"] = DeclaredServices(id="OtherApp")
    before = world.stacks.synths
    world.move()
    run = world.context()
    assert [image.stack for image in find_stacks(run, run.ports.identity(), run.images)] == ["dev-app"]
    assert world.stacks.synths == before + 1
    world.move()
    run = world.context()

    class NoNode(type(world.stacks)):
        def synth(self, *_):
            raise DeployError("node-missing", "node is not installed")

    bare = NoNode(world.stacks.stacks, declares=world.stacks.declares)
    run.ports = replace(run.ports, reader=bare, deployer=bare)
    assert [image.stack for image in find_stacks(run, run.ports.identity(), run.images)] == ["App"]
    assert "only a synth can tell, and node is not installed" in world.talk.getvalue()


def test_status_takes_names_as_the_last_synth_knew_them(world):
    call(world, ["Reg", "Dev/*"])
    world.up()
    world.infra = "2"
    assert [stack.stack for stack in look(world.context()).stacks] == ["Registry", "dev-app"]
