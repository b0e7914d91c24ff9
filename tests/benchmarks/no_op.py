"""A no-op `up` against a no-op `cdk deploy`, and a no-op `plan` against a bare boto3 script that makes its calls."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile

from measure import COMMAND, TOP, cost, costs, goal, private, show

# The calls of a no-op `plan` of this repository where the hash tier decides, one after the other.
_BARE = """
import boto3
session = boto3.Session(region_name="us-east-1")
session.client("sts").get_caller_identity()
cloudformation, ecr = session.client("cloudformation"), session.client("ecr")
for stack in ("RajeeRegistryStack", "RajeeEnvoyStack"):
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    cloudformation.get_template(StackName=stack, TemplateStage="Original")
tag = next(each["ParameterValue"] for each in found["Parameters"] if each["ParameterKey"] == "ImageTag")
ecr.batch_get_image(repositoryName="raja/envoy", imageIds=[{"imageTag": tag}])["images"][0]
"""


def run() -> None:
    """A no-op `up` against a no-op `cdk deploy` of the same service in the same sandbox."""
    with tempfile.TemporaryDirectory() as state:
        environment = {
            **private(state),
            "HOME": os.environ["HOME"],  # docker's plugins lie there
            "RAJEE_DEPLOY_STATE_DIR": state,
            "RAJEE_DEPLOY_ENVIRONMENT": "sandbox-offline",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
        }
        subprocess.run([str(TOP / ".ci" / "stand-ins")], check=True, env={**environment, "PYTHON": sys.executable})
        started = subprocess.run(
            [COMMAND, "sandbox", "start"], env=environment, check=True, capture_output=True, text=True
        )
        try:
            for line in started.stdout.splitlines():
                name, _, value = line.removeprefix("export ").partition("=")
                environment[name] = shlex.split(value)[0]
            cdk = str(TOP / "infra" / "node_modules" / ".bin" / "cdk")
            run = [cdk, "bootstrap", "--app", "", "aws://123456789012/us-east-1"]
            subprocess.run(run, cwd=state, env=environment, check=True, capture_output=True)
            subprocess.run([COMMAND, "up"], cwd=TOP, env=environment, check=True, capture_output=True)
            deploy = [
                cdk,
                "deploy",
                "--all",
                "--method=direct",
                "--require-approval=never",
                "--output",
                f"{state}/cdk.out",
            ]
            raw = cost(["sh", "-c", f"cd infra && exec {shlex.join(deploy)}"], environment, rounds=3)
            show("cdk deploy --all, nothing changed", raw)
            up = cost([COMMAND, "up"], environment)
            show("rajee-deploy up, nothing changed", up, raw)
            goal("times faster than cdk deploy, wall", raw.wall / up.wall, 10, at_least=True)
            pair = {
                "boto3 alone, the same calls": [sys.executable, "-c", _BARE],
                "rajee-deploy plan": [COMMAND, "plan"],
            }
            measured = costs(pair, environment, rounds=11)
            bare, plan = measured.values()
            for name, each in measured.items():
                show(name, each, bare)
            goal("plan to boto3 alone, wall", plan.wall / bare.wall, 1.5)
        finally:
            subprocess.run([COMMAND, "sandbox", "stop"], env=environment, check=True, capture_output=True)
