"""What AWS does, what the sandbox does, and what plain moto does instead: rows, and the calls in them.

A failing `test_moto_still_needs_it` is good news: moto has changed, look whether the correction can go.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def row_name(gap: Gap) -> str:
    return gap.observe.__name__


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


HASHED = {"Parameters": {"Hash": {"Type": "String", "Default": "-"}, "Idle": {"Type": "String", "Default": "-"}}} | (
    waiting(State={"Fn::Join": [",", [{"Ref": "Hash"}]]})
)


def change(cloud: Any, template: Any, kind: str, **options: Any) -> Any:
    cfn = cloud.client("cloudformation")
    named = {"StackName": cloud.name, "ChangeSetName": "cdk-deploy-change-set"}
    cfn.create_change_set(**named, ChangeSetType=kind, TemplateBody=json.dumps(template), **options)
    return cfn, named
