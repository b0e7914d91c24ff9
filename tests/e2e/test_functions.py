"""A Lambda function made of an image, through the shell: real cdk, real docker, the sandbox's AWS, behind a gateway
that stands where IAM stands, and that changes what Lambda answers where the sandbox's updates are over at once.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json

import given
import pytest
from gateway import Gateway
from projects import Project
from sandboxes import own_cloud

from rajee_deploy.aws.permissions import PermissionScope, needed_permissions
from rajee_deploy.model.names import Who

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

APP = """
import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr, aws_lambda as functions
from rajee_deploy.cdk import DeployState

app = cdk.App()
registry = cdk.Stack(app, "Registry")
DeployState(registry)
cdk.CfnResource(registry, "Images", type="AWS::ECR::Repository", properties={"RepositoryName": "team/fn"})
stack = cdk.Stack(app, "App")
tag = DeployState(stack, images=["ImageTag"]).image_tags["ImageTag"]
images = ecr.Repository.from_repository_name(stack, "Repository", "team/fn")
functions.DockerImageFunction(
    stack, "Function", function_name="fn", code=functions.DockerImageCode.from_ecr(images, tag_or_digest=tag)
)
app.synth()
"""
SETTINGS = """
[images.fn]
repository = "team/fn"
stack = "App"

[cdk]
app = "cdk"
stacks = ["Registry", "App"]
approval = "never"
tag-only = "cloudformation"
"""
GET = "lambda:GetFunction"


@pytest.fixture(scope="module")
def gateway():
    found = Gateway()
    yield found
    found.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory, gateway):
    root = tmp_path_factory.mktemp("functions")
    with own_cloud(root / "sandbox") as cloud:
        given.bootstrap(cloud)
        found = Project.made(root, cloud, APP, SETTINGS)
        gateway.server_port = int(cloud["AWS_ENDPOINT_URL"].rpartition(":")[2])
        gateway.user = found.environment["AWS_ACCESS_KEY_ID"]
        found.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{gateway.port}"
        yield found


@pytest.fixture(scope="module")
def calls():
    """The actions of Lambda's that were asked, by whoever has which policy."""
    return {Who.plan: set(), Who.up: set()}


@pytest.fixture
def run(project, gateway, calls):
    """Run a verb with the policy that is printed for it, and nothing else."""

    def run(*words, code=0):
        who = Who.plan if words[0] in ("plan", "status") else Who.up
        policy = json.loads(project.run("permissions", who.value).stdout)
        gateway.made()
        with gateway.refusing(lambda call: not call.is_allowed_by(policy) or (who is Who.plan and not call.is_users)):
            ended = project.run(*words, "--json", code=code)
        calls[who] |= {action for action in gateway.made() if action.startswith("lambda:")}
        return json.loads(ended.stdout) if code == 0 else ended.stderr

    return run


def function(project):
    return project.client("lambda").get_function(FunctionName="fn")


def digest(project, tag):
    found = project.client("ecr").batch_get_image(repositoryName="team/fn", imageIds=[{"imageTag": tag}])
    return found["images"][0]["imageId"]["imageDigest"]


def tag_of(done):
    return done["images"]["fn"]["tag"]


def updates(**changes):
    def change(answer):
        answer["Configuration"].update(changes)

    return change


def test_a_function_gets_the_image_that_was_built(project, run):
    done = run("up", "--yes")
    assert done["kind"] == "first"
    assert function(project)["Code"]["ResolvedImageUri"].endswith(digest(project, tag_of(done)))


def test_with_nothing_to_do_it_is_looked_at_once(project, run, gateway):
    assert run("plan")["kind"] == "noop"
    gateway.made()
    assert project.document("plan")["drift"] == []
    made = gateway.made()
    assert GET in made
    assert "cloudformation:ListStackResources" not in made


def test_other_code_is_another_image_of_the_function(project, run):
    before = function(project)["Code"]
    project.write("file", "2")
    done = run("up", "--yes")
    after = function(project)["Code"]
    assert done["kind"] == "code"
    assert after["ImageUri"].endswith(f"/team/fn:{tag_of(done)}")
    assert after["ResolvedImageUri"].endswith(digest(project, tag_of(done)))
    assert after["ResolvedImageUri"] != before["ResolvedImageUri"]
    assert run("up")["kind"] == "noop"
    (shown,) = run("status")["stacks"]["App"]["services"]
    assert (shown["kind"], shown["images"]) == ("function", [after["ImageUri"]])


def test_what_somebody_else_gave_it_is_told_and_put_back_where_that_is_asked_for(project, run):
    own = function(project)["Code"]["ImageUri"]
    other = own.rpartition(":")[0] + ":prev-App"
    project.client("lambda").update_function_code(FunctionName="fn", ImageUri=other)
    found = run("plan")
    (drift,) = found["drift"]
    assert (found["kind"], drift["standing"], drift["runs"]["task_definition"]) == ("noop", "other", other)
    assert drift["stack_says"]["task_definition"] == own
    assert function(project)["Code"]["ImageUri"] == other
    assert run("up", "--repair-drift")["kind"] == "repair"
    assert function(project)["Code"]["ImageUri"] == own
    assert run("plan")["drift"] == []


def test_an_update_that_failed_is_never_nothing_to_do(run, gateway):
    failed = {
        "LastUpdateStatus": "Failed",
        "LastUpdateStatusReasonCode": "ImageAccessDenied",
        "LastUpdateStatusReason": "Lambda does not have permission to access the ECR image.",
    }
    with gateway.saying(GET, updates(**failed)):
        assert run("plan")["kind"] == "confirm"
        said = run("up", code=1)
    assert "rollout-not-confirmed" in said
    assert "Lambda could not update fn (ImageAccessDenied)" in said
    assert "lambda.amazonaws.com" in said
    assert run("up")["kind"] == "noop"


@pytest.mark.proof
def test_an_update_that_goes_on_is_waited_for(run, gateway):
    left = 3  # looks

    def moves(answer):
        nonlocal left
        if left > 0:
            updates(LastUpdateStatus="InProgress")(answer)
        left -= 1

    with gateway.saying(GET, moves):
        assert run("up")["kind"] == "confirm"
    assert left < 0


def test_a_state_that_this_version_does_not_know_is_not_waited_for(run, gateway):
    with gateway.saying(GET, updates(State="Deactivated")):
        assert "the function fn is Deactivated, which this version does not know" in run("up", code=1)


def test_another_digest_than_the_repositorys_is_no_success(project, run, gateway):
    wrong = "sha256:" + "0" * 64

    def changes(answer):
        answer["Code"]["ResolvedImageUri"] = answer["Code"]["ResolvedImageUri"].partition("@")[0] + f"@{wrong}"

    project.write("file", "3")
    with gateway.saying(GET, changes):
        said = run("up", "--yes", code=1)
    assert "rollout-not-confirmed" in said
    assert f"the function fn has {wrong[:19]} as " in " ".join(said.split())


@pytest.mark.proof
def test_an_image_that_lambda_does_not_find_is_said_with_what_helps(project, run, gateway):
    before = function(project)["Code"]["ImageUri"]
    ecr = project.client("ecr")

    def removes():
        """A lifecycle rule, say, between the last look and the deployment."""
        found = digest(project, "live-App")
        ecr.batch_delete_image(repositoryName="team/fn", imageIds=[{"imageDigest": found}])

    project.write("file", "4")
    with gateway.before("cloudformation:UpdateStack", removes):
        said = run("up", "--yes", code=1)
    assert "deploy-not-confirmed" in said
    assert "does not exist. Provide a valid source image." in said
    assert "lifecycle rules" in said
    assert function(project)["Code"]["ImageUri"] == before
    assert run("up", "--yes")["kind"] == "code"
    assert function(project)["Code"]["ImageUri"] != before


def test_an_older_role_has_its_no_op(project, gateway):
    with gateway.refusing(lambda call: call.is_users and call.action == GET):
        ended = project.run("up")
    assert ended.stderr.count("[services-not-seen]") == 1
    assert "Nothing to do" in ended.stderr


def test_the_policies_are_the_calls_that_were_made(calls):
    for who in Who:
        needed = {one.action for one in needed_permissions(who) if one.scope is PermissionScope.FUNCTIONS}
        assert calls[who] == needed
