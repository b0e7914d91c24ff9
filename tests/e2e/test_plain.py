"""An app that declares nothing of ours and takes its tag as a context value: real cdk, real docker, the sandbox's AWS.
In `make test` it writes its own cloud assembly, in `make proof` aws-cdk-lib does.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json

import boto3
import pytest
from collectors import Collector
from sampled import some

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

SETTINGS = """
[images.app]
repository = "plain/app"
stack = "Plain"
context-key = "imageTag"
[cdk]
app = "cdk"
stacks = ["PlainRegistry", "Plain"]
approval = "never"
[environments.sandbox-offline]
"""
BY_AWS_CDK = """
import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr, aws_ecs as ecs

app = cdk.App()
ecr.CfnRepository(cdk.Stack(app, "PlainRegistry"), "Images", repository_name="plain/app")
tag = app.node.try_get_context("imageTag")
ecs.CfnTaskDefinition(
    cdk.Stack(app, "Plain"), "Task", family="first",
    container_definitions=[{"name": "app", "image": "plain/app:" + tag, "memory": 64}],
)
app.synth()
"""
BY_ITSELF = """
import hashlib, json, os, pathlib

out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(exist_ok=True)
tag = json.loads(os.environ["CDK_CONTEXT_JSON"])["imageTag"]
container = {"Name": "app", "Image": "plain/app:" + tag, "Memory": 64}
task = {"Family": "first", "ContainerDefinitions": [container]}
stacks = {
    "PlainRegistry": ("AWS::ECR::Repository", {"RepositoryName": "plain/app"}),
    "Plain": ("AWS::ECS::TaskDefinition", task),
}
bucket = "cdk-hnb659fds-assets-123456789012-us-east-1"
artifacts = {}
for name, (kind, properties) in stacks.items():
    text = json.dumps({"Resources": {"Only": {"Type": kind, "Properties": properties}}})
    (out / f"{name}.template.json").write_text(text)
    key = hashlib.sha256(text.encode()).hexdigest() + ".json"
    asset = {
        "source": {"path": f"{name}.template.json", "packaging": "file"},
        "destinations": {"here": {"bucketName": bucket, "objectKey": key}},
    }
    assets = {"version": "36.0.0", "files": {key: asset}, "dockerImages": {}}
    (out / f"{name}.assets.json").write_text(json.dumps(assets))
    artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
    artifacts[name] = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "dependencies": [f"{name}.assets"],
        "properties": {
            "templateFile": f"{name}.template.json",
            "stackTemplateAssetObjectUrl": f"s3://{bucket}/{key}",
        },
    }
(out / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": artifacts}))
"""
APP = some("apps that take their tag as a context value", [BY_ITSELF, BY_AWS_CDK], 2)[-1]
UP = "cd infra/plain && rajee-deploy up --json"


@pytest.fixture(scope="module")
def project(bootstrapped):
    folder = bootstrapped.folder / "infra" / "plain"
    (folder / "cdk").mkdir(parents=True)
    (folder / "rajee-deploy.toml").write_text(SETTINGS)
    (folder / "cdk" / "cdk.json").write_text('{"app": "python3 app.py"}')
    (folder / "cdk" / "app.py").write_text(APP)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY hello /hello\n")
    (folder / "hello").write_text("one")
    return bootstrapped


@pytest.fixture
def no_node(tmp_path):
    """A PATH entry where node and cdk tell that they were started, and fail."""
    for name in ("node", "npx"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho called >> {tmp_path / 'called'}\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def client(shell, service: str):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    keys = {name.lower(): shell.environment[name] for name in names}
    return boto3.client(service, endpoint_url=shell.environment["AWS_ENDPOINT_URL"], region_name="us-east-1", **keys)


def record(shell) -> dict:
    return json.loads(client(shell, "ssm").get_parameter(Name="/rajee-deploy/Plain")["Parameter"]["Value"])


def deployed(shell) -> str:
    """The template as it is deployed."""
    return json.dumps(client(shell, "cloudformation").get_template(StackName="Plain")["TemplateBody"])


def up(shell, **environment: str) -> dict:
    return json.loads(shell.run(UP, **environment).stdout)


def is_quiet(shell, no_node, **environment: str) -> bool:
    path = f"{no_node}:{shell.environment['PATH']}"
    ended = shell.run(f"{UP} --infra-check=auto", PATH=path, **environment)
    return json.loads(ended.stdout)["kind"] == "noop" and not (no_node / "called").exists()


def test_the_first_is_deployed_and_recorded(project):
    done = up(project)
    tag = done["images"]["app"]["tag"]
    assert done["kind"] == "first"
    assert record(project)["tags"] == {"app": tag}
    assert f"plain/app:{tag}" in deployed(project)


def test_nothing_to_do_starts_no_node(project, no_node):
    """And no collector of spans changes how it ends."""
    assert is_quiet(project, no_node, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")


def test_other_code_is_another_tag_in_the_template(project, no_node):
    (project.folder / "infra/plain/hello").write_text("two")
    before = record(project)
    with Collector().listening() as collector:
        tag = up(project, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)["images"]["app"]["tag"]
    assert record(project)["tags"] == {"app": tag} != before["tags"]
    assert f"plain/app:{tag}" in deployed(project)
    spans = json.loads(collector.sent[0].body)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert spans[0]["name"] == "rajee-deploy up"
    assert {"build and push app", "deploy Plain"} <= {each["name"] for each in spans[1:]}
    assert is_quiet(project, no_node)


def test_other_infrastructure_is_deployed_with_the_same_tag(project, no_node):
    path = project.folder / "infra/plain/cdk/app.py"
    path.write_text(APP.replace('"first"', '"second"'))
    before = record(project)
    ended = project.run(UP)
    assert "the template differs" in ended.stderr
    assert "→ c-" not in ended.stderr
    assert record(project)["tags"] == before["tags"]
    assert record(project)["infrastructure"] != before["infrastructure"]
    assert '"second"' in deployed(project)
    assert is_quiet(project, no_node)


# What else is no record: stack/test_deployment_record.
@pytest.mark.parametrize(
    "text", some("spoilt records", [None, "{", '{"schema": "rajee-deploy.record/1", "tags": {"app": 1}}'], 3)
)
def test_a_record_that_was_deleted_or_spoilt_is_made_again(project, no_node, text):
    before = record(project)
    ssm = client(project, "ssm")
    if text is None:
        ssm.delete_parameter(Name="/rajee-deploy/Plain")
    else:
        ssm.put_parameter(Name="/rajee-deploy/Plain", Value=text, Type="String", Overwrite=True)
    assert "none recorded" in project.run(UP).stderr
    assert record(project) == before
    assert is_quiet(project, no_node)


@pytest.mark.proof
def test_a_record_alone_is_not_believed(project):
    """Somebody deploys another tag behind our back; the record still says ours."""
    tag = record(project)["tags"]["app"]
    project.run(
        "cd infra/plain/cdk && ../../node_modules/.bin/cdk deploy Plain -c imageTag=theirs --require-approval=never"
    )
    assert "plain/app:theirs" in deployed(project)
    assert "the template differs" in project.run(UP).stderr
    assert f"plain/app:{tag}" in deployed(project)


@pytest.mark.proof
def test_a_key_that_the_app_does_not_read_is_refused(project):
    path = project.folder / "infra/plain/cdk/app.py"
    path.write_text(APP.replace('"plain/app:" + tag', '"plain/app:fixed"'))
    assert "context-not-read" in project.run(UP, code=64).stderr
