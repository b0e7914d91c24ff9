"""Somebody else acts in the middle of an `up`, on real parts: it does what was agreed to, or it refuses.

A gateway before the sandbox lets them act just before a call of AWS. Between each two steps they do in
tests/actions/test_outsider.py, over fakes. The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import boto3
import given
import pytest
from gateway import Gateway

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
STACK = "RajeeEnvoyStack"
ELSEWHERE = "222222222222"
PUSH = "ecr:PutImage"


@pytest.fixture(scope="module")
def gateway():
    found = Gateway()
    yield found
    found.close()


@pytest.fixture(scope="module")
def registry_port(gateway):
    return gateway.port


@pytest.fixture(scope="module")
def shared(synthesised, gateway):
    """The shell in a git repository, whose AWS is behind the gateway; the service is deployed."""
    environment = synthesised.environment
    gateway.server_port = int(environment["AWS_ENDPOINT_URL"].rpartition(":")[2])
    environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{gateway.port}"
    git(synthesised, "init", "--quiet")
    commit(synthesised, "one")
    synthesised.run("rajee-deploy up")
    return synthesised


def git(shell, *arguments: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.test", "-c", "init.defaultBranch=main"]
    argv = ["git", *own, "-C", str(shell.folder), *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def commit(shell, text: str) -> None:
    path = shell.folder / ENVOY
    path.write_text(f"# {text}\n{path.read_text()}")
    git(shell, "add", "--all")
    git(shell, "commit", "--quiet", "--message", text)


def client(shell, service: str, keys: dict[str, str] | None = None) -> Any:
    """Somebody else's client."""
    chosen = shell.environment
    own = {name.lower(): chosen[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    keys = keys or own
    return boto3.client(service, "us-east-1", endpoint_url=chosen["AWS_ENDPOINT_URL"], **keys)


def parameters(shell) -> dict[str, str]:
    (stack,) = client(shell, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def update(shell, template: str = "", **changed: str) -> None:
    """Somebody updates the stack by hand."""
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in parameters(shell) if key not in changed]
    new = [{"ParameterKey": key, "ParameterValue": value} for key, value in changed.items()]
    body = {"TemplateBody": template} if template else {"UsePreviousTemplate": True}
    client(shell, "cloudformation").update_stack(
        StackName=STACK, Parameters=[*kept, *new], Capabilities=["CAPABILITY_IAM"], **body
    )


def tag_here(shell) -> str:
    return shell.run("rajee-deploy fingerprint").stdout.strip()


def is_ours(shell) -> None:
    """The stack runs what this checkout makes, and nothing is left to do."""
    found = parameters(shell)
    assert (found["ImageTag"], found["RajeeRevision"]) == (tag_here(shell), git(shell, "rev-parse", "HEAD"))
    assert json.loads(shell.run("rajee-deploy plan --json").stdout)["kind"] == "noop"


def test_somebody_deploys_another_image(shared, gateway):
    former = parameters(shared)["ImageTag"]
    commit(shared, "two")
    with gateway.before(PUSH, lambda: update(shared, RajeeRevision="-", ImageTag="c-" + "0" * 40)):
        ended = shared.run("rajee-deploy up")
    assert "somebody else changed stack" in ended.stderr
    assert former != parameters(shared)["ImageTag"]
    is_ours(shared)


def test_somebody_edits_the_template(shared, gateway):
    body = client(shared, "cloudformation").get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
    theirs = {**body, "Outputs": {**body["Outputs"], "Theirs": {"Value": "theirs"}}}
    commit(shared, "three")
    with gateway.before(PUSH, lambda: update(shared, json.dumps(theirs))):
        ended = shared.run("rajee-deploy up")
    assert "somebody else changed stack" in ended.stderr
    now = client(shared, "cloudformation").get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
    assert "Theirs" not in now["Outputs"]
    is_ours(shared)


def test_somebody_checks_out_another_commit(shared, gateway):
    """That makes the same image, so that only its revision tells."""
    commit(shared, "four")
    (shared.folder / "NOTES.md").write_text("notes")
    git(shared, "add", "--all")
    git(shared, "commit", "--quiet", "--message", "notes")
    with gateway.before(PUSH, lambda: git(shared, "checkout", "--quiet", "HEAD~1")):
        ended = shared.run("rajee-deploy up")
    assert "moved to another revision since this was planned" in ended.stderr
    is_ours(shared)
    git(shared, "checkout", "--quiet", "main")


def test_somebody_checks_out_a_commit_that_makes_another_image(shared, gateway):
    commit(shared, "four and a half")
    before = parameters(shared)
    with gateway.before(PUSH, lambda: git(shared, "checkout", "--quiet", "HEAD~1")):
        ended = shared.run("rajee-deploy up", code=1)
    assert "explain-error file-changed\n" in ended.stderr
    assert parameters(shared) == before
    git(shared, "checkout", "--quiet", "main")


def test_somebody_edits_the_app_so_that_permissions_get_broader(shared, gateway):
    """What is deployed is the assembly that was planned and agreed to, whatever the app makes by now."""
    commit(shared, "five")
    before = (shared.folder / "infra" / given.NAME / f"{STACK}.template.json").read_text()

    def broaden() -> None:
        given.edit(shared.folder / "infra", '"ecr:GetAuthorizationToken"', '"*"')

    with gateway.before(PUSH, broaden):
        shared.run("rajee-deploy up")
    now = client(shared, "cloudformation").get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
    assert "ecr:GetAuthorizationToken" in json.dumps(now)
    (shared.folder / "infra" / given.NAME / f"{STACK}.template.json").write_text(before)
    is_ours(shared)


def test_somebody_names_another_account_in_the_app(shared, gateway):
    """Profiles of cdk.json are not followed."""
    commit(shared, "six")
    path = shared.folder / "infra" / "cdk.json"
    before = path.read_text()
    config = shared.folder.parent / "config"
    role = client(shared, "sts").assume_role(RoleArn=f"arn:aws:iam::{ELSEWHERE}:role/other", RoleSessionName="other")
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    made = (role["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    keys = dict(zip(names, made, strict=True))
    config.write_text("[profile other]\n" + "".join(f"{name} = {value}\n" for name, value in keys.items()))

    def change() -> None:
        path.write_text(json.dumps({**json.loads(before), "profile": "other"}))

    with gateway.before(PUSH, change):
        shared.run("rajee-deploy up", AWS_CONFIG_FILE=str(config))
    path.write_text(before)
    assert client(shared, "cloudformation", keys).list_stacks()["StackSummaries"] == []
    is_ours(shared)


def test_somebody_has_the_service_run_something_else(shared, gateway):
    """Once CloudFormation has done its part, and before it is confirmed."""
    commit(shared, "six and a half")
    former, ecs = parameters(shared)["ImageTag"], client(shared, "ecs")
    container = {"name": "other", "image": "nginx:1", "memory": 64}
    made = ecs.register_task_definition(family="other", containerDefinitions=[container])["taskDefinition"]
    resources = client(shared, "cloudformation").list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    (service,) = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::ECS::Service"]

    def act() -> None:
        cluster = service.split("/")[-2]
        ecs.update_service(cluster=cluster, service=service, taskDefinition=made["taskDefinitionArn"])

    with gateway.before("ecs:DescribeServices", act, lambda: parameters(shared)["ImageTag"] != former):
        ended = shared.run("rajee-deploy up", code=1)
    assert "explain-error rollout-not-confirmed\n" in ended.stderr
    assert "service-drift" in shared.run("rajee-deploy plan").stderr
    assert json.loads(shared.run("rajee-deploy up --repair-drift --json").stdout)["kind"] == "repair"
    is_ours(shared)


def test_somebody_moves_the_tag(shared, gateway):
    """Between the plan, which found the image, and its deployment. An immutable repository refuses them."""
    former = parameters(shared)["ImageTag"]
    commit(shared, "seven")
    shared.run("rajee-deploy up")
    update(shared, ImageTag=former)
    ecr, tag = client(shared, "ecr"), tag_here(shared)
    (image,) = ecr.batch_get_image(repositoryName="raja/envoy", imageIds=[{"imageTag": former}])["images"]
    theirs = {"imageManifest": image["imageManifest"], "imageManifestMediaType": image["imageManifestMediaType"]}

    def move() -> None:
        ecr.put_image_tag_mutability(repositoryName="raja/envoy", imageTagMutability="MUTABLE")
        ecr.put_image(repositoryName="raja/envoy", imageTag=tag, **theirs)

    with gateway.before("ssm:GetParameter", move):
        ended = shared.run("rajee-deploy up", code=1)
    assert "explain-error image-not-ours\n" in ended.stderr
    assert parameters(shared)["ImageTag"] == former
