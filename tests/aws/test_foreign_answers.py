"""Nothing that AWS answers, or somebody in its place, is our bug: every reader, with every part of its answers missing,
of another kind, cut or endless, ends in a value or in an error of ours.

The answers are made from botocore's own descriptions of the calls, all parts filled, and travel through its parsers as
bytes. A reader that is new, or a part that is newly read, is in the table or this file fails.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from botocore.awsrequest import AWSResponse
from botocore.loaders import Loader
from botocore.model import ServiceModel
from sampled import some
from source_trees import nodes, tree

from rajee_deploy.aws import Aws
from rajee_deploy.aws.caller import IdentityCall
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.known_images import KnownImages
from rajee_deploy.registry.repository_rules import EcrRules
from rajee_deploy.rollout import StoppedTask
from rajee_deploy.rollout.declared import DeclaredFunction, DeclaredService, DeclaredServices
from rajee_deploy.rollout.standing import StackService
from rajee_deploy.stack.deployment_record import SsmRecords
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.services import Services
from rajee_deploy.stack.task_logs import TaskLogs, last_lines
from rajee_deploy.stack.update import Updates
from rajee_deploy.stack.watching import Watching
from rajee_deploy.synth.deploy_checks import bootstrap_version

TOP = Path(__file__).parents[2]
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/main/api"
STOPPED = StoppedTask("arn:aws:ecs:us-east-1:123456789012:task/main/0f", "d", definition="api:2")
MANIFEST = json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + "0" * 64, "size": 2}, "layers": []})
DIGEST = Digest("sha256", hashlib.sha256(MANIFEST.encode()).hexdigest())
REPOSITORY = Repository.parse("team/app")
PLATFORM = Platform.parse("linux/amd64")
HELD = StackService(SERVICE, "api:2", 1, cluster="main")
FUNCTION = StackService("fn", "app:c-1", is_function=True)
# What is asked for, by the name of the part that repeats it.
NAMED = {
    "StackName": "App",
    "serviceArn": SERVICE,
    "serviceName": "api",
    "imageTag": "c-1",
    "imageTags": "c-1",
    "imageDigest": str(DIGEST),
    "imageManifest": MANIFEST,
    "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
    "repositoryName": "team/app",
    "repositoryUri": "1.dkr.ecr.us-east-1.amazonaws.com/team/app",
    "Name": "/rajee-deploy/App",
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "StackStatus": "UPDATE_COMPLETE",
    "status": "ACTIVE",
    "downloadUrl": "http://127.0.0.1:9/x",
    "authorizationToken": "QVdTOng=",
    "FunctionName": "fn",
    "ImageUri": "a/app:c-1",
    "ResourceType": "AWS::ECS::Service",
    "TemplateBody": '{"Resources": {}}',
    "PhysicalResourceId": SERVICE,
    "Account": "123456789012",
    "imageStatus": "ARCHIVED",
    "type": "ECS",
    "failureCode": "ImageNotFound",
}


@cache
def model(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def literals():
    """Every text in the tool's source: the names of the parts that it reads are among them."""
    trees = (tree(path) for path in (TOP / "rajee_deploy").rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def sample(shape, name=""):
    """An answer with every part that somebody reads."""
    leaves = {
        "boolean": True,
        "timestamp": 1764345600,
        "integer": 1,
        "long": 1,
        "blob": "",
        "string": NAMED.get(name, "v"),
    }
    match shape.type_name:
        case "structure":
            return {
                each: sample(inner, each) for each, inner in shape.members.items() if each in literals() - {"NextToken"}
            }
        case "list":
            return [sample(shape.member, name)]
        case "map":
            return {"k": sample(shape.value)}
        case kind:
            return leaves.get(kind, 1.5)


def xml_of(shape, value, name):
    """The same in the words of the query protocol."""
    if not isinstance(value, dict | list):
        text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        return f"<{name}>{escape('' if text is None else str(text), {chr(0xD800): '?'})}</{name}>"
    if isinstance(value, list):
        inner = getattr(shape, "member", None)
        return f"<{name}>{''.join(xml_of(inner, each, 'member') for each in value)}</{name}>"
    members = getattr(shape, "members", None) or {}
    return f"<{name}>{''.join(xml_of(members.get(key), each, key) for key, each in value.items())}</{name}>"


def encoded(service, operation, document):
    shape = model(service).operation_model(operation)
    if "json" in shape.service_model.protocol:
        names = {key: each.serialization.get("name", key) for key, each in shape.output_shape.members.items()}
        return json.dumps(
            {names.get(key, key): each for key, each in document.items()} if isinstance(document, dict) else document
        ).encode()
    inside = xml_of(shape.output_shape, document, f"{operation}Result")
    return f"<{operation}Response>{inside}</{operation}Response>".encode("utf-8", "replace")


def places(document, path=()):
    """Every part of a document, by the way to it."""
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, each in items:
        yield from places(each, (*path, key))


def wrong(value):
    """What may stand in the place of a value."""
    if isinstance(value, dict | list):
        return (None, 5, "x", [], {}, [None], [{}])
    if isinstance(value, str):
        return (None, 5, "", "x", {}, "\ud800", "9" * 5000, "\u00b2", "0001-01-01T00:00:00+14:00")
    return (None, "x", [], True, 10**30, 1e308, -62135596800)


def at(document, path):
    for key in path:
        document = document[key]
    return document


LACKING = object()


def altered(document, path, value):
    if not path:
        return value
    copied = json.loads(json.dumps(document))
    holder = at(copied, path[:-1])
    if value is LACKING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copied


@dataclass
class Script:
    """What is answered to each operation; a fresh one is whole."""

    bodies: dict[str, bytes]
    asked: int = 0


class Reply:
    """The rest of an HTTP answer that botocore's own object wants."""

    def __init__(self, body):
        self.body = body

    def stream(self, *_arguments, **_more):
        return iter([self.body])


@pytest.fixture(scope="module")
def cloud():
    """The boto3 way of the tool, whose bytes come from the script in place of a network."""
    script = Script({})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULTS_MODE": "legacy",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        aws = Aws(region="us-east-1")

        def answer(request, event_name, **_more):
            script.asked += 1
            assert script.asked < 50, "it asks without end"
            operation = event_name.rpartition(".")[2]
            service = next(name for name in SERVICES if operation in model(name).operation_names)
            body = script.bodies.get(operation) or encoded(service, operation, whole(service, operation))
            return AWSResponse(request.url, 200, {"Content-Type": "x"}, Reply(body))

        aws._opened()._session.register("before-send", answer)
        yield aws, script


SERVICES = ("cloudformation", "ecr", "ecs", "elbv2", "lambda", "logs", "ssm", "sts")


@cache
def whole(service, operation):
    shape = model(service).operation_model(operation).output_shape
    return sample(shape) if shape is not None else {}


def declared():
    return DeclaredServices((DeclaredService("v", "v", 1, "v"),), (DeclaredFunction("v", "v"),))


def stack():
    return StackPresent("UPDATE_COMPLETE", {}, {}, services=declared())


def ecr(aws):
    class Nothing(KnownImages):
        def __init__(self):
            pass

        def find(self, *_arguments):
            return None

        def remember(self, *_arguments):
            pass

    return Ecr(aws, Nothing())


# Each reader, and the operations whose answers it reads.
READERS = {
    "identity": (lambda aws: aws.identity(), [("sts", "GetCallerIdentity")]),
    "describe": (lambda aws: CloudFormation(aws).describe("App"), [("cloudformation", "DescribeStacks")]),
    "observe": (
        lambda aws: CloudFormation(aws, ["App"]).observe("App"),
        [("cloudformation", "DescribeStacks"), ("cloudformation", "GetTemplate")],
    ),
    "events": (lambda aws: Watching(aws).events("App", 0.0), [("cloudformation", "DescribeStackEvents")]),
    "services": (lambda aws: Watching(aws).services("App"), [("cloudformation", "ListStackResources")]),
    "service": (
        lambda aws: Watching(aws).service(SERVICE),
        [
            ("ecs", "DescribeServices"),
            ("elbv2", "DescribeTargetHealth"),
            ("ecs", "ListTasks"),
            ("ecs", "DescribeTasks"),
        ],
    ),
    "function": (lambda aws: Watching(aws).function("App", "fn"), [("lambda", "GetFunction")]),
    "images": (lambda aws: Watching(aws).images("api:2"), [("ecs", "DescribeTaskDefinition")]),
    "settings": (
        lambda aws: Watching(aws).settings(SERVICE),
        [
            ("elbv2", "DescribeTargetGroups"),
            ("elbv2", "DescribeTargetGroupAttributes"),
            ("ecs", "DescribeTaskDefinition"),
        ],
    ),
    "log": (lambda aws: TaskLogs(lambda _arn: aws).find(STOPPED, "v"), [("ecs", "DescribeTaskDefinition")]),
    "last lines": (lambda aws: last_lines(aws, "g", "s"), [("logs", "GetLogEvents")]),
    "held": (
        lambda aws: Services(aws).services_of("App", stack(), fresh=True),
        [("cloudformation", "ListStackResources"), ("cloudformation", "GetTemplate")],
    ),
    "of services": (
        lambda aws: Services(aws).services([HELD, FUNCTION]),
        [("ecs", "DescribeServices"), ("lambda", "GetFunction")],
    ),
    "rolled back": (
        lambda aws: Services(aws).rolled_back(HELD),
        [("ecs", "ListServiceDeployments"), ("ecs", "DescribeServiceRevisions")],
    ),
    "run": (lambda aws: Services(aws).run(HELD, "api:2"), [("ecs", "UpdateService")]),
    "give": (lambda aws: Services(aws).run(FUNCTION, "app:c-1"), [("lambda", "UpdateFunctionCode")]),
    "record": (lambda aws: SsmRecords(aws).read("App"), [("ssm", "GetParameter")]),
    "write record": (lambda aws: SsmRecords(aws).write("App", "x"), [("ssm", "PutParameter")]),
    "bootstrap": (lambda aws: bootstrap_version(aws, "/p"), [("ssm", "GetParameter")]),
    "update": (lambda aws: Updates(aws).update("App", stack(), {}, "t", {}), [("cloudformation", "UpdateStack")]),
    "execute": (lambda aws: Updates(aws).execute("App", "c"), [("cloudformation", "ExecuteChangeSet")]),
    "find": (lambda aws: ecr(aws).find(REPOSITORY, ["c-1"]), [("ecr", "BatchGetImage")]),
    "archived": (lambda aws: ecr(aws).confirm_absent(REPOSITORY, "c-1"), [("ecr", "DescribeImages")]),
    "frozen": (lambda aws: ecr(aws).find_frozen(REPOSITORY, ["c-1"]), [("ecr", "DescribeRepositories")]),
    "mutability": (lambda aws: EcrRules(aws).find_mutability(REPOSITORY), [("ecr", "DescribeRepositories")]),
    "lifecycle": (lambda aws: EcrRules(aws).find_lifecycle(REPOSITORY), [("ecr", "GetLifecyclePolicy")]),
    "tags": (lambda aws: EcrRules(aws).find_tags(REPOSITORY, "c-1"), [("ecr", "DescribeImages")]),
    "releases": (lambda aws: EcrRules(aws).find_releases(REPOSITORY), [("ecr", "DescribeImages")]),
    "caller": (lambda aws: IdentityCall(aws).caller(), [("sts", "GetCallerIdentity")]),
    "access": (
        lambda aws: ecr(aws).push_access(REPOSITORY),
        [("ecr", "DescribeRepositories"), ("ecr", "GetAuthorizationToken")],
    ),
    "tag": (
        lambda aws: ecr(aws).put_tag(REPOSITORY, DIGEST, "live-App"),
        [("ecr", "PutImage"), ("ecr", "BatchGetImage")],
    ),
    "content": (lambda aws: ecr(aws)._blob(REPOSITORY, DIGEST), [("ecr", "GetDownloadUrlForLayer")]),
}
CASES = [(name, *asked) for name, (_, operations) in READERS.items() for asked in operations]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setattr(Aws, "download", lambda *_arguments: b"{}")


def test_every_call_that_is_made_is_in_the_table():
    """The calls are literals of the source."""
    made: set[str] = set()
    for path in (TOP / "rajee_deploy").rglob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.Call) and (
                getattr(node.func, "attr", "") in ("ask", "_ask") or getattr(node.func, "id", "") == "pages"
            ):
                words = [
                    each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
                made |= {word.title().replace("_", "") for word in words if re.fullmatch(r"[a-z]+(_[a-z]+)+", word)}
    assert "DescribeStacks" in made
    tested = {operation for _, _, operation in CASES}
    assert made - tested == {"AssumeRole"}, "tests/aws/test_elsewhere.py has that one"


@pytest.mark.parametrize(("reader", "service", "operation"), CASES, ids=str)
def test_a_part_that_is_missing_or_of_another_kind(cloud, reader, service, operation):
    aws, script = cloud
    act, document = READERS[reader][0], whole(service, operation)
    cases = [(path, value) for path in places(document) for value in wrong(at(document, path))]
    lacking = [(path, LACKING) for path in places(document) if path]
    found = set()
    for path, value in (*lacking[:25], *some("altered answers of AWS", [*lacking[25:], *cases], 17)):
        body = altered(document, path, value)
        found.add(outcome(aws, script, act, operation, encoded(service, operation, body), (path, body)))
    assert found <= {"", "unknown-answer", "no-repository", "registry-failed", "aws-error", "image-gone"}, found


def outcome(aws, script, act, operation, body, told):
    script.bodies, script.asked = {operation: body}, 0
    try:
        act(aws)
    except DeployError as error:
        return error.code if error.exit_code == 1 else f"{error.code} {error.exit_code}: {told}"
    except Exception as error:
        raise AssertionError(f"{operation} {told[0]}: {type(error).__name__} {error}: {str(told[1])[:300]}") from error
    return ""


@pytest.mark.parametrize(("reader", "service", "operation"), CASES, ids=str)
def test_an_answer_that_is_cut_garbled_or_somebody_elses(cloud, reader, service, operation):
    aws, script = cloud
    good = encoded(service, operation, whole(service, operation))
    foreign = [b"", b"\xff\xfe", b"[" * 100_000, b"<a>" * 50_000, b"null", b"[]", b"5", b'"x"', b"<html><body/></html>"]
    cuts = [good[:length] for length in range(0, len(good), max(1, len(good) // 20))]
    flipped = [
        good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in range(0, len(good), max(1, len(good) // 20))
    ]
    for body in some("answers of AWS that are cut or garbled", (*foreign, *cuts, *flipped), 4):
        outcome(aws, script, READERS[reader][0], operation, body or b" ", ("bytes", body[:200]))


@pytest.mark.parametrize("operation", ["DescribeStackEvents", "ListStackResources"])
def test_a_page_that_always_has_a_next_one_ends(cloud, operation):
    aws, script = cloud
    body = encoded("cloudformation", operation, {**whole("cloudformation", operation), "NextToken": "again"})
    reader = {"DescribeStackEvents": "events", "ListStackResources": "services"}[operation]
    assert outcome(aws, script, READERS[reader][0], operation, body, ("pages", "")) == "unknown-answer"
