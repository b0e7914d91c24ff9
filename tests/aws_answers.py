"""What AWS says to the calls of a run with nothing to do, as bytes; and the short path to ask for it."""

from __future__ import annotations

import json

from rajee_deploy.aws import SHORT_CALLS
from rajee_deploy.aws.short import Short
from rajee_deploy.aws.short.plain import plain_settings

NAMESPACE = "https://cloudformation.amazonaws.com/doc/2010-05-15/"


def xml(operation: str, inside: str) -> bytes:
    return (
        f'<?xml version="1.0"?><{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{inside}</{operation}Result>'
        f"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>\n"
    ).encode()


STACK = (
    "<Stacks><member><StackName>App</StackName><StackId>arn:aws:cloudformation:1</StackId>"
    "<CreationTime>2026-11-28T16:02:03.123Z</CreationTime><LastUpdatedTime>2026-11-28T17:02:03.1Z</LastUpdatedTime>"
    "<StackStatus>UPDATE_COMPLETE</StackStatus><EnableTerminationProtection>true</EnableTerminationProtection>"
    "<Parameters><member><ParameterKey>ImageTag</ParameterKey><ParameterValue>c-1 &amp; ü</ParameterValue></member>"
    "</Parameters><Outputs/><NotificationARNs><member>arn:aws:sns:1</member></NotificationARNs>"
    "<Tags><member><Key>k</Key><Value></Value></member></Tags></member></Stacks>"
)
REPOSITORY = {
    "repositories": [{"repositoryName": "team/a", "createdAt": 1764345600.5, "imageTagMutability": "MUTABLE"}]
}
DEPLOYMENT = {"id": "d", "status": "PRIMARY", "createdAt": 1764345600.5}
# Each call, its arguments, and a whole answer.
CALLS = [
    ("sts", "get_caller_identity", {}, xml("GetCallerIdentity", "<Arn>arn</Arn><Account>123456789012</Account>")),
    ("cloudformation", "describe_stacks", {"StackName": "App"}, xml("DescribeStacks", STACK)),
    (
        "cloudformation",
        "get_template",
        {"StackName": "App", "TemplateStage": "Original"},
        xml("GetTemplate", '<TemplateBody>{"b": 1, "a": [2]}</TemplateBody>'),
    ),
    ("cloudformation", "get_template", {"StackName": "App"}, xml("GetTemplate", "<TemplateBody>a: 1\n</TemplateBody>")),
    (
        "ecr",
        "batch_get_image",
        {"repositoryName": "team/a", "imageIds": [{"imageTag": "c-1"}]},
        json.dumps({"images": [{"imageId": {"imageTag": "c-1"}, "imageManifest": "{}"}], "failures": []}).encode(),
    ),
    (
        "ecr",
        "describe_images",
        {"repositoryName": "team/a", "imageIds": [{"imageTag": "c-1"}]},
        json.dumps({"imageDetails": [{"imageTags": ["c-1"], "imagePushedAt": 1764345600.5}]}).encode(),
    ),
    (
        "ecr",
        "describe_repositories",
        {"repositoryNames": ["team/a"], "registryId": "123456789012"},
        json.dumps(REPOSITORY).encode(),
    ),
    (
        "ecs",
        "describe_services",
        {"cluster": "main", "services": ["arn:aws:ecs:1"]},
        json.dumps(
            {"services": [{"serviceArn": "arn:aws:ecs:1", "deployments": [DEPLOYMENT]}], "failures": []}
        ).encode(),
    ),
    (
        "lambda",
        "get_function",
        {"FunctionName": "f_1-a"},
        json.dumps(
            {
                "Configuration": {"FunctionName": "f_1-a", "LastUpdateStatus": "Successful", "Timeout": 3},
                "Code": {"RepositoryType": "ECR", "ImageUri": "host/app:c-1", "ResolvedImageUri": "host/app@sha256:a"},
            }
        ).encode(),
    ),
    ("ssm", "get_parameter", {"Name": "/n"}, json.dumps({"Parameter": {"Name": "/n", "Value": "v"}}).encode()),
]
DESCRIBE, BATCH = CALLS[1], CALLS[4]


def reply(body: bytes, *more: str, status: str = "200 OK", length: int | None = None) -> bytes:
    heads = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *more]
    return ("\r\n".join(heads) + "\r\n\r\n").encode() + body


def unsized(body: bytes, *more: str) -> bytes:
    return ("\r\n".join(["HTTP/1.1 200 OK", *more]) + "\r\n\r\n").encode() + body


def chunked(body: bytes) -> bytes:
    return unsized(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), "Transfer-Encoding: chunked")


def short() -> Short:
    plain = plain_settings(None, "eu-west-1")
    assert plain is not None
    return Short(plain, SHORT_CALLS, 3, 3)


def ask(path: Short, call) -> dict | None:
    service, operation, arguments, _ = call
    return path.ask(service, operation, arguments, "eu-west-1")
