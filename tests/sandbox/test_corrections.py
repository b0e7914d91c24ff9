"""What AWS does, what the sandbox does, and what plain moto does instead.

A failing `test_moto_still_needs_it` is good news: moto has changed, look whether the correction can go.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from collections.abc import Callable

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
NO_UPDATES = "ValidationError: No updates are to be performed."


@dataclass(frozen=True)
class Gap:
    """`observe` sums up one behaviour; `aws` is what AWS answers, `moto` what plain moto 5.2.5 does."""

    observe: Callable[[Any], Any]
    aws: Any
    moto: Any


def manifest(content: str = "a") -> str:
    layer = hashlib.sha256(b"layer").hexdigest()
    config = hashlib.sha256(content.encode()).hexdigest()
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": DOCKER,
            "config": {"digest": f"sha256:{config}", "size": 7},
            "layers": [{"digest": f"sha256:{layer}", "size": 40}, {"digest": f"sha256:{layer}", "size": 2}],
        }
    )


def refusal(call: Callable[..., Any], /, **arguments: Any) -> str:
    """The error's code and message, or "done"."""
    try:
        call(**arguments)
    except ResponseParserError:  # an HTML page: moto ran into a bug of its own
        return "HTTP 500"
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 500:
            return "HTTP 500"
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return "done"


def code(call: Callable[..., Any], /, **arguments: Any) -> str:
    return refusal(call, **arguments).split(":")[0]


def repository(cloud: Any, **options: Any) -> Any:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName=cloud.name, **options)
    return ecr


def put(cloud: Any, content: str, tag: str) -> str:
    return code(cloud.client("ecr").put_image, repositoryName=cloud.name, imageManifest=manifest(content), imageTag=tag)


def waiting(**outputs: Any) -> dict[str, Any]:
    """A template with one resource that is nothing, and outputs."""
    return {
        "Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


def repository_template(cloud: Any, **properties: Any) -> dict[str, Any]:
    retained = properties.pop("DeletionPolicy", "Delete")
    properties = {"RepositoryName": cloud.name, **properties}
    return {
        "Resources": {
            "Repository": {"Type": "AWS::ECR::Repository", "DeletionPolicy": retained, "Properties": properties}
        }
    }


def create(cloud: Any, template: Any, **options: Any) -> Any:
    cfn = cloud.client("cloudformation")
    cfn.create_stack(StackName=cloud.name, TemplateBody=json.dumps(template), **options)
    return cfn


def update(cloud: Any, template: Any, **options: Any) -> str:
    cfn = cloud.client("cloudformation")
    return refusal(cfn.update_stack, StackName=cloud.name, TemplateBody=json.dumps(template), **options)


def stack(cloud: Any) -> Any:
    return cloud.client("cloudformation").describe_stacks(StackName=cloud.name)["Stacks"][0]


def parameters(cloud: Any) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack(cloud).get("Parameters", [])}


def outputs(cloud: Any) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack(cloud).get("Outputs", [])}


def given(**values: str) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def kept(*names: str) -> list[dict[str, Any]]:
    return [{"ParameterKey": name, "UsePreviousValue": True} for name in names]


# -- ECR -----------------------------------------------------------------------------------------------------------


def repository_uri(cloud: Any) -> str:
    ecr = repository(cloud)
    uri = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]["repositoryUri"]
    return uri.replace(cloud.name, "NAME").replace(str(cloud.port), "PORT")


def login(cloud: Any) -> tuple[str, bool]:
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]
    life = token["expiresAt"] - datetime.now(UTC)
    lasts = timedelta(hours=11) < life <= timedelta(hours=12)
    return token["proxyEndpoint"].replace(str(cloud.port), "PORT"), lasts


def digest_is_real(cloud: Any) -> bool:
    image = repository(cloud).put_image(repositoryName=cloud.name, imageManifest=manifest(), imageTag="t")["image"]
    return image["imageId"]["imageDigest"] == f"sha256:{hashlib.sha256(manifest().encode()).hexdigest()}"


def put_into_nothing(cloud: Any) -> str:
    return put(cloud, "a", "t")


def put_with_a_wrong_digest(cloud: Any) -> str:
    ecr = repository(cloud)
    wrong = f"sha256:{'0' * 64}"
    return code(ecr.put_image, repositoryName=cloud.name, imageManifest=manifest(), imageTag="t", imageDigest=wrong)


def immutable_tag(cloud: Any) -> list[str]:
    repository(cloud, imageTagMutability="IMMUTABLE")
    return [put(cloud, content, "t") for content in ("a", "a", "b")]


def exclusion_wildcard(cloud: Any) -> list[str]:
    filters = [{"filterType": "WILDCARD", "filter": "*-live"}]
    repository(cloud, imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters)
    return [put(cloud, content, tag) for tag in ("x-live", "x-live-1") for content in ("a", "b")]


def image_without_tag_stays(cloud: Any) -> list[Any]:
    ecr = repository(cloud)
    for content in ("a", "b"):
        put(cloud, content, "t")
    images = ecr.describe_images(repositoryName=cloud.name)["imageDetails"]
    return sorted(image.get("imageTags", []) for image in images)


def asked_tag(cloud: Any) -> str:
    ecr = repository(cloud)
    for tag in ("first", "second"):
        put(cloud, "a", tag)
    found = ecr.batch_get_image(repositoryName=cloud.name, imageIds=[{"imageTag": "first"}])["images"]
    return found[0]["imageId"]["imageTag"]


def missing_digest_is_named(cloud: Any) -> Any:
    identifier = {"imageDigest": f"sha256:{'0' * 64}"}
    answer = repository(cloud).batch_get_image(repositoryName=cloud.name, imageIds=[identifier])
    return [each["imageId"] == identifier for each in answer["failures"]]


def image_size(cloud: Any) -> int:
    ecr = repository(cloud)
    put(cloud, "a", "t")
    return ecr.describe_images(repositoryName=cloud.name)["imageDetails"][0]["imageSizeInBytes"]


def layer_address(cloud: Any) -> list[Any]:
    """Where a layer is downloaded from, whether it opens without a login, and what a layer that is none gives."""
    ecr = repository(cloud)
    blob = b"a configuration"
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    try:
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        address = f"http://127.0.0.1:{cloud.port}/v2/{cloud.name}/blobs/uploads/?digest={digest}"
        request = urllib.request.Request(address, blob, {"Authorization": f"Basic {token}"})
        urllib.request.urlopen(request, timeout=30).close()
        url = ecr.get_download_url_for_layer(repositoryName=cloud.name, layerDigest=digest)["downloadUrl"]
    except (ClientError, ResponseParserError, urllib.error.HTTPError):
        return ["not implemented"]
    with urllib.request.urlopen(url, timeout=30) as answer:
        opened = answer.read() == blob
    try:
        urllib.request.urlopen(url.replace("signature=", "signature=0"), timeout=30).close()
    except urllib.error.HTTPError as error:
        forged = error.code
    missing = code(ecr.get_download_url_for_layer, repositoryName=cloud.name, layerDigest=f"sha256:{'0' * 64}")
    nowhere = code(ecr.get_download_url_for_layer, repositoryName="no/where", layerDigest=digest)
    return [opened, forged, missing, nowhere]


ECR = [
    Gap(repository_uri, "localhost:PORT/NAME", "123456789012.dkr.ecr.us-east-1.amazonaws.com/NAME"),
    Gap(login, ("http://localhost:PORT", True), ("https://123456789012.dkr.ecr.us-east-1.amazonaws.com", False)),
    Gap(digest_is_real, aws=True, moto=False),
    Gap(put_into_nothing, "RepositoryNotFoundException", "HTTP 500"),
    Gap(put_with_a_wrong_digest, "ImageDigestDoesNotMatchException", "done"),
    Gap(
        immutable_tag,
        ["done", "ImageAlreadyExistsException", "ImageTagAlreadyExistsException"],
        ["done", "ImageAlreadyExistsException", "ImageAlreadyExistsException"],
    ),
    Gap(exclusion_wildcard, ["done", "done", "done", "ImageTagAlreadyExistsException"], ["HTTP 500"] * 4),
    Gap(image_without_tag_stays, [[], ["t"]], [["t"]]),
    Gap(asked_tag, "first", "second"),
    Gap(missing_digest_is_named, [True], [False]),
    Gap(image_size, 42, 7),
    Gap(layer_address, [True, 401, "LayersNotFoundException", "RepositoryNotFoundException"], ["not implemented"]),
]


# -- ECR repositories of a stack -----------------------------------------------------------------------------------


def repository_properties(cloud: Any) -> tuple[Any, str]:
    policy = {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "any",
                    "countType": "sinceImagePulled",
                    "countUnit": "days",
                    "countNumber": 90,
                },
                "action": {"type": "transition", "targetStorageClass": "archive"},
            }
        ]
    }
    create(
        cloud,
        repository_template(
            cloud,
            ImageScanningConfiguration={"ScanOnPush": True},
            LifecyclePolicy={"LifecyclePolicyText": json.dumps(policy)},
        ),
    )
    ecr = cloud.client("ecr")
    found = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]
    return found["imageScanningConfiguration"], code(ecr.get_lifecycle_policy, repositoryName=cloud.name)


def generated_name(cloud: Any) -> str:
    template = repository_template(cloud)
    del template["Resources"]["Repository"]["Properties"]["RepositoryName"]
    template["Outputs"] = {"Name": {"Value": {"Ref": "Repository"}}}
    made = code(create, cloud=cloud, template=template)
    if made != "done":
        return made
    before = outputs(cloud)["Name"]
    template["Resources"]["Repository"]["Properties"]["ImageTagMutability"] = "IMMUTABLE"
    update(cloud, template)
    return "kept" if outputs(cloud)["Name"] == before == before.lower() else "replaced"


def encryption(cloud: Any) -> Any:
    create(cloud, repository_template(cloud, EncryptionConfiguration={"EncryptionType": "KMS"}))
    found = cloud.client("ecr").describe_repositories(repositoryNames=[cloud.name])["repositories"][0]
    return found["encryptionConfiguration"].get("encryptionType")


def updated_properties(cloud: Any) -> Any:
    template = repository_template(cloud)
    create(cloud, template)
    put(cloud, "a", "t")
    template["Resources"]["Repository"]["Properties"] |= {
        "ImageTagMutability": "IMMUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "LifecyclePolicy": {"LifecyclePolicyText": "{}"},
    }
    answer = update(cloud, template)
    ecr = cloud.client("ecr")
    found = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]
    policy = code(ecr.get_lifecycle_policy, repositoryName=cloud.name)
    images = len(ecr.list_images(repositoryName=cloud.name)["imageIds"])
    return answer, images, found["imageTagMutability"], found["imageScanningConfiguration"], policy


def retained_when_removed(cloud: Any) -> str:
    template = repository_template(cloud, DeletionPolicy="RetainExceptOnCreate")
    template["Resources"] |= waiting()["Resources"]
    create(cloud, template)
    update(cloud, waiting())
    return code(cloud.client("ecr").describe_repositories, repositoryNames=[cloud.name])


def emptied_on_delete(cloud: Any) -> tuple[str, str]:
    cfn = create(cloud, repository_template(cloud, EmptyOnDelete=True))
    put(cloud, "a", "t")
    deleted = code(cfn.delete_stack, StackName=cloud.name)
    return deleted, code(cloud.client("ecr").describe_repositories, repositoryNames=[cloud.name])


def adopted(cloud: Any) -> tuple[str, Any]:
    cfn = create(cloud, repository_template(cloud, DeletionPolicy="Retain"))
    put(cloud, "a", "t")
    cfn.delete_stack(StackName=cloud.name)
    template = repository_template(cloud, DeletionPolicy="Retain", ImageTagMutability="IMMUTABLE")
    cfn.create_change_set(
        StackName=cloud.name,
        ChangeSetName="adopt",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        ImportExistingResources=True,
    )
    executed = code(cfn.execute_change_set, StackName=cloud.name, ChangeSetName="adopt")
    ecr = cloud.client("ecr")
    images = len(ecr.list_images(repositoryName=cloud.name)["imageIds"])
    mutability = ecr.describe_repositories(repositoryNames=[cloud.name])["repositories"][0]["imageTagMutability"]
    return executed, stack(cloud)["StackStatus"], images, mutability


REPOSITORIES = [
    Gap(repository_properties, ({"scanOnPush": True}, "done"), ({}, "LifecyclePolicyNotFoundException")),
    Gap(generated_name, "kept", "InvalidParameterException"),
    Gap(encryption, "KMS", None),
    Gap(
        updated_properties,
        ("done", 1, "IMMUTABLE", {"scanOnPush": True}, "done"),
        ("done", 1, "IMMUTABLE", {}, "LifecyclePolicyNotFoundException"),
    ),
    Gap(retained_when_removed, "done", "RepositoryNotFoundException"),
    Gap(emptied_on_delete, ("done", "RepositoryNotFoundException"), ("RepositoryNotEmptyException", "done")),
    Gap(
        adopted,
        ("done", "CREATE_COMPLETE", 1, "IMMUTABLE"),
        ("RepositoryAlreadyExistsException", "REVIEW_IN_PROGRESS", 1, "MUTABLE"),
    ),
]

# -- stacks --------------------------------------------------------------------------------------------------------

HASHED = {"Parameters": {"Hash": {"Type": "String", "Default": "-"}, "Idle": {"Type": "String", "Default": "-"}}} | (
    waiting(State={"Fn::Join": [",", [{"Ref": "Hash"}]]})
)


def last_updated(cloud: Any) -> bool:
    create(cloud, HASHED)
    update(cloud, HASHED, Parameters=given(Hash="2"))
    return "LastUpdatedTime" in stack(cloud)


def previous_value_of_a_default(cloud: Any) -> Any:
    create(cloud, HASHED)
    answer = update(cloud, HASHED, Parameters=given(Hash="2") + kept("Idle"))
    return answer, parameters(cloud), outputs(cloud)


def nothing_changed(cloud: Any) -> list[str]:
    create(cloud, HASHED, Parameters=given(Hash="1"))
    return [
        update(cloud, HASHED, Parameters=given(Hash="1")),
        update(cloud, HASHED, Parameters=kept("Hash")),
        update(cloud, {**HASHED, "Description": "another"}, Parameters=given(Hash="1", Idle="-")),
    ]


def nothing_changed_without_parameters(cloud: Any) -> str:
    create(cloud, waiting(A="1"))
    return update(cloud, waiting(A="1"))


def unused_parameter(cloud: Any) -> str:
    create(cloud, HASHED, Parameters=given(Hash="1", Idle="1"))
    return update(cloud, HASHED, Parameters=given(Hash="1", Idle="2"))


def tags_alone(cloud: Any) -> tuple[str, Any]:
    create(cloud, HASHED, Parameters=given(Hash="1", Idle="1"), Tags=[{"Key": "a", "Value": "1"}])
    answer = update(cloud, HASHED, Parameters=given(Hash="1", Idle="1"), Tags=[{"Key": "a", "Value": "2"}])
    return answer, stack(cloud)["Tags"]


def shown(cloud: Any) -> dict[str, str]:
    path = f"/{cloud.name}/version"
    cloud.client("ssm").put_parameter(Name=path, Value="32", Type="String")
    slots = {
        "Secret": {"Type": "String", "NoEcho": True},
        "Count": {"Type": "Number"},
        "Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": path},
    }
    create(cloud, {"Parameters": slots} | waiting(A="1"), Parameters=given(Secret="s", Count="3"))
    return {key: value.replace(cloud.name, "NAME") for key, value in parameters(cloud).items()}


def substituted_parameter(cloud: Any) -> str:
    template = {
        "Parameters": {"Tag": {"Type": "String"}},
        "Resources": {
            "Value": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": f"/{cloud.name}/v", "Type": "String", "Value": {"Fn::Sub": "tag ${Tag}"}},
            }
        },
    }
    create(cloud, template, Parameters=given(Tag="1"))
    update(cloud, template, Parameters=given(Tag="2"))
    return cloud.client("ssm").get_parameter(Name=f"/{cloud.name}/v")["Parameter"]["Value"]


def failed_creation(cloud: Any) -> tuple[str, str]:
    repository(cloud)
    answer = code(create, cloud=cloud, template=repository_template(cloud))
    return answer, stack(cloud)["StackStatus"]


def failed_update(cloud: Any) -> Any:
    repository(cloud)
    create(cloud, HASHED, Parameters=given(Hash="1"))
    broken = {**HASHED, "Resources": HASHED["Resources"] | repository_template(cloud)["Resources"]}
    answer = update(cloud, broken, Parameters=given(Hash="2")).split(":")[0]
    events = cloud.client("cloudformation").describe_stack_events(StackName=cloud.name)["StackEvents"]
    failed = [each["LogicalResourceId"] for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    return answer, stack(cloud)["StackStatus"], parameters(cloud)["Hash"], outputs(cloud), failed


def broken(part: str) -> dict[str, Any]:
    """A template with an intrinsic that nobody can resolve, which moto meets as a mistake of its own."""
    nowhere = {"Fn::Select": [5, ["only one"]]}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": nowhere if part == "resource" else "t"}}
    return (
        waiting()
        | {"Resources": {"Topic": topic}}
        | ({"Outputs": {"O": {"Value": nowhere}}} if part != "resource" else {})
    )


def broken_creation(cloud: Any) -> Any:
    """Of a resource, and of an output: the answer, the status, and whether a reason is told."""
    found = []
    for part in ("resource", "output"):
        told = dataclasses.replace(cloud, name=f"{cloud.name}-{part}")
        made = code(create, cloud=told, template=broken(part))
        found.append((made, *_end(told)))
    return found


def broken_change_set(cloud: Any) -> Any:
    cfn, named = change(cloud, broken("resource"), "CREATE")
    answer = code(cfn.execute_change_set, **named)
    return (answer, *_end(cloud))


def broken_update(cloud: Any) -> Any:
    create(cloud, waiting())
    answer = update(cloud, broken("resource"))
    return (answer.split(":")[0], *_end(cloud))


def custom_resource(cloud: Any) -> Any:
    function = {
        "Type": "Custom::Thing",
        "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:f"},
    }
    made = code(create, cloud=cloud, template={"Resources": {"Thing": function}})
    return (made, *_end(cloud))


def _end(cloud: Any) -> tuple[str, bool]:
    """In which status the stack ended, and whether its events say why."""
    cfn = cloud.client("cloudformation")
    status = refusal(cfn.describe_stacks, StackName=cloud.name)
    if status == "done":
        status = stack(cloud)["StackStatus"]
    told = cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    return status, any("FAILED" in each["ResourceStatus"] and each.get("ResourceStatusReason") for each in told)


def looking_at_a_deleted_stack(cloud: Any) -> int:
    """How many topics there are after a look at the outputs of a stack that is gone."""
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": cloud.name}}},
        "Outputs": {"Name": {"Value": {"Ref": "Topic"}}},
    }
    cfn = create(cloud, template)
    identifier = stack(cloud)["StackId"]
    cfn.delete_stack(StackName=cloud.name)
    cfn.describe_stacks(StackName=identifier)
    cfn.list_stack_resources(StackName=identifier)
    topics = cloud.client("sns").get_paginator("list_topics").paginate()
    return sum(each["TopicArn"].endswith(f":{cloud.name}") for page in topics for each in page["Topics"])


def failed_deletion(cloud: Any) -> tuple[str, str]:
    cfn = create(cloud, repository_template(cloud))
    put(cloud, "a", "t")
    named = {"StackName": cloud.name}
    answer, found = code(cfn.delete_stack, **named), code(cfn.describe_stacks, **named)
    return answer, stack(cloud)["StackStatus"] if found == "done" else found


def update_after_a_failure(cloud: Any) -> str:
    cfn = create(cloud, repository_template(cloud))
    put(cloud, "a", "t")
    refusal(cfn.delete_stack, StackName=cloud.name)
    return update(cloud, waiting(A="1")).split(" state ")[-1].replace(cloud.name, "NAME")


def deleted_network(cloud: Any) -> tuple[str, str]:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    table = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    cfn = create(cloud, {"Resources": {"Vpc": vpc, "Table": table}})
    return code(cfn.delete_stack, StackName=cloud.name), code(cfn.describe_stacks, StackName=cloud.name)


def blamed_deletion(cloud: Any) -> Any:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    table = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    template = repository_template(cloud)
    template["Resources"] |= {"Vpc": vpc, "Table": table}
    cfn = create(cloud, template)
    put(cloud, "a", "t")
    refusal(cfn.delete_stack, StackName=cloud.name)
    if code(cfn.describe_stacks, StackName=cloud.name) != "done":
        return "no stack"
    found = cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    return {each["LogicalResourceId"] for each in found if each["ResourceStatus"] == "DELETE_FAILED"} - {cloud.name}


def events(cloud: Any) -> tuple[list[str], set[Any]]:
    cfn = create(cloud, repository_template(cloud), ClientRequestToken="run-1")
    found = cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    mine = [each["ResourceStatus"] for each in found if each["LogicalResourceId"] == "Repository"]
    return mine, {each.get("ClientRequestToken") for each in found}


def template_by_address(cloud: Any) -> str:
    s3, cfn = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket=cloud.name)
    s3.put_object(Bucket=cloud.name, Key="t.json", Body=json.dumps(waiting(A="1")).encode())
    url = f"http://127.0.0.1:{cloud.port}/{cloud.name}/t.json"
    return code(cfn.create_stack, StackName=cloud.name, TemplateURL=url)


STACKS = [
    Gap(last_updated, aws=True, moto=False),
    Gap(
        previous_value_of_a_default,
        ("done", {"Hash": "2", "Idle": "-"}, {"State": "2"}),
        ("HTTP 500", {"Hash": "-", "Idle": "-"}, {"State": "-"}),
    ),
    Gap(nothing_changed, [NO_UPDATES] * 3, ["done"] * 3),
    Gap(nothing_changed_without_parameters, NO_UPDATES, "done"),
    Gap(unused_parameter, NO_UPDATES, "done"),
    Gap(
        tags_alone,
        ("done", [{"Key": "a", "Value": "2"}]),
        (NO_UPDATES, [{"Key": "a", "Value": "1"}]),
    ),
    Gap(
        shown,
        {"Secret": "****", "Count": "3", "Version": "/NAME/version"},
        {"Secret": "s", "Count": "3", "Version": "32"},
    ),
    Gap(substituted_parameter, "tag 2", "tag 1"),
    Gap(failed_creation, ("done", "ROLLBACK_COMPLETE"), ("RepositoryAlreadyExistsException", "CREATE_IN_PROGRESS")),
    Gap(
        failed_update,
        ("done", "UPDATE_ROLLBACK_COMPLETE", "1", {"State": "1"}, ["Repository"]),
        ("RepositoryAlreadyExistsException", "CREATE_COMPLETE", "2", {"State": "2"}, []),
    ),
    Gap(
        broken_creation,
        [("done", "ROLLBACK_COMPLETE", True)] * 2,
        [("HTTP 500", "CREATE_IN_PROGRESS", False), ("done", "HTTP 500", False)],
    ),
    Gap(broken_change_set, ("done", "ROLLBACK_COMPLETE", True), ("HTTP 500", "REVIEW_IN_PROGRESS", False)),
    Gap(broken_update, ("done", "UPDATE_ROLLBACK_COMPLETE", True), ("HTTP 500", "CREATE_COMPLETE", False)),
    Gap(custom_resource, ("done", "ROLLBACK_COMPLETE", True), ("HTTP 500", "CREATE_IN_PROGRESS", False)),
    Gap(looking_at_a_deleted_stack, 0, 1),
    Gap(failed_deletion, ("done", "DELETE_FAILED"), ("RepositoryNotEmptyException", "ValidationError")),
    Gap(update_after_a_failure, "and can not be updated.", "ValidationError: Stack with id NAME does not exist"),
    Gap(deleted_network, ("done", "ValidationError"), ("DependencyViolation", "ValidationError")),
    Gap(blamed_deletion, {"Repository"}, "no stack"),
    Gap(events, (["CREATE_COMPLETE"], {"run-1"}), ([], {None})),
    Gap(template_by_address, "done", "NoSuchBucket"),
]

# -- change sets ---------------------------------------------------------------------------------------------------


def change(cloud: Any, template: Any, kind: str, **options: Any) -> Any:
    cfn = cloud.client("cloudformation")
    named = {"StackName": cloud.name, "ChangeSetName": "cdk-deploy-change-set"}
    cfn.create_change_set(**named, ChangeSetType=kind, TemplateBody=json.dumps(template), **options)
    return cfn, named


def created_by_change_set(cloud: Any) -> Any:
    cfn, named = change(cloud, HASHED, "CREATE", Parameters=given(Hash="1"))
    cfn.execute_change_set(**named)
    return stack(cloud)["StackStatus"], outputs(cloud), parameters(cloud)


def updated_by_change_set(cloud: Any) -> Any:
    create(cloud, HASHED)
    tags = [{"Key": "a", "Value": "1"}]
    cfn, named = change(cloud, HASHED, "UPDATE", Parameters=given(Hash="1") + kept("Idle"), Tags=tags)
    cfn.execute_change_set(**named)
    return outputs(cloud), parameters(cloud), stack(cloud).get("Tags"), "LastUpdatedTime" in stack(cloud)


def empty_change_set(cloud: Any) -> tuple[str, str]:
    create(cloud, waiting(A="1"))
    cfn, named = change(cloud, waiting(A="1"), "UPDATE")
    found = cfn.describe_change_set(**named)
    create_again = json.dumps(HASHED)
    create_other = {
        "StackName": f"{cloud.name}b",
        "TemplateBody": create_again,
        "Parameters": given(Hash="1", Idle="1"),
    }
    cfn.create_stack(**create_other)
    other = code(cfn.create_change_set, **create_other, ChangeSetName="cdk-deploy-change-set", ChangeSetType="UPDATE")
    return found["Status"], found.get("StatusReason", "").split(".")[0], other


def deleting_no_change_set(cloud: Any) -> str:
    cfn = create(cloud, waiting(A="1"))
    return code(cfn.delete_change_set, StackName=cloud.name, ChangeSetName=f"missing-{cloud.name}")


def same_name_in_two_stacks(cloud: Any) -> str:
    cfn, named = change(cloud, waiting(A="1"), "CREATE")
    cfn.create_change_set(
        **{**named, "StackName": f"{cloud.name}b"}, ChangeSetType="CREATE", TemplateBody=json.dumps(waiting(A="2"))
    )
    return cfn.describe_change_set(**named)["StackName"].replace(cloud.name, "NAME")


def imported_export(cloud: Any) -> Any:
    template = waiting(A="1")
    template["Outputs"]["A"]["Export"] = {"Name": cloud.name}
    cfn, named = change(cloud, template, "CREATE")
    cfn.execute_change_set(**named)
    importer = waiting(B={"Fn::ImportValue": cloud.name})
    other = {"StackName": f"{cloud.name}b"}
    made = [code(cfn.create_stack, TemplateBody=json.dumps(importer), **other), code(cfn.describe_stacks, **other)]
    if made != ["done", "done"]:
        return made
    return cfn.describe_stacks(StackName=f"{cloud.name}b")["Stacks"][0]["Outputs"][0]["OutputValue"]


CHANGE_SETS = [
    Gap(
        created_by_change_set,
        ("CREATE_COMPLETE", {"State": "1"}, {"Hash": "1", "Idle": "-"}),
        ("CREATE_COMPLETE", {}, {"Hash": "1", "Idle": "-"}),
    ),
    Gap(
        updated_by_change_set,
        ({"State": "1"}, {"Hash": "1", "Idle": "-"}, [{"Key": "a", "Value": "1"}], True),
        ({"State": "1"}, {"Hash": "1", "Idle": "-"}, [], False),
    ),
    Gap(
        empty_change_set,
        ("FAILED", "The submitted information didn't contain changes", "done"),
        ("FAILED", "The submitted information didn't contain changes", "ValidationError"),
    ),
    Gap(deleting_no_change_set, "done", "HTTP 500"),
    Gap(same_name_in_two_stacks, "NAME", "NAMEb"),
    Gap(imported_export, "1", ["done", "HTTP 500"]),
]

# -- ECS -----------------------------------------------------------------------------------------------------------


def service_template(cloud: Any) -> dict[str, Any]:
    container = {
        "Name": "web",
        "Image": {"Fn::Join": ["", ["registry/app:", {"Ref": "ImageTag"}]]},
        "PortMappings": [{"ContainerPort": 8080}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "g"}},
    }
    task = {
        "Family": cloud.name,
        "ContainerDefinitions": [container],
        "Cpu": "256",
        "Memory": "512",
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/execution",
    }
    service = {
        "ServiceName": cloud.name,
        "Cluster": {"Ref": "Cluster"},
        "TaskDefinition": {"Ref": "Task"},
        "LaunchType": "FARGATE",
        "DeploymentConfiguration": {"MinimumHealthyPercent": 50, "MaximumPercent": 200},
    }
    return {
        "Parameters": {"ImageTag": {"Type": "String"}},
        "Resources": {
            # Before what it refers to, as a template may have it.
            "AService": {"Type": "AWS::ECS::Service", "Properties": service},
            "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": cloud.name}},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        },
    }


def service(cloud: Any) -> Any:
    return cloud.client("ecs").describe_services(cluster=cloud.name, services=[cloud.name])["services"][0]


def new_image(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    cfn = cloud.client("cloudformation")
    cfn.update_stack(StackName=cloud.name, UsePreviousTemplate=True, Parameters=given(ImageTag="2"))
    running = service(cloud)["taskDefinition"]
    ecs = cloud.client("ecs")
    images = [
        ecs.describe_task_definition(taskDefinition=each)["taskDefinition"]["containerDefinitions"][0].get("image")
        for each in (running, f"{cloud.name}:2")
    ]
    return running.split(":")[-1], images, service(cloud)["deployments"][0]["taskDefinition"] == running


def task_size(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    task = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.name)["taskDefinition"]
    options = task["containerDefinitions"][0]["logConfiguration"]["options"]
    return task.get("cpu"), task.get("executionRoleArn", "").split("/")[-1], options


def settled_service(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    found = service(cloud)
    deployment = found["deployments"][0]
    return (
        found["launchType"],
        found.get("deploymentConfiguration", {}).get("maximumPercent"),
        (found["desiredCount"], found["runningCount"], found["pendingCount"]),
        (deployment["status"], deployment["rolloutState"], deployment["runningCount"]),
    )


def service_of_another_controller(cloud: Any) -> Any:
    template = service_template(cloud)
    template["Resources"]["AService"]["Properties"]["DeploymentController"] = {"Type": "CODE_DEPLOY"}
    create(cloud, template, Parameters=given(ImageTag="1"))
    found = service(cloud)
    return found["deploymentController"]["type"], len(found["deployments"])


def updated_service_by_api(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    ecs = cloud.client("ecs")
    container = {"name": "web", "image": "registry/app:2", "memory": 128}
    ecs.register_task_definition(family=cloud.name, containerDefinitions=[container])
    ecs.update_service(cluster=cloud.name, service=cloud.name, taskDefinition=f"{cloud.name}:2")
    found = service(cloud)
    return [
        each.split("/")[-1].replace(cloud.name, "NAME")
        for each in (found["taskDefinition"], found["deployments"][0]["taskDefinition"])
    ]


def deleted_service(cloud: Any) -> Any:
    cfn = create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    cfn.delete_stack(StackName=cloud.name)
    ecs = cloud.client("ecs")
    task = ecs.describe_task_definition(taskDefinition=f"{cloud.name}:1")["taskDefinition"]["status"]
    clusters = ecs.describe_clusters(clusters=[cloud.name])["clusters"]
    return task, [each["status"] for each in clusters]


def deployments_of_a_service(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    ecs = cloud.client("ecs")
    try:
        (found,) = ecs.list_service_deployments(cluster=cloud.name, service=cloud.name)["serviceDeployments"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    revision = found["targetServiceRevisionArn"]
    (of,) = ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    return found["status"], of["taskDefinition"] == service(cloud)["taskDefinition"]


def targets_of_a_service(cloud: Any) -> Any:
    """Its tasks are targets, as many as it is to run."""
    elb, vpc = cloud.client("elbv2"), cloud.client("ec2").describe_vpcs()["Vpcs"][0]
    name = f"t{hashlib.sha256(cloud.name.encode()).hexdigest()[:20]}"
    asked = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc["VpcId"], "TargetType": "ip"}
    group = elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
    template = service_template(cloud)
    balancer = {"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": group}
    template["Resources"]["AService"]["Properties"]["LoadBalancers"] = [balancer]
    create(cloud, template, Parameters=given(ImageTag="1"))
    seen = []
    for count in (2, 1):
        cloud.client("ecs").update_service(cluster=cloud.name, service=cloud.name, desiredCount=count)
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        seen.append([(each["TargetHealth"]["State"], each["Target"]["Port"]) for each in found])
    return seen


ECS = [
    Gap(deployments_of_a_service, ("SUCCESSFUL", True), 500),
    Gap(targets_of_a_service, [[("healthy", 8080)] * 2, [("healthy", 8080)]], [[], []]),
    Gap(deleted_service, ("INACTIVE", ["INACTIVE"]), ("ACTIVE", ["ACTIVE"])),
    Gap(new_image, ("2", ["registry/app:2", "registry/app:2"], True), ("1", ["registry/app:1", None], True)),
    Gap(task_size, ("256", "execution", {"awslogs-group": "g"}), (None, "", {"awslogs-group": "g"})),
    Gap(
        settled_service,
        ("FARGATE", 200, (1, 1, 0), ("PRIMARY", "COMPLETED", 1)),
        ("EC2", None, (0, 0, 0), ("PRIMARY", "COMPLETED", 0)),
    ),
    Gap(updated_service_by_api, ["NAME:2", "NAME:2"], ["NAME:2", "NAME:1"]),
    Gap(service_of_another_controller, ("CODE_DEPLOY", 0), ("ECS", 1)),
]


def protection(cloud: Any) -> Any:
    cfn = create(cloud, waiting())
    changed = code(cfn.update_termination_protection, StackName=cloud.name, EnableTerminationProtection=True)
    deleted = code(cfn.delete_stack, StackName=cloud.name)
    return changed, deleted, code(cfn.describe_stacks, StackName=cloud.name)


def topics_and_tags(cloud: Any) -> Any:
    """As created, after an update that names neither, and after one that names none."""
    topic = cloud.client("sns").create_topic(Name=cloud.name)["TopicArn"]
    create(cloud, waiting(A="1"), Tags=[{"Key": "a", "Value": "b"}])
    seen = []
    for number, named in enumerate(({"NotificationARNs": [topic]}, {}, {"NotificationARNs": [], "Tags": []}), start=2):
        assert update(cloud, waiting(A=str(number)), **named) == "done"
        seen.append((len(stack(cloud)["NotificationARNs"]), len(stack(cloud)["Tags"])))
    return seen


SURROUNDINGS = [
    Gap(protection, ("done", "ValidationError", "done"), ("HTTP 500", "done", "ValidationError")),
    Gap(topics_and_tags, [(1, 1), (1, 1), (0, 0)], [(0, 1), (0, 1), (0, 1)]),
]


def parameter_without_a_name(cloud: Any) -> Any:
    """The stack's state, whether the parameter has a name of the stack's, and the same name and another value later."""
    template = {"Resources": {"Size": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}
    created = refusal(create, cloud=cloud, template=template)
    if created != "done":
        return created

    def names() -> list[str]:
        found = cloud.client("cloudformation").list_stack_resources(StackName=cloud.name)["StackResourceSummaries"]
        return [each["PhysicalResourceId"] for each in found]

    before = names()
    template["Resources"]["Size"]["Properties"]["Value"] = "2"
    answer = update(cloud, template)
    value = cloud.client("ssm").get_parameter(Name=before[0])["Parameter"]["Value"]
    return before[0].startswith(f"{cloud.name}-Size"), answer, names() == before, value


SSM = [Gap(parameter_without_a_name, (True, "done", True, "2"), "HTTP 500")]

GAPS = [
    pytest.param(gap, id=gap.observe.__name__)
    for gap in (*ECR, *REPOSITORIES, *STACKS, *CHANGE_SETS, *SURROUNDINGS, *ECS, *SSM)
]


@pytest.mark.parametrize("gap", GAPS)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", GAPS)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto


# -- what moto does right, and the corrections must not break -------------------------------------------------------


def test_retained_repository_survives_its_stack(cloud: Any) -> None:
    cfn = create(cloud, repository_template(cloud, DeletionPolicy="Retain"))
    put(cloud, "a", "t")
    cfn.delete_stack(StackName=cloud.name)
    assert code(cloud.client("ecr").describe_images, repositoryName=cloud.name) == "done"
    assert code(cfn.describe_stacks, StackName=cloud.name) == "ValidationError"


def test_existing_repository_is_not_adopted_unasked(cloud: Any) -> None:
    repository(cloud)
    cfn, named = change(cloud, repository_template(cloud), "CREATE")
    cfn.execute_change_set(**named)
    assert stack(cloud)["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [
        each.get("ResourceStatusReason", "") for each in cfn.describe_stack_events(StackName=cloud.name)["StackEvents"]
    ]
    assert any("already exists" in reason for reason in reasons)


def test_owned_repository_is_not_adopted(cloud: Any) -> None:
    cfn = create(cloud, repository_template(cloud))
    cfn.create_change_set(
        StackName=f"{cloud.name}b",
        ChangeSetName="steal",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(repository_template(cloud)),
        ImportExistingResources=True,
    )
    cfn.execute_change_set(StackName=f"{cloud.name}b", ChangeSetName="steal")
    found = cfn.describe_stacks(StackName=f"{cloud.name}b")["Stacks"][0]
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("requested", "problem"),
    [
        ([], "Parameters: [Tag] must have values"),
        (given(Tag="1", Other="2"), "Parameters: [Other] do not exist in the template"),
        (kept("Fresh") + given(Tag="1"), "Cannot specify usePreviousValue as true"),
    ],
)
def test_wrong_parameters_are_refused(requested: Any, problem: str, cloud: Any) -> None:
    before = {"Parameters": {"Tag": {"Type": "String"}}} | waiting(A={"Ref": "Tag"})
    create(cloud, before, Parameters=given(Tag="1"))
    after = {"Parameters": before["Parameters"] | {"Fresh": {"Type": "String", "Default": "x"}}} | waiting(A="2")
    assert problem in update(cloud, after, Parameters=requested)


def test_exports_follow_updates(cloud: Any) -> None:
    template = waiting(A="1", B="1")
    template["Outputs"]["A"]["Export"] = {"Name": f"{cloud.name}-a"}
    cfn = create(cloud, template)
    template["Outputs"]["B"]["Export"] = {"Name": f"{cloud.name}-b"}
    del template["Outputs"]["A"]["Export"]
    update(cloud, template)
    names = {each["Name"] for each in cfn.list_exports()["Exports"]}
    assert names & {f"{cloud.name}-a", f"{cloud.name}-b"} == {f"{cloud.name}-b"}
    cfn.delete_stack(StackName=cloud.name)
    assert f"{cloud.name}-b" not in {each["Name"] for each in cfn.list_exports()["Exports"]}
