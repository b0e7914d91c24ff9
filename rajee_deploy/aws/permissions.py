"""Which calls the tool makes of AWS by itself, and the IAM policies that allow just these. Pure: sets in, a policy out.

Declared by hand and held to the truth by a test, which records every call of real runs: what is missing here fails it,
and so does what nobody calls. It never knows what `cdk deploy` does as the roles that `cdk bootstrap` made.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, assert_never

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import Who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.stack_names import StackPlace


class PermissionScope(Enum):
    """What a permission is given on."""

    EVERYTHING = "*"  # IAM knows no resource for these calls
    STACKS = "the stacks of the settings"
    REPOSITORIES = "the repositories of the settings"
    CACHES = "the repositories of `cache-from` and `cache-to`"
    CACHES_WRITTEN = "the repositories of `cache-to`"
    SERVICES = "ECS services and tasks"  # the settings do not know their names
    FUNCTIONS = "Lambda functions"  # likewise
    LOGS = "log groups"  # likewise
    BOOTSTRAP_VERSION = "where `cdk bootstrap` notes its version"
    RECORDS = "what is recorded outside of stacks without parameters (`context-key`)"
    BOOTSTRAP_ROLES = "the roles that `cdk bootstrap` made"


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action, like `ecr:BatchGetImage`, and what it is asked of."""

    action: str
    scope: PermissionScope


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """Where the policies are to hold. Account and region may be words that stand for them."""

    account: str
    region: str
    stacks: Sequence[StackPlace]
    repositories: Sequence[Repository]
    recorded: Sequence[StackPlace] = ()  # those of the stacks whose record lies in SSM
    caches: Sequence[Repository] = ()  # where builds read layers from, or write them to
    caches_written: Sequence[Repository] = ()

    @property
    def near(self) -> list[StackPlace]:
        """The stacks in the caller's account; those of others are asked about and changed by roles of theirs."""
        return [stack for stack in self.stacks if stack.account in ("", self.account)]

    @property
    def regions(self) -> list[str]:
        """Where stacks live that the caller's own permissions are for."""
        return list(dict.fromkeys(stack.region or self.region for stack in self.near))

    @property
    def others(self) -> list[str]:
        """The other accounts that stacks live in."""
        return list(dict.fromkeys(stack.account for stack in self.stacks if stack not in self.near))


_ASSUME = Permission("sts:AssumeRole", PermissionScope.BOOTSTRAP_ROLES)
# `plan`, `explain` and `verify`. The last two of ECR are for `explain --since TAG`, which reads a record that lies
# beside the image, over the protocol that pulls speak.
_READS = (
    Permission("sts:GetCallerIdentity", PermissionScope.EVERYTHING),
    Permission("cloudformation:DescribeStacks", PermissionScope.STACKS),
    Permission("cloudformation:GetTemplate", PermissionScope.STACKS),
    # What the services of a stack run. A role that may not ask is told so, and no more.
    Permission("cloudformation:ListStackResources", PermissionScope.STACKS),
    Permission("ecs:DescribeServices", PermissionScope.SERVICES),
    Permission("ecs:DescribeTaskDefinition", PermissionScope.EVERYTHING),
    # Whether it was ECS that put one back: asked only where one runs something else.
    Permission("ecs:ListServiceDeployments", PermissionScope.SERVICES),
    Permission("ecs:DescribeServiceRevisions", PermissionScope.SERVICES),
    Permission("lambda:GetFunction", PermissionScope.FUNCTIONS),
    Permission("ecr:BatchGetImage", PermissionScope.REPOSITORIES),
    Permission("ecr:DescribeImages", PermissionScope.REPOSITORIES),
    Permission("ecr:DescribeRepositories", PermissionScope.REPOSITORIES),
    Permission("ecr:GetDownloadUrlForLayer", PermissionScope.REPOSITORIES),
    Permission("ecr:GetLifecyclePolicy", PermissionScope.REPOSITORIES),  # `doctor`, and `plan` with a version as a tag
    Permission("ecr:GetAuthorizationToken", PermissionScope.EVERYTHING),
    Permission("ssm:GetParameter", PermissionScope.RECORDS),
    # Whether the account is bootstrapped: asked where something is to be deployed. A role that may not is told so.
    Permission("ssm:GetParameter", PermissionScope.BOOTSTRAP_VERSION),
)
_PULLS = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
_PUSHES = ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage")
# What `up` needs besides: to push (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html), to move
# tags, and to let the CDK CLI deploy.
_WRITES = (
    Permission("ecr:BatchCheckLayerAvailability", PermissionScope.REPOSITORIES),
    Permission("ecr:InitiateLayerUpload", PermissionScope.REPOSITORIES),
    Permission("ecr:UploadLayerPart", PermissionScope.REPOSITORIES),
    Permission("ecr:CompleteLayerUpload", PermissionScope.REPOSITORIES),
    Permission("ecr:PutImage", PermissionScope.REPOSITORIES),
    # A cache in ECR is pulled and pushed like an image, by the engine.
    *(Permission(f"ecr:{action}", PermissionScope.CACHES) for action in _PULLS),
    *(Permission(f"ecr:{action}", PermissionScope.CACHES_WRITTEN) for action in _PUSHES),
    # To watch a deployment, and to see that ECS runs what was deployed.
    Permission("cloudformation:DescribeStackEvents", PermissionScope.STACKS),
    Permission("ecs:DescribeTasks", PermissionScope.SERVICES),
    Permission("ecs:ListTasks", PermissionScope.EVERYTHING),
    # The last words of a container that made a rollout fail. A role that may not ask gets an error without them.
    Permission("logs:GetLogEvents", PermissionScope.LOGS),
    Permission("elasticloadbalancing:DescribeTargetHealth", PermissionScope.EVERYTHING),
    Permission("elasticloadbalancing:DescribeTargetGroups", PermissionScope.EVERYTHING),
    Permission("elasticloadbalancing:DescribeTargetGroupAttributes", PermissionScope.EVERYTHING),
    # For `rollback`, `tag-only = "cloudformation"` and --no-wait. CloudFormation acts as the role that the stack has.
    Permission("cloudformation:UpdateStack", PermissionScope.STACKS),
    Permission("cloudformation:ExecuteChangeSet", PermissionScope.STACKS),
    Permission("ssm:PutParameter", PermissionScope.RECORDS),
    Permission("ecs:UpdateService", PermissionScope.SERVICES),  # --repair-drift
    Permission("lambda:UpdateFunctionCode", PermissionScope.FUNCTIONS),  # likewise
    _ASSUME,
)


def needed_permissions(who: Who) -> tuple[Permission, ...]:
    """The permissions of a policy, in the order in which they are shown."""
    match who:
        case Who.plan:
            return _READS
        case Who.up:
            return (*_READS, *_WRITES)
        case _:
            assert_never(who)


def policy(who: Who, place: PolicyPlace) -> dict[str, Any]:
    """The IAM policy document: one statement for each scope."""
    by_scope: dict[PermissionScope, list[str]] = {}
    roles = [_ASSUME] if place.others and _ASSUME not in needed_permissions(who) else []
    for permission in (*needed_permissions(who), *roles):
        by_scope.setdefault(permission.scope, []).append(permission.action)
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for scope, actions in by_scope.items()
        if (resources := list(dict.fromkeys(_resources(scope, place))))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _resources(scope: PermissionScope, place: PolicyPlace) -> Iterator[str]:
    match scope:
        case PermissionScope.EVERYTHING:
            yield "*"
        case PermissionScope.REPOSITORIES:
            yield from _repositories(place, place.repositories)
        case PermissionScope.CACHES:
            yield from _repositories(place, [*place.caches, *place.caches_written])
        case PermissionScope.CACHES_WRITTEN:
            yield from _repositories(place, place.caches_written)
        case PermissionScope.BOOTSTRAP_ROLES:
            accounts = [*([place.account] if place.near else []), *place.others]
            yield from (f"arn:{partition_of(place.region)}:iam::{account}:role/cdk-*" for account in accounts)
        case PermissionScope.STACKS:
            yield from (_arn(place, "cloudformation", f"stack/{each.name}/*", each.region) for each in place.near)
        case PermissionScope.RECORDS:
            for each in place.recorded:
                if place.near and each.account in ("", place.account):
                    yield _arn(place, "ssm", f"parameter/rajee-deploy/{each.name}", each.region)
        case (
            PermissionScope.SERVICES
            | PermissionScope.FUNCTIONS
            | PermissionScope.LOGS
            | PermissionScope.BOOTSTRAP_VERSION
        ):
            for region in place.regions:
                yield from (_arn(place, *what, region) for what in _OF_REGIONS[scope])
        case _:
            assert_never(scope)


def _repositories(place: PolicyPlace, repositories: Sequence[Repository]) -> Iterator[str]:
    for its in repositories:
        yield _arn(place, "ecr", f"repository/{its.name}", its.region, its.account)


_OF_REGIONS = {
    PermissionScope.SERVICES: (("ecs", "service/*"), ("ecs", "task/*"), ("ecs", "service-revision/*")),
    PermissionScope.FUNCTIONS: (("lambda", "function:*"),),
    PermissionScope.LOGS: (("logs", "log-group:*"),),
    PermissionScope.BOOTSTRAP_VERSION: (("ssm", "parameter/cdk-bootstrap/*"),),
}


def _arn(place: PolicyPlace, service: str, resource: str, region: str, account: str = "") -> str:
    region = region or place.region
    return f"arn:{partition_of(region)}:{service}:{region}:{account or place.account}:{resource}"


def partition_of(region: str) -> str:
    """The part of AWS that a region is in: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
