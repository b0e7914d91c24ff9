"""Stacks as the CDK names them, through the shell: physical names, a stage, wildcards. Real CDK CLI and Docker Engine.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import given
import pytest
from sandboxes import note_images_of, own_cloud

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

TOP = Path(__file__).parents[2]
APP = """
import aws_cdk as cdk
from rajee_deploy.cdk import DeployState

app = cdk.App()


def stack(scope, name, images=(), **options):
    made = cdk.Stack(scope, name, **options)
    DeployState(made, images=images)
    cdk.CfnResource(made, "Queue", type="AWS::SQS::Queue")
    return made


registry = stack(app, "Construct", stack_name="physical-name")
cdk.CfnResource(registry, "Images", type="AWS::ECR::Repository", properties={"RepositoryName": "team/api"})
stack(app, "ByName", stack_name="by-name", tags={"team": "b"})
dev = cdk.Stage(app, "Dev")
api = stack(dev, "Api", ["ImageTag"], tags={"team": "a"})
api.add_dependency(stack(dev, "Zdb"))
# more
app.synth()
"""
SETTINGS = """
[images.api]
repository = "team/api"
stack = "Dev/Api"

[cdk]
app = "cdk"
stacks = ["Construct", "Dev/*", "by-name"]
"""


class Project:
    """A project whose AWS is a sandbox."""

    def __init__(self, root: Path, cloud: dict[str, str]) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_DEPLOY_"))}
        self.environment = {
            **kept, **cloud, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RAJEE_DEPLOY_STATE_DIR": str(root.parent / "state"), "RAJEE_DEPLOY_CACHE_DIR": str(root.parent / "cache"),
        }  # fmt: skip

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def run(self, *words: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            ["rajee-deploy", *words], cwd=self.root, env={**self.environment, **environment}, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        assert ended.returncode == code, f"{words}\n{ended.stdout}\n{ended.stderr}"
        return ended

    def document(self, *words: str, **environment: str) -> dict:
        return json.loads(self.run(*words, "--json", **environment).stdout)

    def without_node(self) -> dict[str, str]:
        """Variables with which every start of node or an engine fails."""
        place = self.root.parent / "none"
        place.mkdir(exist_ok=True)
        for name in ("node", "npx", "docker"):
            (place / name).write_text("#!/bin/sh\nexit 1\n")
            (place / name).chmod(0o755)
        return {"PATH": f"{place}{os.pathsep}{self.environment['PATH']}", "DOCKER_HOST": "tcp://127.0.0.1:9"}

    def client(self, service: str, region: str = "us-east-1"):
        return boto3.client(
            service, region_name=region, endpoint_url=self.environment["AWS_ENDPOINT_URL"], aws_access_key_id="test",
            aws_secret_access_key="test",
        )  # fmt: skip

    def stacks(self, region: str = "us-east-1") -> dict[str, dict]:
        found = self.client("cloudformation", region).describe_stacks()["Stacks"]
        return {stack["StackName"]: stack for stack in found if stack["StackName"] != "CDKToolkit"}


def steps(document: dict) -> list[str]:
    return [f"{step['step']} {step.get('image') or step.get('stack')}" for step in document["steps"]]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("named")
    with own_cloud(root / "sandbox") as cloud:
        note_images_of(cloud["AWS_ENDPOINT_URL"])
        given.bootstrap(cloud)
        found = Project(root / "project", cloud)
        found.write("cdk/app.py", APP)
        found.write("cdk/cdk.json", json.dumps({"app": f"{sys.executable} app.py", "versionReporting": False}))
        found.write("rajee-deploy.toml", SETTINGS)
        found.write("Dockerfile", "FROM scratch\nCOPY file /\n")
        found.write("file", "1")
        # Of what lies outside of a checkout other machines know nothing.
        (found.root / ".git").mkdir()
        for name in ("__init__.py", "cdk.py"):
            found.write(f"cdk/rajee_deploy/{name}", (TOP / "rajee_deploy" / name).read_text())
        (found.root / "node_modules").symlink_to(TOP / "infra" / "node_modules")
        yield found


def test_a_name_that_the_app_does_not_have_is_an_error_of_plan(project):
    project.replace("rajee-deploy.toml", '"by-name"', '"nothing"')
    try:
        said = project.run("plan", code=64).stderr
    finally:
        project.replace("rajee-deploy.toml", '"nothing"', '"by-name"')
    assert "no-such-stack" in said
    assert "it has: ByName (by-name), Construct (physical-name), Dev/Api (Dev-Api), Dev/Zdb (Dev-Zdb)" in said


def test_from_nothing_in_the_order_of_dependencies(project):
    planned = project.document("plan")
    done = project.document("up", "--yes")
    assert steps(done) == steps(planned)
    assert steps(done) == [
        "deploy physical-name", "deploy Dev-Zdb", "build-and-push api", "deploy Dev-Api", "deploy by-name",
    ]  # fmt: skip
    found = project.stacks()
    assert found.keys() == {"physical-name", "Dev-Zdb", "Dev-Api", "by-name"}
    assert found["Dev-Api"]["Tags"] == [{"Key": "team", "Value": "a"}]


def test_then_there_is_nothing_to_do_without_node(project):
    found = project.document("plan", **project.without_node())
    assert (found["steps"], found["infrastructure"]["tier"]) == ([], "hash")
    assert project.document("up", **project.without_node())["kind"] == "noop"


def test_a_new_image_goes_to_its_stack_alone_with_the_kept_assembly(project):
    project.write("file", "2")
    done = project.document("up")
    assert steps(done) == ["build-and-push api", "deploy Dev-Api"]
    assert "synth" not in [phase["name"] for phase in done["phases"]]
    assert project.document("plan", **project.without_node())["steps"] == []


def test_back_without_node(project):
    done = project.document("rollback", **project.without_node())
    assert done["images"]["api"]["stack"] == "Dev-Api"
    assert project.stacks()["Dev-Api"]["StackStatus"] == "UPDATE_COMPLETE"
    assert steps(project.document("plan")) == ["deploy Dev-Api"]
    project.document("up")


def test_status_needs_no_node_and_calls_stacks_as_cloudformation_does(project):
    found = project.document("status", **project.without_node())["stacks"]
    assert list(found) == ["physical-name", "Dev-Zdb", "Dev-Api", "by-name"]
    assert found["Dev-Api"]["images"]["api"]["matches"] is True


def test_a_stack_that_a_wildcard_means_from_now_on_is_deployed(project):
    project.replace("cdk/app.py", "# more", 'stack(dev, "New", stack_name="new")')
    try:
        assert steps(project.document("plan")) == ["deploy new"]
        project.document("up", "--yes")
        assert "new" in project.stacks()
        assert project.document("plan", **project.without_node())["steps"] == []
    finally:
        project.replace("cdk/app.py", 'stack(dev, "New", stack_name="new")', "# more")


def test_another_machine_decides_without_node_where_cloudformation_knows_the_names(project, tmp_path):
    project.replace("rajee-deploy.toml", '["Construct", "Dev/*", "by-name"]', '["physical-name", "Dev-Api", "by-name"]')
    project.replace("rajee-deploy.toml", '"Dev/Api"', '"Dev-Api"')
    elsewhere = {"RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "cache"), "RAJEE_DEPLOY_STATE_DIR": str(tmp_path / "state")}
    project.document("up", "--yes", **elsewhere)
    fresh = {"RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "more"), "RAJEE_DEPLOY_STATE_DIR": str(tmp_path / "state")}
    found = project.document("plan", **fresh, **project.without_node())
    assert (found["steps"], found["infrastructure"]["tier"]) == ([], "hash")
