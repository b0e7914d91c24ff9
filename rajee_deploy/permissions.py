"""Which calls the tool makes of AWS by itself, and the IAM policies that allow just these. Pure: sets in, a policy out.

Declared by hand and held to the truth by a test, which records every call of real runs: what is missing here fails it,
and so does what nobody calls. It never knows what `cdk deploy` does as the roles that `cdk bootstrap` made.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, assert_never

from rajee_deploy.dataclass import dataclass
from rajee_deploy.names import Who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.model import Repository


class Scope(Enum):
    """What a permission is given on."""

    EVERYTHING = "*"  # IAM knows no resource for these calls
    STACKS = "the stacks of the settings"
    REPOSITORIES = "the repositories of the settings"
    SERVICES = "ECS services and tasks"  # the settings do not know their names
    FUNCTIONS = "Lambda functions"  # likewise
    BOOTSTRAP_VERSION = "where `cdk bootstrap` notes its version"
    RECORDS = "what is recorded outside of stacks without parameters (`context-key`)"
    BOOTSTRAP_ROLES = "the roles that `cdk bootstrap` made"


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action, like `ecr:BatchGetImage`, and what it is asked of."""

    action: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Place:
    """Where the policies are to hold. Account and region may be words that stand for them."""

    account: str
    region: str
    stacks: Sequence[str]
    repositories: Sequence[Repository]
    recorded: Sequence[str] = ()  # those of the stacks whose record lies in SSM


# `plan`, `explain` and `verify`. The last two of ECR are for `explain --since TAG`, which reads a record that lies
# beside the image, over the protocol that pulls speak.
_READS = (
    Permission("sts:GetCallerIdentity", Scope.EVERYTHING),
    Permission("cloudformation:DescribeStacks", Scope.STACKS),
    Permission("cloudformation:GetTemplate", Scope.STACKS),
    # What the services of a stack run. A role that may not ask is told so, and no more.
    Permission("cloudformation:ListStackResources", Scope.STACKS),
    Permission("ecs:DescribeServices", Scope.SERVICES),
    Permission("ecs:DescribeTaskDefinition", Scope.EVERYTHING),
    # Whether it was ECS that put one back: asked only where one runs something else.
    Permission("ecs:ListServiceDeployments", Scope.SERVICES),
    Permission("ecs:DescribeServiceRevisions", Scope.SERVICES),
    Permission("lambda:GetFunction", Scope.FUNCTIONS),
    Permission("ecr:BatchGetImage", Scope.REPOSITORIES),
    Permission("ecr:DescribeImages", Scope.REPOSITORIES),
    Permission("ecr:DescribeRepositories", Scope.REPOSITORIES),
    Permission("ecr:GetDownloadUrlForLayer", Scope.REPOSITORIES),
    Permission("ecr:GetAuthorizationToken", Scope.EVERYTHING),
    Permission("ssm:GetParameter", Scope.RECORDS),
)
# What `up` needs besides: to push (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html), to move
# tags, and to let the CDK CLI deploy.
_WRITES = (
    Permission("ecr:BatchCheckLayerAvailability", Scope.REPOSITORIES),
    Permission("ecr:InitiateLayerUpload", Scope.REPOSITORIES),
    Permission("ecr:UploadLayerPart", Scope.REPOSITORIES),
    Permission("ecr:CompleteLayerUpload", Scope.REPOSITORIES),
    Permission("ecr:PutImage", Scope.REPOSITORIES),
    Permission("ssm:GetParameter", Scope.BOOTSTRAP_VERSION),
    # To watch a deployment, and to see that ECS runs what was deployed.
    Permission("cloudformation:DescribeStackEvents", Scope.STACKS),
    Permission("ecs:DescribeTasks", Scope.SERVICES),
    Permission("ecs:ListTasks", Scope.EVERYTHING),
    Permission("elasticloadbalancing:DescribeTargetHealth", Scope.EVERYTHING),
    Permission("elasticloadbalancing:DescribeTargetGroups", Scope.EVERYTHING),
    Permission("elasticloadbalancing:DescribeTargetGroupAttributes", Scope.EVERYTHING),
    # For `rollback`, `tag-only = "cloudformation"` and --no-wait. CloudFormation acts as the role that the stack has.
    Permission("cloudformation:UpdateStack", Scope.STACKS),
    Permission("cloudformation:ExecuteChangeSet", Scope.STACKS),
    Permission("ssm:PutParameter", Scope.RECORDS),
    Permission("ecs:UpdateService", Scope.SERVICES),  # --repair-drift
    Permission("sts:AssumeRole", Scope.BOOTSTRAP_ROLES),
)


def needed(who: Who) -> tuple[Permission, ...]:
    """The permissions of a policy, in the order in which they are shown."""
    match who:
        case Who.plan:
            return _READS
        case Who.up:
            return (*_READS, *_WRITES)
        case _:
            assert_never(who)


def policy(who: Who, place: Place) -> dict[str, Any]:
    """The IAM policy document: one statement for each scope."""
    by_scope: dict[Scope, list[str]] = {}
    for permission in needed(who):
        by_scope.setdefault(permission.scope, []).append(permission.action)
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for scope, actions in by_scope.items()
        if (resources := list(dict.fromkeys(_resources(scope, place))))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _resources(scope: Scope, place: Place) -> Iterator[str]:
    def arn(service: str, resource: str, region: str = place.region, account: str = place.account) -> str:
        return f"arn:{_partition(region or place.region)}:{service}:{region}:{account}:{resource}"

    match scope:
        case Scope.EVERYTHING:
            yield "*"
        case Scope.REPOSITORIES:
            for each in place.repositories:
                yield arn("ecr", f"repository/{each.name}", each.region or place.region, each.account or place.account)
        case _ if not place.stacks:
            return
        case Scope.STACKS:
            yield from (arn("cloudformation", f"stack/{stack}/*") for stack in place.stacks)
        case Scope.SERVICES:
            yield arn("ecs", "service/*")
            yield arn("ecs", "task/*")
            yield arn("ecs", "service-revision/*")
        case Scope.FUNCTIONS:
            yield arn("lambda", "function:*")
        case Scope.RECORDS:
            yield from (arn("ssm", f"parameter/rajee-deploy/{stack}") for stack in place.recorded)
        case Scope.BOOTSTRAP_VERSION:
            yield arn("ssm", "parameter/cdk-bootstrap/*")
        case Scope.BOOTSTRAP_ROLES:
            yield arn("iam", "role/cdk-*", region="")
        case _:
            assert_never(scope)


def _partition(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
