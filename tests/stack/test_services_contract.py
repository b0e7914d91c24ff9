"""The contract of every ServiceDoor, on the fake and in the sandbox; with a function that is made of an image."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fakes import FakeServices, FakeWatcher
from sandboxes import running_sandbox

from rajee_deploy.aws import Aws
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.declared import DeclaredService, DeclaredServices
from rajee_deploy.rollout.standing import StackService, Standing, standing
from rajee_deploy.sandbox import control
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.services import Services

TAG = {"Ref": "ImageTag"}
TEMPLATE = {
    "Parameters": {"ImageTag": {"Type": "String"}},
    "Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "app",
                "ContainerDefinitions": [{"Name": "a", "Memory": 64, "Image": {"Fn::Join": [":", ["team/app", TAG]]}}],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1},
        },
    },
}
OWN = Deployment("ecs-svc/1", "PRIMARY", "task/app:1", 1, 0, 1, state="COMPLETED")


@dataclass
class World:
    """A stack with one service that runs what the stack says, and the door to it."""

    door: Any
    stack: str
    state: StackPresent
    other: str  # a task definition that is none of the stack's

    def stands(self) -> Standing:
        (held,) = self.door.services_of(self.stack, self.state)
        return standing(held, self.door.services([held])[held.arn])


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    home = tmp_path_factory.mktemp("state")
    with running_sandbox(home), pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
        found = control.environment()
        yield found


@pytest.fixture(params=["fake", "sandbox"])
def world(request, monkeypatch):
    if request.param == "fake":
        watcher = FakeWatcher([], {"arn": [Service("app", (OWN,))]})
        state = StackPresent("CREATE_COMPLETE", {}, {}, services=DeclaredServices((DeclaredService("Service"),)))
        return World(FakeServices(watcher, {"arn": ("task/app:1", 1)}), "App", state, "task/other:1")
    for name, value in request.getfixturevalue("sandbox").items():
        monkeypatch.setenv(name, value)
    aws = Aws(region="us-east-1")
    name = f"s{uuid.uuid4().hex[:12]}"
    container = {"name": "other", "image": "nginx:1", "memory": 64}
    other = aws.client("ecs").register_task_definition(family="other", containerDefinitions=[container])
    given = [{"ParameterKey": "ImageTag", "ParameterValue": "c-1"}]
    aws.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE), Parameters=given)
    state = CloudFormation(aws).observe(name)
    assert isinstance(state, StackPresent)
    return World(Services(aws), name, state, other["taskDefinition"]["taskDefinitionArn"])


def test_a_service_runs_what_its_stack_says_until_somebody_has_it_run_another(world):
    assert world.stands() is Standing.RUNS
    (held,) = world.door.services_of(world.stack, world.state, fresh=True)
    assert held.desired == 1
    world.door.run(held, world.other)
    assert world.stands() is Standing.OTHER
    assert world.door.rolled_back(held) == ""
    world.door.run(held, held.task_definition)
    assert world.stands() is Standing.RUNS


def test_a_stack_whose_template_was_not_read_or_declares_nothing_holds_nothing(world):
    for services in (None, DeclaredServices()):
        assert world.door.services_of(world.stack, replace(world.state, services=services)) == ()
    assert world.door.services([]) == {}


def test_a_function_that_somebody_gave_another_image(sandbox, monkeypatch):
    """In the sandbox alone: ECS's fake knows no functions."""
    for name, value in sandbox.items():
        monkeypatch.setenv(name, value)
    aws = Aws(region="us-east-1")
    role = aws.client("iam").create_role(RoleName=uuid.uuid4().hex, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    ecr, functions = aws.client("ecr"), aws.client("lambda")
    uri = ecr.create_repository(repositoryName="team/function")["repository"]["repositoryUri"]
    for tag in ("c-1", "c-2"):
        ecr.put_image(repositoryName="team/function", imageManifest=manifest(tag), imageTag=tag)
    functions.create_function(FunctionName="made", Role=role, PackageType="Image", Code={"ImageUri": f"{uri}:c-1"})
    held = StackService("made", "/function:c-1", is_function=True)
    door = Services(aws)
    assert standing(held, door.services([held])["made"]) is Standing.RUNS
    functions.update_function_code(FunctionName="made", ImageUri=f"{uri}:c-2")
    assert standing(held, door.services([held])["made"]) is Standing.OTHER
    gone = StackService("gone", "", is_function=True)
    assert standing(gone, door.services([gone])["gone"]) is Standing.GONE


def manifest(text: str) -> str:
    kind = "application/vnd.oci.image.manifest.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": f"sha256:{text}"}, "layers": []})
