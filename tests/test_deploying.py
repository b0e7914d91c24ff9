"""The deployment of one stack: who is asked, which tags move before, what counts as arrived."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeEngine, FakeRegistry, FakeStacks, FakeWatcher

from rajee_deploy.aws import Identity
from rajee_deploy.console import Console
from rajee_deploy.deploying import Job, approve, await_end, deploy
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import StackPresent, WantedImage
from rajee_deploy.fingerprint import Fingerprint, of_infrastructure
from rajee_deploy.model import Digest, Platform, Repository
from rajee_deploy.names import INFRA_PARAMETER
from rajee_deploy.ports import Context, Ports
from rajee_deploy.rollout import Deployment, ResourceEvent, Service
from rajee_deploy.settings import load
from rajee_deploy.steps import Change, DeployStack, MoveTag, Via

SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["App"]
approval = "broadening"
"""
OLD, NEW, OTHER = (Digest("sha256", letter * 64) for letter in "123")
REPOSITORY = Repository("team/app")
RECORDED = {"ImageTag": "c-old", INFRA_PARAMETER: "sha256:infra"}
GIVEN = (("ImageTag", "c-new"), (INFRA_PARAMETER, "sha256:infra"))
SHIELD = MoveTag("app", REPOSITORY, "live-App", "c-new", "it shields")
BACK = MoveTag("app", REPOSITORY, "live-App", str(OLD), "the deploy failed")


def wanted(name="app", letter="a", parameter="ImageTag"):
    fingerprint = Fingerprint("s", Digest("sha256", letter * 64), ())
    return WantedImage(name, fingerprint, REPOSITORY, "App", parameter, (Platform("linux", "amd64"),))


def step(*changes, **more) -> DeployStack:
    return DeployStack("App", GIVEN, "because", changes or (Change.TAG,), **more)


@dataclass
class World:
    """One stack that runs an image, and the fakes around it."""

    run: Context
    assembly: object
    registry: FakeRegistry
    stacks: FakeStacks
    watcher: FakeWatcher
    talk: io.StringIO
    records: dict[str, str] = field(default_factory=dict)

    def deploy(self, step, images=(), *, is_last=True, **changes):
        deploy(replace(self.run, **changes), Job(step, self.assembly, images), is_last=is_last)


class Terminal(Console):
    """A terminal where somebody answers."""

    answer = True

    def can_ask(self):
        return True

    def ask(self, question):
        self.say(question)
        return self.answer


@pytest.fixture
def world(tmp_path) -> World:
    (tmp_path / "rajee-deploy.toml").write_text(SETTINGS)
    (tmp_path / "cdk").mkdir()
    (tmp_path / "cdk/cdk.json").write_text("{}")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (assembly := tmp_path / "cdk.out").mkdir()
    (assembly / "given.json").write_text("{}")
    registry = FakeRegistry({"team/app": {"c-old": OLD, "c-new": NEW, "live-App": OLD}}, {OLD: None, NEW: None})
    stacks = FakeStacks({"App": StackPresent("UPDATE_COMPLETE", dict(RECORDED), {"Url": "https://app.test"})})
    watcher, talk = FakeWatcher(), io.StringIO()
    ports = Ports(
        registry, stacks, stacks, FakeEngine(registry), watcher, stacks, lambda: Identity("123456789012", "us-east-1"),
        lambda: of_infrastructure((), {}, {}, {}),
    )  # fmt: skip
    settings = load(tmp_path / "rajee-deploy.toml", None)
    return World(
        Context(settings, settings.images, ports, Console(stderr=talk)), assembly, registry, stacks, watcher, talk
    )


# -- who is asked --------------------------------------------------------------------------------------------------


def asked(world, *steps) -> str:
    """The code of the error that asking ends with where nobody can be asked; "" where nothing had to be asked."""
    try:
        approve(world.run, [Job(each, world.assembly, ()) for each in steps])
    except DeployError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((Change.TAG,), ""),
        ((Change.TAG, Change.TAG), ""),
        ((Change.TAG, Change.INFRASTRUCTURE), "approval-needed"),
        ((Change.INFRASTRUCTURE, Change.TAG), "approval-needed"),
        ((Change.INFRASTRUCTURE,), "approval-needed"),
        ((Change.FIRST,), "approval-needed"),
        ((Change.ROLLED_BACK,), "approval-needed"),
        ((Change.ROLLED_BACK, Change.TAG), "approval-needed"),
    ],
)
def test_only_a_new_image_alone_needs_nobody(world, changes, code):
    """A tag and permissions that change together are a change of permissions."""
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(*changes)) == code


def test_a_template_that_stays_needs_nobody(world):
    world.stacks.broader = {"App": "everything"}
    assert asked(world, step(Change.ROLLED_BACK, via=Via.CLOUDFORMATION)) == ""


def test_every_stack_is_looked_at(world):
    world.stacks.broader = {"Last": "one\ntwo"}
    same, narrow, last = (
        step(Change.TAG),
        replace(step(Change.FIRST), stack="Narrow"),
        replace(step(Change.FIRST), stack="Last"),
    )
    assert asked(world, same, narrow, last) == "approval-needed"
    assert world.talk.getvalue().splitlines()[-3:] == ["Last would get broader permissions:", "one", "two"]


def test_nothing_is_compared_where_nobody_needs_to_be_asked(world):
    world.stacks.broader = {"App": "everything"}
    approve(replace(world.run, assume_yes=True), [Job(step(Change.FIRST), world.assembly, ())])
    assert world.talk.getvalue() == ""


@pytest.mark.parametrize("answer", [True, False])
def test_the_answer_decides(world, answer):
    world.stacks.broader = {"App": "everything", "Next": "more"}
    world.run.console = Terminal(stderr=world.talk)
    world.run.console.answer = answer
    both = (step(Change.FIRST), replace(step(Change.FIRST), stack="Next"))
    assert asked(world, *both) == ("" if answer else "not-approved")
    assert world.talk.getvalue().count("with these permissions?") == (2 if answer else 1)


# -- the tags before and after -------------------------------------------------------------------------------------


def test_the_shields_are_moved_before_and_told(world):
    world.deploy(step(before=(SHIELD,)))
    assert world.registry.repositories["team/app"]["live-App"] == NEW
    assert f"team/app:live-App is {NEW}" in world.talk.getvalue()
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
    assert "accepted; CloudFormation goes on by itself" in world.talk.getvalue()
    assert "complete, and it records" not in world.talk.getvalue()
    assert world.run.outputs == {}


@pytest.mark.parametrize("via", Via)
@pytest.mark.parametrize(("wait", "is_last"), [(True, True), (True, False), (False, False)])
def test_all_others_are_waited_for(world, via, wait, is_last):
    world.deploy(step(via=via), is_last=is_last, wait_for_end=wait)
    assert "complete, and it records ImageTag c-new, RajeeInfraHash infra" in world.talk.getvalue()
    assert world.stacks.updated == (["App"] if via is Via.CLOUDFORMATION else [])
    assert world.run.outputs == {"App": dict(world.stacks.stacks["App"].outputs)}


def test_by_cloudformation_alone_a_stack_that_is_gone_is_an_error(world):
    world.stacks.stacks.clear()
    with pytest.raises(DeployError) as caught:
        world.deploy(step(via=Via.CLOUDFORMATION))
    assert (caught.value.code, caught.value.where) == ("deploy-failed", "stack App")


def test_a_failure_names_the_resource_that_failed(world):
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"

    class Failing(FakeStacks):
        def deploy(self, *_):
            event = ResourceEvent("1", time.time(), "Task", "AWS::ECS::Service", "CREATE_FAILED", "denied")
            world.watcher.happened.append(event)
            raise DeployError("deploy-failed", "cdk failed", where="here", cause="exit 1", hint="look")

    world.run.ports = replace(world.run.ports, deployer=Failing(world.stacks.stacks))
    with pytest.raises(DeployError) as caught:
        world.deploy(step())
    error = caught.value
    assert (error.code, error.problem, error.where, error.hint) == ("deploy-failed", "cdk failed", "here", "look")
    assert error.cause == "Task (AWS::ECS::Service) CREATE_FAILED: denied\nexit 1"


def test_an_operation_that_ends_is_waited_for(world, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    world.stacks.script = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
    await_end(world.run, "App")
    assert world.stacks.script == []


# -- what runs -----------------------------------------------------------------------------------------------------


def service(*images):
    """A service that has come to rest, and the images that it runs."""
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    return {"arn": [Service("api", (primary,))]}, {"task:1": images}


@pytest.mark.parametrize("runs", ["first", "second", "both"])
def test_two_images_of_one_repository_are_both_what_was_deployed(world, runs):
    first, second = wanted("one", "a", "OneTag"), wanted("two", "b", "TwoTag")
    tags = {"first": [first.tag], "second": [second.tag], "both": [first.tag, second.tag]}[runs]
    world.watcher.held, world.watcher.task_definitions = service(*(f"host.test/team/app:{tag}" for tag in tags))
    world.deploy(step(), [first, second])
    assert "complete" in world.talk.getvalue()


def test_by_digest_the_digest_is_what_was_deployed(world):
    given = (("ImageTag", str(NEW)), GIVEN[1])
    world.watcher.held, world.watcher.task_definitions = service(f"host.test/team/app@{NEW}")
    world.deploy(replace(step(), parameters=given), [wanted()])
    assert "complete" in world.talk.getvalue()


@pytest.mark.parametrize("image", ["team/app:c-old", f"team/app@{OTHER}"])
def test_a_service_that_runs_another_image_is_no_success(world, image):
    world.watcher.held, world.watcher.task_definitions = service(f"host.test/{image}")
    with pytest.raises(DeployError) as caught:
        world.deploy(step(), [wanted()])
    assert (caught.value.code, image in caught.value.problem) == ("rollout-not-confirmed", True)
    assert "complete, and" not in world.talk.getvalue()


def test_a_stack_without_images_is_not_asked_what_it_runs(world):
    world.watcher.held, world.watcher.task_definitions = service("host.test/team/app:c-old")
    world.deploy(step())
    assert "complete" in world.talk.getvalue()
