"""The real CDK CLI bootstraps, deploys, updates and adopts in the sandbox, with no entry in /etc/hosts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cdk

CDK = Path(__file__).parents[2] / "infra" / "node_modules" / ".bin" / "cdk"

APP = """
import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2, aws_ecr as ecr, aws_ecs as ecs, aws_ecs_patterns as patterns

app = cdk.App()
stack = cdk.Stack(app, "SandboxTest", env=cdk.Environment(account="123456789012", region="us-east-1"))
tag = cdk.CfnParameter(stack, "ImageTag")
infra = cdk.CfnParameter(stack, "RajeeInfraHash", default="-")
repository = ecr.Repository(
    stack, "Repository", repository_name="sandbox-test/app", removal_policy=cdk.RemovalPolicy.RETAIN,
    image_tag_mutability=ecr.TagMutability.IMMUTABLE_WITH_EXCLUSION,
    image_tag_mutability_exclusion_filters=[ecr.ImageTagMutabilityExclusionFilter.wildcard("live-*")],
    lifecycle_rules=[ecr.LifecycleRule(max_image_age=cdk.Duration.days(3), tag_status=ecr.TagStatus.UNTAGGED)],
)
public = ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=0, subnet_configuration=[public])
cluster = ecs.Cluster(stack, "Cluster", vpc=vpc, cluster_name="sandbox-test")
image = ecs.ContainerImage.from_ecr_repository(repository, tag.value_as_string)
patterns.ApplicationLoadBalancedFargateService(
    stack, "Service", cluster=cluster, service_name="web", desired_count=1, assign_public_ip=True,
    min_healthy_percent=50, circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
    task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(image=image, container_port=8080),
)
cdk.CfnOutput(stack, "RajeeState", value=cdk.Fn.join(",", [tag.value_as_string, infra.value_as_string]))
app.synth()
"""


class Cdk:
    """The CLI, in a directory with the app above, against one sandbox."""

    def __init__(self, folder: Path, port: int) -> None:
        program = str(CDK) if CDK.exists() else shutil.which("cdk")
        assert program, "no CDK CLI: run `npm ci` in infra/"
        self._program, self._folder = program, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment = kept | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "CDK_VALIDATION": "false",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *arguments, "--no-notices", "--no-color"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )

    def deploy(self, *options: str) -> str:
        done = self.run("deploy", "--app", "cdk.out", "--require-approval", "never", *options)
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.mark.proof
def test_story_of_a_deployment(running: Any, cloud: Any, tmp_path: Path) -> None:
    cdk = Cdk(tmp_path, running.port)
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    for arguments in (
        ("bootstrap", "aws://123456789012/us-east-1"),
        ("synth", "--quiet", "--no-version-reporting", "--app", f"{sys.executable} app.py"),
    ):
        done = cdk.run(*arguments)
        assert done.returncode == 0, done.stdout
    cfn, ecr, ecs = (cloud.client(service) for service in ("cloudformation", "ecr", "ecs"))

    def look() -> tuple[str, str, str, str]:
        stack = cfn.describe_stacks(StackName="SandboxTest")["Stacks"][0]
        values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        assert outputs["RajeeState"] == f"{values['ImageTag']},{values['RajeeInfraHash']}"
        service = ecs.describe_services(cluster="sandbox-test", services=["web"])["services"][0]
        (primary,) = service["deployments"]
        assert (primary["rolloutState"], primary["taskDefinition"]) == ("COMPLETED", service["taskDefinition"])
        task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        image = task["containerDefinitions"][0]["image"]
        return stack["StackStatus"], outputs["RajeeState"], image.split(":")[-1], str(task["revision"])

    cdk.deploy("--method=direct", "--parameters", "ImageTag=c-1")
    assert look() == ("CREATE_COMPLETE", "c-1,-", "c-1", "1")
    made = ecr.describe_repositories(repositoryNames=["sandbox-test/app"])["repositories"][0]
    assert made["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert "tagStatus" in ecr.get_lifecycle_policy(repositoryName="sandbox-test/app")["lifecyclePolicyText"]

    assert "(no changes)" in cdk.deploy("--method=direct")
    assert "LastUpdatedTime" not in cfn.describe_stacks(StackName="SandboxTest")["Stacks"][0]

    cdk.deploy("--method=direct", "--parameters", "ImageTag=c-2")
    assert look() == ("UPDATE_COMPLETE", "c-2,-", "c-2", "2")
    cdk.deploy("--method=direct", "--parameters", "RajeeInfraHash=abc")
    assert look() == ("UPDATE_COMPLETE", "c-2,abc", "c-2", "2"), "a parameter for an output alone leaves the service"
    cdk.deploy("--parameters", "ImageTag=c-3")
    assert look() == ("UPDATE_COMPLETE", "c-3,abc", "c-3", "3"), "the same by a change set"

    cfn.delete_stack(StackName="SandboxTest")
    cdk.deploy("--import-existing-resources", "--parameters", "ImageTag=c-4")
    assert look()[:3] == ("CREATE_COMPLETE", "c-4,-", "c-4")
    assert (
        ecr.describe_repositories(repositoryNames=["sandbox-test/app"])["repositories"][0]["createdAt"]
        == (made["createdAt"])
    ), "the retained repository was adopted"
