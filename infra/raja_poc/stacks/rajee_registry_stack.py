"""Owns the image repository, and the one of layer caches beside it. They change rarely and must never depend on the
service's stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr

from rajee_deploy.cdk import DeployState

if TYPE_CHECKING:
    from constructs import Construct

REPOSITORY_NAME = "raja/envoy"
CACHE_NAME = "raja/cache"

# Tags the tool moves: what a stack runs now, and what it ran before. Everything else is written once.
MOVING_TAGS = ("live-*", "prev-*")
# Releases, as `up --also-tag v1.2.3` names them. They are kept for good: somebody may have written the number down.
VERSIONS = "v*.*.*"
KEPT_IMAGES = 10
# What the tool keeps of each build for `rajee-deploy explain --since TAG`: a few kilobytes, under a prefix of its own.
RECORDS = "m-*"
KEPT_RECORDS = 100


class RajeeRegistryStack(Stack):
    """The repository `raja/envoy`: scanned on push, tags immutable except the moving ones, retained on delete. And
    `raja/cache`, which holds nothing that cannot be made again.

    Hazard of a retained repository with a fixed name: after the stack was deleted, creating it again fails because
    the name is taken; `cdk import` adopts the repository then.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, description="Image repository of the Rajee proxy")
        DeployState(self)
        ecr.Repository(
            self,
            "Envoy",
            repository_name=REPOSITORY_NAME,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE_WITH_EXCLUSION,
            image_tag_mutability_exclusion_filters=[
                ecr.ImageTagMutabilityExclusionFilter.wildcard(pattern) for pattern in MOVING_TAGS
            ],
            lifecycle_rules=_lifecycle(),
            removal_policy=RemovalPolicy.RETAIN,
        )
        # Not among the images: an immutable tag would refuse the second cache, and a rule that counts would count them.
        ecr.Repository(
            self,
            "Cache",
            repository_name=CACHE_NAME,
            image_tag_mutability=ecr.TagMutability.MUTABLE,
            lifecycle_rules=[_superseded_after(Duration.days(7))],
            removal_policy=RemovalPolicy.DESTROY,
            empty_on_delete=True,
        )


def _superseded_after(age: Duration) -> ecr.LifecycleRule:
    """A build that takes from a cache may still be under way when the next one moves its tag."""
    return ecr.LifecycleRule(
        description="Remove caches that later ones replaced", tag_status=ecr.TagStatus.UNTAGGED, max_image_age=age
    )


def _lifecycle() -> list[ecr.LifecycleRule]:
    """What may expire, in priority order.

    ECR lets no later rule expire an image that an earlier rule's tags match, so a rule that never fires is a
    shield. Without it the running image would expire after ten newer pushes: counting goes by the time of the push,
    and tagging an image again does not renew that. One pattern per shield, because patterns in one list must all
    match. The last rule counts images alone: neither the children of an index nor records of what images were made of
    may eat up the ten places. It must not say "*", since a rule counts also what it may not expire.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    shields = [
        ecr.LifecycleRule(
            rule_priority=position,
            description=f"Shield: keep what carries {pattern}",
            tag_status=ecr.TagStatus.TAGGED,
            tag_pattern_list=[pattern],
            max_image_count=9999,
        )
        for position, pattern in enumerate((*MOVING_TAGS, VERSIONS), start=1)
    ]
    untagged = ecr.LifecycleRule(
        rule_priority=len(shields) + 1,
        description="Remove untagged images after a day",
        tag_status=ecr.TagStatus.UNTAGGED,
        max_image_age=Duration.days(1),
    )
    records = ecr.LifecycleRule(
        rule_priority=len(shields) + 2,
        description=f"Keep the last {KEPT_RECORDS} records of what images were made of",
        tag_status=ecr.TagStatus.TAGGED,
        tag_pattern_list=[RECORDS],
        max_image_count=KEPT_RECORDS,
    )
    newest = ecr.LifecycleRule(
        rule_priority=len(shields) + 3,
        description=f"Keep the last {KEPT_IMAGES} images",
        tag_status=ecr.TagStatus.TAGGED,
        tag_pattern_list=["c-*"],
        max_image_count=KEPT_IMAGES,
    )
    return [*shields, untagged, records, newest]
