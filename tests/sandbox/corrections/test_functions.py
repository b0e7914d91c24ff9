"""Lambda functions that are made of an image, as AWS has them and plain moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corrected import Gap, create, given, manifest, refusal, repository, row_name, stack

INDEX = "application/vnd.oci.image.index.v1+json"


def pushed(cloud: Any, *tags: str) -> dict[str, str]:
    """Images in a repository, each with a content of its own: digests by tag."""
    ecr = repository(cloud)
    return {
        tag: ecr.put_image(repositoryName=cloud.name, imageManifest=manifest(tag), imageTag=tag)["image"]["imageId"][
            "imageDigest"
        ]
        for tag in tags
    }


def amazons(cloud: Any, tag: str) -> str:
    return f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{cloud.name}:{tag}"


def made(cloud: Any, address: str) -> str:
    cloud.client("iam").create_role(RoleName=cloud.name, AssumeRolePolicyDocument="{}")
    role = f"arn:aws:iam::123456789012:role/{cloud.name}"
    code = {"ImageUri": address}
    create = cloud.client("lambda").create_function
    return refusal(create, FunctionName=cloud.name, Role=role, PackageType="Image", Code=code).replace(
        cloud.name, "NAME"
    )


def function(cloud: Any) -> Any:
    return cloud.client("lambda").get_function(FunctionName=cloud.name)


def function_template(cloud: Any) -> dict[str, Any]:
    address = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/" + cloud.name + ":${ImageTag}"}
    properties = {
        "FunctionName": cloud.name,
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "PackageType": "Image",
        "Code": {"ImageUri": address},
        "Architectures": ["arm64"],
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    return {
        "Parameters": {"ImageTag": {"Type": "String"}},
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": properties},
        },
    }


def resolved_image(cloud: Any) -> Any:
    """Of Amazon's address, and of the one that the repository itself tells; by tag and by digest."""
    digest = pushed(cloud, "1")["1"]
    uri = cloud.client("ecr").describe_repositories(repositoryNames=[cloud.name])["repositories"][0]["repositoryUri"]
    seen = [made(cloud, amazons(cloud, "1"))]
    seen.append(function(cloud)["Code"]["ResolvedImageUri"].endswith(f"/{cloud.name}@{digest}"))
    for address in (f"{uri}:1", f"{uri}@{digest}"):
        try:
            cloud.client("lambda").update_function_code(FunctionName=cloud.name, ImageUri=address)
            seen.append(function(cloud)["Code"]["ResolvedImageUri"] == f"{uri}@{digest}")
        except cloud.client("lambda").exceptions.ClientError as error:
            seen.append(error.response["Error"]["Code"])
    return seen


def image_that_is_not_there(cloud: Any) -> Any:
    pushed(cloud, "1")
    return made(cloud, amazons(cloud, "2")).split("NAME")[-1]


def index_of_images(cloud: Any) -> Any:
    digest = pushed(cloud, "1")["1"]
    listed = {"digest": digest, "size": 7, "platform": {"os": "linux", "architecture": "amd64"}}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]})
    cloud.client("ecr").put_image(repositoryName=cloud.name, imageManifest=index, imageTag="i")
    return made(cloud, amazons(cloud, "i")).split("NAME")[-1]


def function_of_a_stack(cloud: Any) -> Any:
    pushed(cloud, "1")
    create(cloud, function_template(cloud), Parameters=given(ImageTag="1"))
    found = function(cloud)["Configuration"]
    return found["PackageType"], found["Architectures"], function(cloud).get("Tags")


def new_image_of_a_stack(cloud: Any) -> Any:
    digests = pushed(cloud, "1", "2")
    cfn = create(cloud, function_template(cloud), Parameters=given(ImageTag="1"))
    before = function(cloud)
    cfn.update_stack(StackName=cloud.name, UsePreviousTemplate=True, Parameters=given(ImageTag="2"))
    after = function(cloud)
    first, second = (each["Configuration"] for each in (before, after))
    return (
        after["Code"]["ImageUri"].rpartition(":")[2],
        after["Code"]["ResolvedImageUri"].endswith(digests["2"]),
        first.get("RevisionId") != second.get("RevisionId"),
        first["LastModified"] < second["LastModified"],
    )


def image_that_a_stack_does_not_find(cloud: Any) -> Any:
    """The stack goes back to the image that it had."""
    pushed(cloud, "1")
    cfn = create(cloud, function_template(cloud), Parameters=given(ImageTag="1"))
    cfn.update_stack(StackName=cloud.name, UsePreviousTemplate=True, Parameters=given(ImageTag="2"))
    return stack(cloud)["StackStatus"], function(cloud)["Code"]["ImageUri"].rpartition(":")[2]


ABSENT = ":2 does not exist. Provide a valid source image."
FUNCTIONS = [
    Gap(resolved_image, ["done", True, True, True], ["done", False, False, False]),
    Gap(image_that_is_not_there, ABSENT, "done"),
    Gap(index_of_images, ":i is not supported.", "done"),
    Gap(function_of_a_stack, ("Image", ["arm64"], {"team": "a"}), ("Zip", ["x86_64"], None)),
    Gap(new_image_of_a_stack, ("2", True, True, True), ("1", False, False, False)),
    Gap(image_that_a_stack_does_not_find, ("UPDATE_ROLLBACK_COMPLETE", "1"), ("UPDATE_COMPLETE", "1")),
]


@pytest.mark.parametrize("gap", FUNCTIONS, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", FUNCTIONS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
