"""The deployment of one stack: which tags move before, what counts as arrived, what is kept of it."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from fakes import FakeStacks
from one_stack import (
    BACK,
    GIVEN,
    NEW,
    OLD,
    OTHER,
    RECORD,
    RECORDED,
    REPOSITORY,
    SHIELD,
    Records,
    World,
    deploy,
    hold,
    make_world,
    step,
    wanted,
)

from rajee_deploy.actions.deploy import Job, await_end
from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.plan.state import StackContent
from rajee_deploy.plan.steps import Via
from rajee_deploy.rollout import ResourceEvent, Service, StoppedContainer, StoppedTask
from rajee_deploy.stack.deployment_record import decode
from rajee_deploy.stack.task_logs import TaskLog


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


# -- the tags before and after -------------------------------------------------------------------------------------


def test_the_shields_are_moved_before_and_told(world):
    world.deploy(step(before=(SHIELD,)))
    assert world.registry.repositories["team/app"]["live-App"] == NEW
    assert str(NEW) not in world.talk.getvalue(), "nobody needs to know, but who asks for it"
    assert [each.stack for each in world.stacks.deployed] == ["App"]


def test_a_tag_that_cannot_be_moved_is_told_and_stops_nothing(world):
    world.registry.frozen = {"live-App"}
    world.deploy(step(before=(SHIELD,)))
    assert "does not let the tag live-App be moved" in world.talk.getvalue()
    assert [each.stack for each in world.stacks.deployed] == ["App"]


def test_every_other_trouble_with_a_tag_stops_the_deployment(world):
    """An image that is gone cannot be deployed: it must not pass for a tag that is protected."""
    with pytest.raises(DeployError) as caught:
        world.deploy(step(before=(replace(SHIELD, target="c-lost"),)))
    assert caught.value.code == "image-gone"
    assert world.stacks.deployed == []


@pytest.mark.parametrize(("ends_in", "live"), [("UPDATE_ROLLBACK_COMPLETE", OLD), ("UPDATE_FAILED", NEW)])
def test_after_a_failure_the_shield_goes_back_to_what_runs_on(world, ends_in, live):
    world.stacks.ends_in = ends_in
    with pytest.raises(DeployError) as caught:
        world.deploy(step(before=(SHIELD,), undo=(BACK,)))
    assert caught.value.code == "deploy-not-confirmed"
    assert world.registry.repositories["team/app"]["live-App"] == live


def test_a_shield_that_does_not_go_back_is_told_and_the_failure_stays_the_news(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError) as caught:
        world.deploy(step(before=(SHIELD,), undo=(replace(BACK, target="c-lost"),)))
    assert caught.value.code == "deploy-not-confirmed"
    assert "live-App was not put back" in world.talk.getvalue()


def test_without_anything_to_undo_a_failure_moves_nothing(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployError):
        world.deploy(step())
    assert world.registry.writes == []


# -- carried out ---------------------------------------------------------------------------------------------------


def test_what_was_only_built_now_is_told_by_its_digest(world):
    world.deploy(step(digests=(("ImageTag", REPOSITORY, "c-new"),)))
    assert world.stacks.stacks["App"].parameters["ImageTag"] == str(NEW)


@pytest.mark.parametrize("via", Via)
def test_who_does_not_wait_for_the_last_stack_leaves_it_accepted(world, via):
    world.watcher.held = {"arn": [Service("api", ())]}  # would be an objection, if anybody looked
    world.deploy(step(via=via), [wanted()], wait_for_end=False)
    assert [each.stack for each in world.stacks.deployed] == ["App"]
    assert world.stacks.updated == (["App"] if via is Via.CLOUDFORMATION else [])
    assert "~ update  App" in world.talk.getvalue().partition("accepted; CloudFormation goes on by itself")[0]
    assert "✓" not in world.talk.getvalue()
    assert world.run.outputs == {}


@pytest.mark.parametrize("via", Via)
@pytest.mark.parametrize(("wait", "is_last"), [(True, True), (True, False), (False, False)])
def test_all_others_are_waited_for(world, via, wait, is_last):
    world.deploy(step(via=via), is_last=is_last, wait_for_end=wait)
    assert "✓ update  App" in world.talk.getvalue()
    assert world.stacks.updated == (["App"] if via is Via.CLOUDFORMATION else [])
    assert world.run.outputs == {"App": dict(world.stacks.stacks["App"].outputs)}


def test_by_cloudformation_alone_a_stack_that_is_gone_is_an_error(world):
    world.stacks.stacks.clear()
    with pytest.raises(DeployError) as caught:
        world.deploy(step(via=Via.CLOUDFORMATION))
    assert (caught.value.code, caught.value.where) == ("deploy-failed", "stack App")


ENDS = {
    "UPDATE_COMPLETE": ("cdk failed", "", "nothing has to be undone: c-old still serves\nlook"),
    "UPDATE_ROLLBACK_COMPLETE": ("rolled back: c-old still serves", "cdk failed", "nothing has to be undone\nlook"),
    "UPDATE_ROLLBACK_FAILED": ("cdk failed", "", "look"),
    "ROLLBACK_COMPLETE": (
        "cdk failed",
        "",
        "look\nthe stack was never created: the next run deletes what is left of it, and creates it",
    ),
}


@pytest.mark.parametrize("status", ENDS)
def test_a_failure_names_the_resource_that_failed_and_what_serves_on(world, status):
    before, former = world.stacks.stacks["App"], {"ImageTag": "c-old", "RajeeImages": "team/app T.web=c-old"}
    world.stacks.stacks["App"] = replace(before, status=status, parameters={**before.parameters, **former})

    class Failing(FakeStacks):
        def deploy(self, *_):
            event = ResourceEvent("1", time.time(), "Task", "AWS::ECS::Service", "CREATE_FAILED", "denied")
            world.watcher.happened.append(event)
            tables = Quote(("App | 1 | CREATE_COMPLETE |",))
            raise DeployError("deploy-failed", "cdk failed", where="here", cause="exit 1", hint="look", quote=tables)

    world.run.ports = replace(world.run.ports, deployer=Failing(world.stacks.stacks))
    with pytest.raises(DeployError) as caught:
        world.deploy(replace(step(), parameters=(*step().parameters, ("RajeeImages", "team/app T.web=c-new"))))
    error = caught.value
    problem, more, hint = ENDS[status]
    assert (error.code, error.problem, error.where, error.hint) == ("deploy-failed", problem, "here", hint)
    assert world.run.times_spent["App"].failure == "Task (AWS::ECS::Service) CREATE_FAILED: denied"
    told = ["Task (AWS::ECS::Service) CREATE_FAILED: denied", "exit 1"]
    assert error.cause.split("\n") == [*told, *filter(None, [more])]


def test_a_rollout_that_failed_says_which_container_and_its_last_words(world):
    envoy = StoppedContainer("envoy", 1)
    tasks = [
        StoppedTask(f"arn:x:task/main/{n}f1c2a99", "d", "EssentialContainerExited", ("x",), (1,), n, "t:1", (envoy,))
        for n in (1, 2)
    ]
    hold(world, f"host.test/team/app:{wanted().tag}")
    (service,) = world.watcher.held["arn"]
    world.watcher.held["arn"] = [replace(service, stopped=tuple(tasks))]

    class Failing(FakeStacks):
        def deploy(self, *_):
            raise DeployError("deploy-failed", "cdk failed", hint="look")

    def log(task, container):
        return TaskLog("/app", f"p/{container}/{task.id[-8:]}", ("bad yaml", "at line 41"))

    world.run.ports = replace(world.run.ports, deployer=Failing(world.stacks.stacks), task_log=log)
    with pytest.raises(DeployError) as caught:
        world.deploy(step())
    error = caught.value
    assert "envoy exited with 1, twice" in error.why.split("\n")
    assert re.fullmatch(r"service \w+, task 2f1c2a, \d\d:\d\d:\d\d", error.where)
    assert error.quote == Quote(("bad yaml", "at line 41"), what="its log")
    assert "all of its log: aws logs tail /app --log-stream-names p/envoy/2f1c2a99 --since 1d\nlook" in error.hint


def test_a_function_that_does_not_get_its_image_comes_with_what_helps(world):
    class Failing(FakeStacks):
        def deploy(self, *_):
            said = "Source image host/app:c-1 does not exist. Provide a valid source image."
            event = ResourceEvent("1", time.time(), "F", "AWS::Lambda::Function", "UPDATE_FAILED", said)
            world.watcher.happened.append(event)
            raise DeployError("deploy-failed", "cdk failed", hint="look")

    world.run.ports = replace(world.run.ports, deployer=Failing(world.stacks.stacks))
    with pytest.raises(DeployError) as caught:
        world.deploy(step())
    undone, helps = caught.value.hint.split("\n")
    assert undone == "nothing has to be undone: c-old still serves"
    assert helps.startswith("the repository does not have that image")
    assert helps.endswith("; look")


def test_an_operation_that_ends_is_waited_for(world, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    world.stacks.script = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
    await_end(world.run, "App")
    assert world.stacks.script == []


# -- what runs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", ["first", "second", "both"])
def test_two_images_of_one_repository_are_both_what_was_deployed(world, runs):
    first, second = wanted("one", "a", "OneTag"), wanted("two", "b", "TwoTag")
    tags = {"first": [first.tag], "second": [second.tag], "both": [first.tag, second.tag]}[runs]
    hold(world, *(f"host.test/team/app:{tag}" for tag in tags))
    world.deploy(step(), [first, second])
    assert "✓ update  App" in world.talk.getvalue()


def test_by_digest_the_digest_is_what_was_deployed(world):
    given = (("ImageTag", str(NEW)), GIVEN[1])
    hold(world, f"host.test/team/app@{NEW}")
    world.deploy(replace(step(), parameters=given), [wanted()])
    assert "✓ update  App" in world.talk.getvalue()


@pytest.mark.parametrize("image", ["team/app:c-old", f"team/app@{OTHER}"])
def test_a_service_that_runs_another_image_is_no_success(world, image):
    hold(world, f"host.test/{image}")
    with pytest.raises(DeployError) as caught:
        world.deploy(step(), [wanted()])
    assert (caught.value.code, image in caught.value.problem) == ("rollout-not-confirmed", True)
    assert "✓" not in world.talk.getvalue()


def test_a_stack_without_images_is_not_asked_what_it_runs(world):
    hold(world, "host.test/team/app:c-old")
    world.deploy(step())
    assert "✓ update  App" in world.talk.getvalue()


def test_an_image_whose_parameter_is_not_given_runs_by_its_tag(world):
    image = wanted(parameter="OtherTag")
    hold(world, f"host.test/team/app:{image.tag}")
    world.deploy(step(), [image])
    assert "✓ update  App" in world.talk.getvalue()
    hold(world, "host.test/team/app:None")
    with pytest.raises(DeployError) as caught:
        world.deploy(step(), [image])
    assert (caught.value.code, caught.value.where) == ("rollout-not-confirmed", "stack App")
    assert caught.value.problem == "CloudFormation deployed App, but the service api runs host.test/team/app:None"


# -- what is kept --------------------------------------------------------------------------------------------------


def test_the_record_is_kept_once_the_deployment_stands(world):
    records = Records()
    run = replace(world.run, ports=replace(world.run.ports, records=records))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    assert decode(records.texts["App"]) == RECORD
    deploy(run, Job(replace(step(), stack="App"), world.assembly, (), None), is_last=True)
    assert list(records.texts) == ["App"]


def test_a_record_that_cannot_be_kept_is_told_and_the_deployment_stands(world):
    run = replace(world.run, ports=replace(world.run.ports, records=Records(fails=True)))
    deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    assert "could not be recorded, so the next run synthesises to decide: not allowed" in world.talk.getvalue()
    assert "✓ update  App" in world.talk.getvalue()


def test_a_deployment_that_failed_leaves_no_record(world):
    records = Records()
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    run = replace(world.run, ports=replace(world.run.ports, records=records))
    with pytest.raises(DeployError):
        deploy(run, Job(step(), world.assembly, (), RECORD), is_last=True)
    assert records.texts == {}


def test_a_stack_that_cannot_prove_anything_is_told(world):
    content = StackContent("one")
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], content=content)
    world.deploy(step())
    told = world.talk.getvalue()
    world.talk.truncate(0)
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], parameters=dict(RECORDED))
    world.deploy(step(via=Via.CLOUDFORMATION))
    assert "! App" in told
    assert "! App" not in world.talk.getvalue(), "the template stays as it is"


def test_an_operation_that_does_not_end_is_an_error(world, monkeypatch):
    now = iter(range(0, 100_000, 1000))
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    world.stacks.script = ["UPDATE_IN_PROGRESS"] * 50
    with pytest.raises(DeployError) as caught:
        await_end(world.run, "App")
    assert (caught.value.code, caught.value.where) == ("deploy-unfinished", "stack App")
    assert len(world.stacks.script) == 50 - 4, "an hour of seconds is over at the fourth look"
