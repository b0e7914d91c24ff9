"""Services that ECS does not roll out by itself: they are shown, nothing is claimed of them, and `up` says so.

With the real CDK CLI, in the sandbox. https://github.com/aws/copilot-cli/issues/1061: such a service has task sets.
"""

from __future__ import annotations

import json
import urllib.request

import boto3
import pytest
from registry_images import digest_of, make_image
from sandboxes import own_cloud
from stack.test_bare import ASSETS, KEYS, TEMPLATE, World

pytestmark = [pytest.mark.cdk, pytest.mark.proof]

SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
parameter = "ImageTag"
[cdk]
app = "cdk"
stacks = ["App"]
"""
IMAGE = {"Fn::Join": [":", ["team/app", {"Ref": "ImageTag"}]]}
TASK = {
    "Type": "AWS::ECS::TaskDefinition",
    "Properties": {"Family": "app", "ContainerDefinitions": [{"Name": "app", "Memory": 64, "Image": IMAGE}]},
}


def service(kind: str):
    named = {"TaskDefinition": {"Ref": "Task"}} if kind != "EXTERNAL" else {}
    properties = {"Cluster": {"Ref": "Cluster"}, "DesiredCount": 1, "DeploymentController": {"Type": kind}, **named}
    return {"Type": "AWS::ECS::Service", "Properties": properties}


SERVICES = {"Ours": service("ECS"), "Theirs": service("CODE_DEPLOY"), "Nobodys": service("EXTERNAL")}
APP = {
    **TEMPLATE,
    "Parameters": {**TEMPLATE["Parameters"], "ImageTag": {"Type": "String"}},
    "Outputs": {**TEMPLATE["Outputs"], "Tag": {"Value": {"Ref": "ImageTag"}}},
    "Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}, "Task": TASK, **SERVICES},
}


def document(told: str):
    """The JSON among what a command said."""
    return json.JSONDecoder().raw_decode(told[told.index("{") :])[0]


class Service:
    """Somebody's machine, and the cloud that it deploys to."""

    def __init__(self, root, cloud) -> None:
        self.cloud = cloud
        self.client("s3").create_bucket(Bucket=ASSETS)
        self.client("ecr").create_repository(repositoryName="team/app")
        self.machine = World(root, cloud, "python").usual()
        self.machine.write("rajee-deploy.toml", SETTINGS)
        self.machine.write("Dockerfile", "FROM scratch\nCOPY README.md /\n")
        self.machine.write("cdk/template.json", json.dumps(APP))

    def client(self, name: str):
        return boto3.client(name, endpoint_url=self.cloud["AWS_ENDPOINT_URL"], **KEYS)

    def push(self) -> str:
        """As if another machine had built what this checkout asks for; the tag."""
        made = document(self.machine.run("fingerprint", "--json"))
        image = make_image(made["digest"])
        self._send("POST", f"blobs/uploads/?digest={digest_of(image.configuration)}", image.configuration)
        self._send("PUT", f"manifests/{made['tag']}", image.manifest.encode(), image.media_type)
        return made["tag"]

    def _send(self, method: str, path: str, body: bytes, media_type: str = "application/octet-stream") -> None:
        (told,) = self.client("ecr").get_authorization_token()["authorizationData"]
        headers = {"Authorization": f"Basic {told['authorizationToken']}", "Content-Type": media_type}
        address = f"{self.cloud['AWS_ENDPOINT_URL']}/v2/team/app/{path}"
        urllib.request.urlopen(urllib.request.Request(address, body, headers, method=method)).read()

    def add_task_set(self, name: str) -> None:
        """As CodeDeploy does it."""
        ecs, task = self.client("ecs"), self.named("Task")
        where = {"cluster": self.named("Cluster"), "service": self.named(name)}
        made = ecs.create_task_set(**where, taskDefinition=task, scale={})["taskSet"]
        ecs.update_service_primary_task_set(**where, primaryTaskSet=made["taskSetArn"])

    def named(self, resource: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(StackName="App", LogicalResourceId=resource)
        return found["StackResourceDetail"]["PhysicalResourceId"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("controllers")
    with own_cloud(root / "state") as cloud:
        yield Service(root, cloud)


def test_up_confirms_what_ecs_rolls_out_and_says_what_it_does_not(world):
    tag = world.push()
    told = world.machine.run("up")
    assert "✓ create" in told
    said = [line for line in told.splitlines() if "nothing is confirmed here" in line]
    assert ["CODE_DEPLOY rolls out" in said[0], "EXTERNAL rolls out" in said[1], len(said)] == [True, True, 2]
    assert "Ours itself" not in told
    assert "Nothing to do" in world.machine.run("plan", "--detailed-exitcode")
    world.tag = tag


def test_status_shows_their_task_sets(world):
    told = world.machine.run("status")
    assert "0/0 running, not stable, rolled out by CODE_DEPLOY" in told
    assert "what ECS runs is not known" not in told
    world.add_task_set("Theirs")
    told = world.machine.run("status")
    assert f"rolled out by CODE_DEPLOY: team/app:{world.tag}" in told
    shown = world.machine.run("status", "--json")
    stack = document(shown)["stacks"]["App"]
    assert sorted(each["controller"] for each in stack["services"]) == ["CODE_DEPLOY", "ECS", "EXTERNAL"]
