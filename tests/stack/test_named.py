"""Stacks as the CDK names them, through the shell: physical names, a stage, wildcards. Real CDK CLI and Docker Engine.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import given
import pytest
from projects import Project, steps
from sandboxes import own_cloud

pytestmark = [pytest.mark.docker, pytest.mark.cdk, pytest.mark.proof]

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


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("named")
    with own_cloud(root / "sandbox") as cloud:
        given.bootstrap(cloud)
        yield Project.made(root, cloud, APP, SETTINGS)


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
        "deploy physical-name",
        "deploy Dev-Zdb",
        "build-and-push api",
        "deploy Dev-Api",
        "deploy by-name",
    ]
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


def test_broader_permissions_of_a_stack_in_a_stage_are_asked_about(project):
    settings = (project.root / "rajee-deploy.toml").read_text()
    role = 'cdk.aws_iam.Role(api, "Role", assumed_by=cdk.aws_iam.AccountRootPrincipal())'
    project.replace("cdk/app.py", "# more", role)
    project.replace("rajee-deploy.toml", "[cdk]", '[cdk]\napproval = "broadening"')
    try:
        said = project.run("up", code=1).stderr
        assert "approval-needed" in said
        assert "Dev-Api would get broader permissions" in said
        assert "sts:AssumeRole" in said
    finally:
        project.write("rajee-deploy.toml", settings)
        project.replace("cdk/app.py", role, "# more")
    assert project.document("plan", **project.without_node())["steps"] == []


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
