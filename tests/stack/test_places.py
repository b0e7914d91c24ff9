"""Stacks that live in another region or account than the caller, through the shell, with the real CDK CLI.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json

import given
import pytest
from projects import Project, steps
from sandboxes import own_cloud

pytestmark = [pytest.mark.docker, pytest.mark.cdk, pytest.mark.proof]

OTHER = "222222222222"
APP = f"""
import aws_cdk as cdk
from rajee_deploy.cdk import DeployState

app = cdk.App()
west = cdk.Environment(account="123456789012", region="us-west-2")
far = cdk.Environment(account="{OTHER}", region="eu-west-1")


def stack(name, images=(), **options):
    made = cdk.Stack(app, name, **options)
    DeployState(made, images=images)
    cdk.CfnResource(made, "Queue", type="AWS::SQS::Queue", properties={{"VisibilityTimeout": 30}})
    return made


stack("Twin", stack_name="edge")
images = stack("Images", env=west)
cdk.CfnResource(images, "Images", type="AWS::ECR::Repository", properties={{"RepositoryName": "team/edge"}})
cdk.CfnResource(images, "Far", type="AWS::ECR::Repository", properties={{"RepositoryName": "team/far"}})
stack("Edge", ["ImageTag"], stack_name="edge", env=west).add_dependency(images)
stack("Far", ["ImageTag"], env=far)
app.synth()
"""
SETTINGS = """
[images.edge]
repository = "team/edge"
stack = "Edge"

[images.far]
repository = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/far"
dockerfile = "far/Dockerfile"
stack = "Far"

[cdk]
app = "cdk"
stacks = ["Twin", "Images", "Edge", "Far"]

[environments.guarded]
account = "123456789012"
region = "us-east-1"

[environments.agreed]
account = "123456789012"
stack-accounts = ["222222222222"]
"""
WEST, ALL = "edge (us-west-2)", ["edge", "Images (us-west-2)", "edge (us-west-2)", f"Far ({OTHER}/eu-west-1)"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("places")
    with own_cloud(root / "sandbox") as cloud:
        given.bootstrap(cloud)
        made = Project.made(root, cloud, APP, SETTINGS)
        made.write("far/Dockerfile", "FROM scratch\nCOPY far/file /\n")
        made.write("far/file", "1")
        sts = made.client("sts")
        role = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/other", RoleSessionName="other")["Credentials"]
        made.other = {
            "aws_access_key_id": role["AccessKeyId"],
            "aws_secret_access_key": role["SecretAccessKey"],
            "aws_session_token": role["SessionToken"],
        }
        yield made


def test_a_place_that_is_not_bootstrapped_is_named(project):
    said = project.run("up", "--yes", code=1).stderr
    assert "not-bootstrapped" in said
    assert "npx cdk bootstrap aws://123456789012/us-west-2" in said
    assert project.stacks() == project.stacks("us-west-2") == {}
    given.bootstrap(project.environment, "us-west-2")
    given.bootstrap(project.environment, "eu-west-1", **project.other)


def test_the_guard_of_an_account_holds_for_stacks_too(project):
    said = project.run("plan", "-e", "guarded", code=64).stderr
    assert "wrong-account" in said
    assert f'stack-accounts = ["{OTHER}"]' in said


def test_each_stack_is_deployed_and_found_where_it_lives(project):
    planned = project.document("plan")
    done = project.document("up", "--yes", "--outputs-file=outputs.json")
    assert steps(done) == steps(planned)
    builds = ["build-and-push edge", "build-and-push far"]
    first, second, *others = (f"deploy {stack}" for stack in ALL)
    assert steps(done) == [first, second, *builds, *others]
    assert project.stacks().keys() == {"edge"}
    assert project.stacks("us-west-2").keys() == {"Images", "edge"}
    assert project.stacks("eu-west-1", **project.other).keys() == {"Far"}
    outputs = json.loads((project.root / "outputs.json").read_text())
    assert outputs.keys() == {"edge", "Images", WEST, "Far"}


def test_its_image_is_in_the_registry_of_its_place(project):
    images = project.client("ecr", "us-west-2").describe_images(repositoryName="team/edge")["imageDetails"]
    tags = {tag for image in images for tag in image.get("imageTags", ())}
    assert "live-edge" in tags, "as for whoever deploys it from there"
    here = project.client("ecr").describe_repositories()["repositories"]
    assert "team/edge" not in [repository["repositoryName"] for repository in here]


def test_then_there_is_nothing_to_do_without_node(project):
    found = project.document("plan", **project.without_node())
    assert (found["steps"], found["infrastructure"]["tier"]) == ([], "hash")
    assert project.document("up", **project.without_node())["kind"] == "noop"
    assert list(project.document("status", **project.without_node())["stacks"]) == ALL


def test_what_somebody_else_changes_there_is_seen(project):
    for region, keys, key in (("us-west-2", {}, WEST), ("eu-west-1", project.other, ALL[3])):
        cloudformation = project.client("cloudformation", region, **keys)
        cloudformation.update_termination_protection(StackName=key.partition(" ")[0], EnableTerminationProtection=True)
        assert steps(project.document("plan")) == [f"deploy {key}"]
        project.document("up", "--yes")
        assert project.document("plan")["steps"] == []


def test_a_new_image_by_cloudformation_alone_and_back(project):
    settings = (project.root / "rajee-deploy.toml").read_text()
    project.replace("rajee-deploy.toml", "[cdk]", '[cdk]\ntag-only = "cloudformation"')
    try:
        project.write("file", "2")
        before = project.stacks("us-west-2")["edge"]["Parameters"]
        done = project.document("up")
        assert steps(done) == ["build-and-push edge", f"deploy {WEST}"]
        assert project.stacks("us-west-2")["edge"]["Parameters"] != before
        back = project.document("rollback", "--image=edge", **project.without_node())
        assert back["images"]["edge"]["stack"] == WEST
        assert project.stacks("us-west-2")["edge"]["Parameters"] == before
    finally:
        project.write("file", "1")
        project.write("rajee-deploy.toml", settings)
    assert project.document("plan", **project.without_node())["steps"] == []


def test_what_runs_there_explains_itself(project, tmp_path):
    """On a machine that built nothing: what the image was made of lies beside it, in the registry of its place."""
    project.write("file", "3")
    try:
        elsewhere = {"RAJEE_DEPLOY_STATE_DIR": str(tmp_path)}
        said = project.run("explain", "--image=edge", "--since=deployed", **elsewhere).stdout
    finally:
        project.write("file", "1")
    assert "file" in said
    assert "the registry" in said


def test_the_same_in_another_account_whose_image_is_in_ours(project):
    def parameters():
        return project.stacks("eu-west-1", **project.other)["Far"]["Parameters"]

    settings = (project.root / "rajee-deploy.toml").read_text()
    project.replace("rajee-deploy.toml", "[cdk]", '[cdk]\ntag-only = "cloudformation"')
    try:
        project.write("far/file", "2")
        before = parameters()
        assert steps(project.document("up")) == ["build-and-push far", f"deploy {ALL[3]}"]
        assert parameters() != before
        back = project.document("rollback", "--image=far", **project.without_node())
        assert back["images"]["far"]["stack"] == ALL[3]
        assert parameters() == before
    finally:
        project.write("far/file", "1")
        project.write("rajee-deploy.toml", settings)
    assert project.document("plan", **project.without_node())["steps"] == []


def test_one_that_changes_is_deployed_alone(project):
    project.replace("cdk/app.py", '["ImageTag"], env=far)', '["ImageTag"], env=far, description="far")')
    assert steps(project.document("up", "--yes", "--no-wait")) == [f"deploy {ALL[3]}"]
    assert project.document("plan", **project.without_node())["steps"] == []
    assert project.stacks("eu-west-1", **project.other)["Far"]["Description"] == "far"


def test_accounts_that_the_settings_agree_to(project):
    assert project.document("plan", "-e", "agreed")["steps"] == []


def test_what_the_policies_name(project):
    policy = json.loads(project.run("permissions", "up", "-e", "agreed", "--region", "us-east-1").stdout)
    named = [arn for each in policy["Statement"] for arn in each["Resource"]]
    assert "arn:aws:cloudformation:us-west-2:123456789012:stack/edge/*" in named
    assert f"arn:aws:iam::{OTHER}:role/cdk-*" in named
