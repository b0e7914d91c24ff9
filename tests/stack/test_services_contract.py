"""The contract of every ServiceDoor, on the fake and in the sandbox; with a function that is made of an image."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fakes import FakeServices, FakeWatcher, function_with
from sandboxes import running_sandbox

from rajee_deploy.aws import Aws
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.declared import DeclaredService, DeclaredServices
from rajee_deploy.rollout.function_images import digest_of
from rajee_deploy.rollout.standing import StackService, Standing, standing
from rajee_deploy.sandbox import control
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.services import Services
from rajee_deploy.stack.watching import Watching

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
DIGEST = "sha256:" + "d" * 64
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


@dataclass
class Functions:
    """A function that has an image, the door and the watcher to it, and the address of another image."""

    door: Any
    watcher: Any
    held: StackService
    other: str

    def stands(self) -> Standing:
        return standing(self.held, self.door.services([self.held])[self.held.arn])


@pytest.fixture(params=["fake", "sandbox"])
def functions(request, monkeypatch):
    if request.param == "fake":
        watcher = FakeWatcher(functions={"made": [function_with("made", "h.test/team/f:c-1", DIGEST)], "zip": [None]})
        held = StackService("made", "h.test/team/f:c-1", is_function=True)
        return Functions(FakeServices(watcher, functions={"made": held.task_definition}), watcher, held, "h.test/f:c-2")
    for name, value in request.getfixturevalue("sandbox").items():
        monkeypatch.setenv(name, value)
    aws = Aws(region="us-east-1")
    name = f"f{uuid.uuid4().hex[:12]}"
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    ecr, client = aws.client("ecr"), aws.client("lambda")
    uri = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    for tag in ("c-1", "c-2"):
        ecr.put_image(repositoryName=name, imageManifest=manifest(tag), imageTag=tag)
    code = {"ImageUri": f"{uri}:c-1"}
    client.create_function(FunctionName=name, Role=role, PackageType="Image", Code=code)
    if not any(one["FunctionName"] == "zip" for one in client.list_functions()["Functions"]):
        code_of_zip = {"ZipFile": b"z"}
        client.create_function(FunctionName="zip", Role=role, Runtime="python3.12", Handler="h", Code=code_of_zip)
    return Functions(Services(aws), Watching(aws), StackService(name, code["ImageUri"], is_function=True), f"{uri}:c-2")


def test_a_function_has_its_stacks_image_until_somebody_gives_it_another(functions):
    assert functions.stands() is Standing.RUNS
    functions.door.run(functions.held, functions.other)
    assert functions.stands() is Standing.OTHER
    functions.door.run(functions.held, functions.held.task_definition)
    assert functions.stands() is Standing.RUNS


def test_a_function_that_is_not_there(functions):
    gone = StackService("gone", "", is_function=True)
    assert standing(gone, functions.door.services([gone])["gone"]) is Standing.GONE
    assert functions.watcher.function("App", "gone").image is None


def test_a_function_while_its_stack_is_deployed(functions):
    found = functions.watcher.function("App", functions.held.arn)
    assert found.image.address == functions.held.task_definition
    assert found.primary.state == "COMPLETED"
    assert digest_of(found.image).startswith("sha256:")
    assert found.image.architecture == "x86_64"
    assert functions.watcher.function("App", "zip") is None


def manifest(text: str) -> str:
    kind = "application/vnd.oci.image.manifest.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": f"sha256:{text}"}, "layers": []})
