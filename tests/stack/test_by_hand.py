"""What somebody left by hand, or broke off, in CloudFormation: with the real CDK CLI, in the sandbox."""

from __future__ import annotations

import json

import boto3
import pytest
from sandboxes import own_cloud
from stack.test_bare import ASSETS, KEYS, TEMPLATE, World

pytestmark = pytest.mark.cdk


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("by-hand")
    with own_cloud(root / "state") as cloud:
        found = World(root, cloud, "python")
        boto3.client("s3", endpoint_url=found.cloud["AWS_ENDPOINT_URL"], **KEYS).create_bucket(Bucket=ASSETS)
        yield found


@pytest.fixture(scope="module")
def machine(world):
    return world.usual()


@pytest.fixture(scope="module")
def cloudformation(world):
    return boto3.client("cloudformation", endpoint_url=world.cloud["AWS_ENDPOINT_URL"], **KEYS)


def review(cloudformation, stack: str) -> None:
    """What `cdk deploy --method=prepare-change-set` leaves, or a deployment that broke off before it began."""
    text = json.dumps(TEMPLATE).replace("NAME", f"{stack}-reviewed")
    recorded = [{"ParameterKey": "RajeeRevision", "ParameterValue": "f" * 40}]
    cloudformation.create_change_set(
        StackName=stack, ChangeSetName="by-hand", ChangeSetType="CREATE", TemplateBody=text, Parameters=recorded
    )


def test_a_stack_that_was_only_reviewed_is_created(machine, cloudformation):
    for stack in ("App", "Web"):
        review(cloudformation, stack)
    assert "REVIEW_IN_PROGRESS" in (told := machine.run("status"))
    assert "!" not in told
    told = machine.run("plan", "--detailed-exitcode", code=2)
    assert "the stack has no resources yet (REVIEW_IN_PROGRESS)" in told
    told = machine.run("up")
    assert "✓ update" in told or "✓ create" in told
    assert "Nothing to do" in machine.run("plan", "--detailed-exitcode")
    found = cloudformation.list_stack_resources(StackName="App")["StackResourceSummaries"]
    assert [each["ResourceType"] for each in found] == ["AWS::SQS::Queue"]


def test_so_it_is_without_waiting_for_its_end(machine, cloudformation):
    cloudformation.delete_stack(StackName="Web")
    review(cloudformation, "Web")
    assert "accepted" in machine.run("up", "--no-wait")
    assert "Nothing to do" in machine.run("plan", "--detailed-exitcode")


DESCRIBED = {**TEMPLATE, "Description": "of the app"}
OWN = {
    **DESCRIBED,
    "Parameters": {**TEMPLATE["Parameters"], "Own": {"Type": "String", "Default": "1"}},
    "Outputs": {**TEMPLATE["Outputs"], "Own": {"Value": {"Ref": "Own"}}},
}
# What CloudFormation changes along with something else alone. What it has to be again is what the app makes.
TEXTS = {
    "description": {"Description": "by hand"},
    "others": {
        "Metadata": {"by": "hand"},
        "Parameters": {**OWN["Parameters"], "Own": {"Type": "String", "Default": "1", "Description": "by hand"}},
        "Rules": {"Own": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "a"]}}]}},
    },
}


def deployed(cloudformation, stack: str):
    return cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]


def value(cloudformation, name: str) -> str:
    (found,) = cloudformation.describe_stacks(StackName="App")["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}[name]


def edit_by_hand(cloudformation, number: int, text) -> None:
    """Together with a parameter of the app's own, which everybody leaves as it is."""
    (found,) = cloudformation.describe_stacks(StackName="App")["Stacks"]
    kept = [
        {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
        for each in found["Parameters"]
        if each["ParameterKey"] != "Own"
    ]
    cloudformation.update_stack(
        StackName="App",
        TemplateBody=json.dumps({**deployed(cloudformation, "App"), **text}),
        Parameters=[*kept, {"ParameterKey": "Own", "ParameterValue": str(number)}],
    )


@pytest.fixture(scope="module")
def own(machine):
    machine.write("rajee-deploy.toml", '[cdk]\napp = "cdk"\nstacks = ["App"]\n')
    machine.write("cdk/template.json", json.dumps(OWN))
    machine.run("up")
    return machine


@pytest.mark.proof  # edits of a template that a hash sees: test_differential
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_somebody_edited_in_the_deployed_template_is_repaired(own, cloudformation, text):
    before = deployed(cloudformation, "App")
    number = list(TEXTS).index(text) + 2
    edit_by_hand(cloudformation, number, TEXTS[text])
    assert deployed(cloudformation, "App") != before
    assert "the template differs" in own.run("plan", "--detailed-exitcode", code=2)
    own.run("up")
    assert deployed(cloudformation, "App") == before
    assert value(cloudformation, "Own") == str(number)
    assert "decided by hash" in own.run("plan", "--detailed-exitcode")


@pytest.mark.proof
def test_a_stack_that_records_nothing_is_not_deployed_for_what_would_stay(machine, cloudformation):
    """The CDK CLI would say (no changes) each time. It is told, and everything else deploys, these along with it."""
    cloudformation.delete_stack(StackName="Web")
    machine.write("rajee-deploy.toml", '[cdk]\napp = "cdk"\nstacks = ["Web"]\n')
    plain = {"Description": "one", "Metadata": {"a": "b"}, "Resources": OWN["Resources"]}
    machine.write("cdk/template.json", json.dumps(plain))
    machine.run("up")
    plain["Description"] = "two"
    machine.write("cdk/template.json", json.dumps(plain))
    told = machine.run("plan", "--detailed-exitcode")
    assert "but for its Description or Metadata, which CloudFormation changes only along with something else" in told
    machine.write("cdk/template.json", json.dumps({**plain, "Outputs": {"New": {"Value": "1"}}}))
    machine.run("up")
    assert deployed(cloudformation, "Web")["Description"] == "two"
    told = machine.run("plan", "--detailed-exitcode")
    assert "Nothing to do" in told
    assert "but for" not in told
