"""Versions of functions and aliases in a stack, as AWS has them and plain moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corrected import Gap, create, manifest, refusal, repository, row_name, stack, update

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


def push(cloud: Any, tag: str, content: str, **more: Any) -> None:
    """An image whose manifest names its own content."""
    image = json.dumps(json.loads(manifest(content)) | more)
    cloud.client("ecr").put_image(repositoryName=cloud.name, imageManifest=image, imageTag=tag)


def template(cloud: Any, tag: str, version: str = "", **properties: Any) -> dict[str, Any]:
    """A function; its version of this logical id, and an alias of that."""
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{cloud.name}:{tag}"
    function = {
        "FunctionName": cloud.name,
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "PackageType": "Image",
        "Code": {"ImageUri": uri},
        **properties,
    }
    resources = {"Role": ROLE, "Function": {"Type": "AWS::Lambda::Function", "Properties": function}}
    named = {"FunctionName": {"Ref": "Function"}}
    outputs = {}
    if version:
        resources[version] = {"Type": "AWS::Lambda::Version", "Properties": named}
        points = {"FunctionVersion": {"Fn::GetAtt": [version, "Version"]}, "Name": "live"}
        resources["Alias"] = {"Type": "AWS::Lambda::Alias", "Properties": named | points}
        outputs = {"Alias": {"Value": {"Ref": "Alias"}}}
    return {"Resources": resources, "Outputs": outputs}


def alias(cloud: Any) -> Any:
    repository(cloud)
    push(cloud, "a", "one")
    create(cloud, template(cloud, "a", "V1"))
    return pointed_at(cloud)


def pointed_at(cloud: Any) -> Any:
    found = cloud.client("lambda").list_aliases(FunctionName=cloud.name)["Aliases"]
    return [(each["Name"], each["FunctionVersion"]) for each in found]


def versions(cloud: Any) -> Any:
    """The published ones after three deployments of other images: CloudFormation keeps those of its template."""
    repository(cloud)
    for number, tag in enumerate("abc"):
        push(cloud, tag, tag)
        named = template(cloud, tag, f"V{number}")
        create(cloud, named) if number == 0 else update(cloud, named)
    found = cloud.client("lambda").list_versions_by_function(FunctionName=cloud.name)["Versions"]
    latest, *published = found
    return pointed_at(cloud), [(each["Version"], each["CodeSha256"] == latest["CodeSha256"]) for each in published]


def version_of_nothing_new(cloud: Any) -> Any:
    repository(cloud)
    push(cloud, "a", "one")
    create(cloud, template(cloud, "a", "V1"))
    update(cloud, template(cloud, "a", "V2"))
    events = cloud.client("cloudformation").describe_stack_events(StackName=cloud.name)["StackEvents"]
    why = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    return stack(cloud)["StackStatus"], why, pointed_at(cloud)


def deleted(cloud: Any) -> str:
    repository(cloud)
    push(cloud, "a", "one")
    cfn = create(cloud, template(cloud, "a", "V1"))
    cfn.delete_stack(StackName=cloud.name)
    return refusal(cloud.client("lambda").get_function, FunctionName=cloud.name).split(":")[0]


ROWS = [
    Gap(alias, [("live", "1")], []),
    Gap(versions, ([("live", "3")], [("3", True)]), ([], [("1", False), ("2", False)])),
    Gap(
        version_of_nothing_new,
        (
            "UPDATE_ROLLBACK_COMPLETE",
            ["A version for this Lambda function exists ( 1 ). Modify the function to create a new version."],
            [("live", "1")],
        ),
        ("UPDATE_COMPLETE", [], []),
    ),
]


@pytest.mark.parametrize("gap", ROWS, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", ROWS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto


def test_a_function_goes_with_its_stack(cloud: Any) -> None:
    assert deleted(cloud) == "ResourceNotFoundException"
