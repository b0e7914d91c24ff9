"""Parameters that an app declares for itself, deployed: from nothing, changed, in an environment, by a flag, as a secret.

With the real CDK CLI and the sandbox. The app writes its own cloud assembly.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from sandboxes import own_cloud
from stack.test_bare import ALL, ASSETS, KEYS, TEMPLATE, World

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.cdk

SECRET, OTHER_SECRET = "canary-of-the-password", "another-canary-of-it"
PARAMETERS = {
    "Size": {"Type": "String"},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
    "Reader": {"Type": "String", "Default": "arn:aws:iam::123456789012:root"},
    "ImageTag": {"Type": "String", "Default": "none"},
}
SECRETS = {"DbPassword": {"Type": "String", "NoEcho": "true"}}


def template(more=PARAMETERS) -> str:
    outputs = {
        "Size": {"Value": {"Fn::Join": ["/", [{"Ref": "Size"}, {"Fn::Join": ["-", {"Ref": "Zones"}]}]]}},
        "Image": {"Value": {"Ref": "ImageTag"}},
    }
    resources = {
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {
                    "Statement": [
                        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": {"AWS": {"Ref": "Reader"}}}
                    ]
                },
            },
        }
    }
    if "DbPassword" in more:
        resources["Token"] = {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/NAME/token", "Type": "String", "Value": {"Ref": "DbPassword"}},
        }
    return json.dumps(
        {
            "Parameters": {**TEMPLATE["Parameters"], **more},
            "Outputs": {**TEMPLATE["Outputs"], **outputs},
            "Resources": {**TEMPLATE["Resources"], **resources},
        }
    )


def settings(*lines: str, stacks: str = '["App"]') -> str:
    return "\n".join([f'[cdk]\napp = "cdk"\nstacks = {stacks}', *lines, ""])


SMALL = settings("[cdk.parameters.App]", 'Size = "small"')


class Account(World):
    """Its stacks, as CloudFormation shows them."""

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.cloud["AWS_ENDPOINT_URL"], **KEYS)

    def shown(self, stack: str = "App") -> dict[str, str]:
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}

    def password(self) -> str:
        return self.client("ssm").get_parameter(Name="/App/token")["Parameter"]["Value"]


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    root = tmp_path_factory.mktemp("parameters")
    with own_cloud(root / "state") as cloud:
        found = Account(root, cloud, "python")
        found.client("s3").create_bucket(Bucket=ASSETS)
        found.commit({"rajee-deploy.toml": settings(), "cdk/template.json": template(), "api/service.name": ""})
        yield found


@pytest.fixture(scope="module")
def machine(account):
    made = account.machine(*ALL)
    made.install()
    return made


def up(machine, *words, code=0, **more) -> str:
    return machine.run("up", *words, code=code, **more)


def nothing_to_do(machine, *words, **more) -> str:
    told = machine.run("plan", "--detailed-exitcode", *words, **more)
    assert "Nothing to do" in told
    assert "infrastructure decided by hash" in told
    return told


def test_a_parameter_without_a_value_is_told_with_the_lines_to_write(machine):
    told = up(machine, code=64)
    assert "missing-parameter" in told
    assert "[cdk.parameters.App]" in told
    assert 'Size = "…"' in told
    assert "… deploy" not in told


def test_it_is_deployed_with_the_setting_and_then_there_is_nothing_to_do(account, machine):
    machine.write("rajee-deploy.toml", SMALL)
    assert "Size small" in up(machine)
    assert account.shown()["Size"] == "small"
    nothing_to_do(machine)
    bare = account.bare()
    bare.write("rajee-deploy.toml", SMALL)
    nothing_to_do(bare)


def test_another_value_deploys_and_says_what_changes(account, machine):
    machine.write("rajee-deploy.toml", SMALL.replace("small", "large"))
    told = machine.run("plan", "--detailed-exitcode", code=2)
    assert "Size: small → large" in told
    assert "the template" not in told
    document = json.loads(machine.run("plan", "--json"))
    (step,) = document["steps"]
    assert document["kind"] == "parameters"
    assert step["changes"] == ["parameters"]
    assert step["reason"] == "Size: small → large"
    assert step["parameters"]["Size"] == "large"
    up(machine)
    assert account.shown()["Size"] == "large"
    nothing_to_do(machine)


def test_what_is_no_more_in_the_settings_keeps_its_value(account, machine):
    machine.write("rajee-deploy.toml", settings())
    nothing_to_do(machine)
    machine.write("cdk/template.json", template().replace("VisibilityTimeout", "x").replace('"-"', '"- "'))
    up(machine)
    assert account.shown()["Size"] == "large"
    machine.write("cdk/template.json", template())
    up(machine)


def test_a_list_is_compared_by_its_members(account, machine):
    machine.write("rajee-deploy.toml", settings("[cdk.parameters.App]", 'Zones = "a, b"'))
    nothing_to_do(machine)
    machine.write("rajee-deploy.toml", settings("[cdk.parameters.App]", 'Zones = "b,a"'))
    assert "Zones: a,b → b,a" in machine.run("plan", "--detailed-exitcode", code=2)


def test_an_environment_lays_its_own_over_it(account, machine):
    table = settings(
        "[cdk.parameters.App]", 'Size = "large"', 'Zones = "a,b"', "[environments.dev.cdk.parameters.App]",
        'Size = "tiny"',
    )  # fmt: skip
    machine.write("rajee-deploy.toml", table)
    nothing_to_do(machine)
    assert "Size: large → tiny" in machine.run("plan", "-e", "dev", "--detailed-exitcode", code=2)


def test_a_flag_goes_before_the_settings(account, machine):
    assert "Size: large → huge" in machine.run("plan", "--parameters", "App:Size=huge")
    assert "Size: large → a=b" in machine.run("plan", "--parameters", "Size=a=b")
    nothing_to_do(machine, "--parameters", "Size=large")
    up(machine, "--parameters", "App:Size=a=b")
    assert account.shown()["Size"] == "a=b"
    machine.write("rajee-deploy.toml", settings())
    nothing_to_do(machine)


@pytest.mark.parametrize(
    ("flag", "code"),
    [("App:Nope=1", "no-such-parameter"), ("Nope=1", "no-such-parameter"), ("Other:Size=1", "bad-flag"),
     ("App:Size", "bad-flag"), ("App:RajeeInfraHash=1", "bad-flag")],
)  # fmt: skip
def test_a_flag_that_nothing_takes_is_refused(machine, flag, code):
    assert code in machine.run("plan", "--parameters", flag, code=64)


def test_another_principal_is_asked_about_and_another_size_is_not(account, machine):
    machine.write("rajee-deploy.toml", settings('approval = "broadening"'))
    up(machine, "--parameters", "Size=large")
    told = up(machine, "--parameters", "Reader=arn:aws:iam::222222222222:root", code=1)
    assert "approval-needed" in told
    assert "222222222222" in told
    assert account.shown()["Reader"].endswith("123456789012:root")
    up(machine, "--yes", "--parameters", "Reader=arn:aws:iam::222222222222:root")
    assert account.shown()["Reader"].endswith("222222222222:root")
