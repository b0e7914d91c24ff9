"""Secret values: when a deployment remembers them, and that nothing says them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import pytest
from fakes import FakeSecrets, FakeStacks, FakeWatcher
from one_stack import RECORD, Records, World, deploy, hold, make_world, step, wanted

from rajee_deploy.actions.deploy import Job
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.parameters import ParameterValue
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.steps import StackChange, Via
from rajee_deploy.rollout import ResourceEvent
from rajee_deploy.stack.deployment_record import decode
from rajee_deploy.stack.update import Accepted


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


CANARY = "canary-of-what-is-deployed"
KEY = ParameterValue("Key", CANARY, "KEY", is_secret=True)


def begun(number: int, resource: str = "App") -> ResourceEvent:
    return ResourceEvent(f"e{number}", time.time(), resource, "AWS::CloudFormation::Stack", "UPDATE_IN_PROGRESS")


class Later(FakeWatcher):
    """Its events come once the deployment is watched."""

    looks = 0

    def events(self, stack, since):
        self.looks += 1
        return super().events(stack, since) if self.looks > 1 else ()


@pytest.mark.parametrize(
    ("events", "full", "told"),
    [
        ((), False, ""),
        (("App",), False, ""),
        (("App", "Nested", "Nested"), False, ""),
        (("App", "App"), False, "somebody else deployed it, too"),
        (("App",), True, "No space left"),
    ],
)
def test_secrets_are_remembered_once_they_are_surely_what_is_deployed(world, events, full, told):
    secrets, watcher = FakeSecrets(is_full=full), Later([begun(*each) for each in enumerate(events)])
    run = replace(world.run, ports=replace(world.run.ports, secrets=secrets, watcher=watcher))
    run.console.verbose = True
    deploy(run, Job(step(values=(KEY, ParameterValue("Size", "s", "SIZE"))), world.assembly, ()), is_last=True)
    assert secrets.kept == ({} if told else {"": {"Key": CANARY}})
    assert told in world.talk.getvalue()
    assert "is not remembered" in world.talk.getvalue() or not told
    assert "Key ***" in world.talk.getvalue()


@pytest.mark.parametrize(("events", "is_kept"), [((1,), True), ((1, 2), False)])
def test_somebody_else_is_seen_where_a_stack_goes_by_another_name_here(world, events, is_kept):
    """A stack in another region: its events have the name that CloudFormation knows."""
    key, secrets = "waf (us-east-1)", FakeSecrets()
    world.stacks.stacks[key], world.stacks.app[key] = world.stacks.stacks["App"], "one"
    watcher = Later(
        [
            *(begun(number, "waf") for number in events),
            ResourceEvent("e9", time.time(), "waf", "AWS::WAFv2::WebACL", "UPDATE_IN_PROGRESS"),
        ]
    )
    run = replace(
        world.run,
        ports=replace(world.run.ports, secrets=secrets, watcher=watcher),
        settings=replace(world.run.settings, places={key: StackPlace("waf", "waf", "", "us-east-1")}),
    )
    deploy(run, Job(replace(step(values=(KEY,)), stack=key), world.assembly, ()), is_last=True)
    assert bool(secrets.kept) is is_kept
    assert ("somebody else deployed it, too" in world.talk.getvalue()) is not is_kept


def test_what_the_confirmed_stack_proves_is_kept_though_its_rollout_is_not_confirmed(world):
    """Else the next run would deploy it all again, where only the rollout has to be confirmed."""
    secrets, records = FakeSecrets(), Records()
    run = replace(world.run, ports=replace(world.run.ports, secrets=secrets, records=records))
    hold(world, "host.test/team/app:other")
    with pytest.raises(DeployError) as caught:
        deploy(run, Job(step(values=(KEY,)), world.assembly, [wanted()], RECORD), is_last=True)
    assert caught.value.code == "rollout-not-confirmed"
    assert (secrets.kept, decode(records.texts["App"])) == ({"": {"Key": CANARY}}, RECORD)


def test_nothing_is_remembered_of_what_is_not_confirmed(world):
    secrets = FakeSecrets()
    run = replace(world.run, ports=replace(world.run.ports, secrets=secrets), wait_for_end=False)
    deploy(run, Job(step(values=(KEY,)), world.assembly, ()), is_last=True)
    world.stacks.ends_in = "UPDATE_ROLLBACK_COMPLETE"
    other = replace(step(values=(KEY,)), parameters=(("ImageTag", "c-other"),))
    with pytest.raises(DeployError):
        deploy(replace(run, wait_for_end=True), Job(other, world.assembly, ()), is_last=True)
    assert secrets.kept == {}


@dataclass
class Comparing(FakeStacks):
    """CloudFormation finds that nothing differs, whatever is given; `theirs` is somebody's deployment right behind."""

    theirs: str = ""

    def update(self, stack, *_):
        if self.theirs:
            self.stacks[stack] = replace(self.stacks[stack], since=self.theirs)
        return Accepted.NOTHING


@pytest.mark.parametrize("theirs", ["", "2"])
def test_without_waiting_a_secret_is_remembered_where_cloudformation_says_that_it_is_the_same(world, theirs):
    """Else each such run would give it again."""
    secrets, before = FakeSecrets(), replace(world.stacks.stacks["App"], since="1", identifier="arn")
    stacks = Comparing({"App": before}, theirs=theirs)
    ports = replace(world.run.ports, secrets=secrets, reader=stacks, updater=stacks)
    run = replace(world.run, ports=ports, wait_for_end=False)
    one = step(StackChange.PARAMETER, values=(KEY,), via=Via.CLOUDFORMATION)
    deploy(run, Job(one, world.assembly, (), before=before), is_last=True)
    assert secrets.kept == ({} if theirs else {"arn": {"Key": CANARY}})
    assert "CloudFormation finds nothing to do" in world.talk.getvalue()
    assert ("somebody else deployed it, too" in world.talk.getvalue()) is bool(theirs)


def test_without_waiting_nothing_is_remembered_of_a_change_set_that_is_gone(world):
    """Whoever deleted it: it is no word of CloudFormation's that the secret is the same."""
    secrets, before = FakeSecrets(), world.stacks.stacks["App"]

    class Gone(FakeStacks):
        def execute(self, *_):
            return Accepted.NOTHING

    stacks = Gone({"App": before})
    ports = replace(world.run.ports, secrets=secrets, reader=stacks, updater=stacks, deployer=stacks)
    run = replace(world.run, ports=ports, wait_for_end=False)
    deploy(run, Job(step(values=(KEY,)), world.assembly, (), before=before), is_last=True)
    assert secrets.kept == {}


def test_what_aws_says_of_a_secret_is_without_it(world):
    """An error, an event: from the deployment on, whoever says it."""
    deploy(world.run, Job(step(values=(KEY,)), world.assembly, ()), is_last=True)
    world.run.console.say(f"the value {CANARY} is not allowed")
    world.run.console.error(DeployError("x", CANARY, cause=f"a {CANARY}"))
    assert CANARY not in world.talk.getvalue()
