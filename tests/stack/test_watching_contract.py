"""The contract of every StackWatcher, and of what deploys beside the CDK CLI: on the fakes and in the sandbox.

The sandbox's rollouts are over at once; what takes its time is in test_watching.py and tests/actions/test_watch.py.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass

import pytest
from fakes import FakeStacks, FakeWatcher
from sandboxes import start

from rajee_deploy.aws import Aws
from rajee_deploy.plan.state import StackAbsent, StackPresent
from rajee_deploy.rollout import Deployment, Message, ResourceEvent, Service
from rajee_deploy.rollout.spans import STACK_TYPE
from rajee_deploy.rollout.standing import StackService
from rajee_deploy.rollout.verdict import is_stable, verdict
from rajee_deploy.sandbox import control
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.update import Accepted, Updates
from rajee_deploy.stack.watching import Watching

IMAGE = "registry.test/team/app"
TEMPLATE = {
    "Parameters": {"ImageTag": {"Type": "String"}, "Other": {"Type": "String", "Default": "o"}},
    "Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "app",
                "ContainerDefinitions": [
                    {"Name": "app", "Memory": 64, "Image": {"Fn::Join": [":", [IMAGE, {"Ref": "ImageTag"}]]}}
                ],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1},
        },
    },
    "Outputs": {"Tag": {"Value": {"Ref": "ImageTag"}}, "Other": {"Value": {"Ref": "Other"}}},
}


@dataclass
class World:
    """A stack with one ECS service that runs the image c-1, and its ports."""

    watcher: object
    reader: object
    updater: object
    stack: str
    since: float

    def update(self, **parameters: str) -> Accepted:
        state = self.reader.describe(self.stack)
        return self.updater.update(self.stack, state, parameters, f"rajee-deploy-{uuid.uuid4().hex}", {})


@dataclass
class FakeCloud(FakeStacks):
    """CloudFormation and ECS that do at once what they are told, as the sandbox does."""

    watcher: FakeWatcher | None = None

    def _apply(self, step, *arguments, **more):
        super()._apply(step, *arguments, **more)
        now = time.time()
        for resource, kind in (("Service", "AWS::ECS::Service"), (step.stack, STACK_TYPE)):
            event = ResourceEvent(uuid.uuid4().hex, now, resource, kind, "UPDATE_COMPLETE")
            self.watcher.happened.append(event)
        tag = dict(step.parameters)["ImageTag"]
        primary = Deployment(uuid.uuid4().hex, "PRIMARY", f"task:{tag}", 1, 0, 1, state="COMPLETED")
        said = Message(uuid.uuid4().hex, now, "(service app) has reached a steady state.")
        self.watcher.held = {"arn:service": [Service("app", (primary,), (said,))]}
        self.watcher.task_definitions[f"task:{tag}"] = (f"{IMAGE}:{tag}",)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("state"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", home)
        start()
        found = control.environment()
    yield found
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", home)
        control.stop()


@pytest.fixture(params=["fake", "sandbox"])
def world(request, monkeypatch):
    since = time.time() - 1
    if request.param == "fake":
        watcher = FakeWatcher()
        cloud = FakeCloud(app={"App": "one"}, watcher=watcher)
        cloud.stacks["App"] = StackPresent("CREATE_COMPLETE", {"ImageTag": "c-0", "Other": "o"}, {})
        found = World(watcher, cloud, cloud, "App", since)
        found.update(ImageTag="c-1")
        return found
    for name, value in request.getfixturevalue("sandbox").items():
        monkeypatch.setenv(name, value)
    aws = Aws(region="us-east-1")
    name = f"s{uuid.uuid4().hex[:12]}"
    given = [{"ParameterKey": "ImageTag", "ParameterValue": "c-1"}]
    aws.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE), Parameters=given)
    return World(Watching(aws), CloudFormation(aws), Updates(aws), name, since)


def running(world) -> tuple[Service, tuple[str, ...]]:
    (arn,) = world.watcher.services(world.stack)
    service = world.watcher.service(arn)
    return service, world.watcher.images(service.primary.task_definition)


def test_a_stack_that_is_not_there_has_neither_events_nor_services(world):
    if isinstance(world.watcher, FakeWatcher):
        world.watcher = FakeWatcher()
    assert world.watcher.events("no-such-stack", 0) == ()
    assert world.watcher.services("no-such-stack") == ()
    assert world.reader.describe("no-such-stack") == StackAbsent()


def test_a_service_that_settled_runs_its_image(world):
    service, images = running(world)
    assert is_stable(service)
    assert images == (f"{IMAGE}:c-1",)
    assert verdict(StackService("any"), service, images, {"team/app": ("c-1",)}).problem == ""
    assert any("steady state" in message.text for message in service.messages)
    (arn,) = world.watcher.services(world.stack)
    assert world.watcher.settings(arn).deregistration_delay is None


def test_an_update_keeps_the_other_parameters_and_is_seen_as_events_and_a_new_deployment(world):
    before, _ = running(world)
    known = {event.id for event in world.watcher.events(world.stack, world.since)}
    assert world.update(ImageTag="c-2") is Accepted.STARTED
    state = world.reader.describe(world.stack)
    assert (state.parameters["ImageTag"], state.parameters["Other"]) == ("c-2", "o")
    fresh = [event for event in world.watcher.events(world.stack, world.since) if event.id not in known]
    assert fresh[-1].type == STACK_TYPE
    assert fresh[-1].status == "UPDATE_COMPLETE"
    assert any(event.type != STACK_TYPE for event in fresh)
    after, images = running(world)
    assert after.primary.id != before.primary.id
    assert images == (f"{IMAGE}:c-2",)


def test_an_update_to_what_is_there_already_is_nothing_to_do(world):
    assert world.update(ImageTag="c-1") is Accepted.NOTHING


def test_no_event_is_older_than_asked_for(world):
    later = time.time() + 3600
    assert world.watcher.events(world.stack, later) == ()
