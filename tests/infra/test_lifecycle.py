"""What the repository's lifecycle policy removes, played by ECR's published rules over the synthesised template.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html: every rule looks at all images, whatever
the others would remove; an image that a rule's tags match is none of a later rule's; `tagPatternList` must match whole.
"""

from __future__ import annotations

import fnmatch
import json

import pytest

from rajee_deploy.plan.expiry import find_threat
from rajee_deploy.registry.repository_rules import parse_policy

pytestmark = pytest.mark.cdk


@pytest.fixture
def rules(synths):
    (repository,) = [
        resource["Properties"]
        for resource in synths["prod"].template("RajeeRegistryStack")["Resources"].values()
        if resource["Type"] == "AWS::ECR::Repository" and resource["Properties"]["RepositoryName"] == "raja/envoy"
    ]
    return sorted(
        json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"], key=lambda rule: rule["rulePriority"]
    )


def expired(rules, images: dict[int, set[str]]) -> set[int]:
    """The images that go; they are numbered by the day of their push, and today is the last one's."""
    today, taken, gone = max(images), set(), set()
    for rule in rules:
        selection = rule["selection"]
        matched = {
            day
            for day, tags in images.items()
            if (
                (selection["tagStatus"] == "untagged" and not tags)
                or (
                    selection["tagStatus"] == "tagged"
                    and all(any(fnmatch.fnmatch(tag, each) for tag in tags) for each in selection["tagPatternList"])
                )
            )
        }
        if selection["countType"] == "imageCountMoreThan":
            chosen = set(sorted(matched)[: -selection["countNumber"]])
        else:
            chosen = {day for day in matched if today - day > selection["countNumber"]}
        gone |= chosen - taken
        taken |= matched
    return gone


def test_what_runs_and_what_a_rollback_needs_never_expire(rules):
    images = {day: {f"c-{day:040x}"} for day in range(1, 60)}
    images[1] |= {"live-RajeeEnvoyStack"}
    images[2] |= {"prev-RajeeEnvoyStack"}
    assert expired(rules, images) == set(range(3, 50))


def test_releases_never_expire_and_take_no_place(rules):
    images = {day: {f"c-{day:040x}"} for day in range(1, 60)}
    for day, version in ((3, "v1.0.0"), (4, "v1.2.3-rc.1"), (20, "v10.20.30")):
        images[day] |= {version}
    assert expired(rules, images) == set(range(1, 50)) - {3, 4, 20}


def test_the_tool_finds_no_rule_that_takes_a_release(rules):
    known = parse_policy(json.dumps({"rules": rules}))
    assert find_threat(known, {"c-1", "v1.2.3"}) is None
    assert find_threat(known, {"c-1", "nightly"}) is not None


def test_without_its_shields_it_would_expire(rules):
    images = {day: {f"c-{day:040x}"} for day in range(1, 60)}
    assert {1, 2} <= expired(rules, images)


def test_untagged_images_go_and_take_no_place(rules):
    images = {day: {f"c-{day:040x}"} if day % 2 else set() for day in range(1, 21)}
    assert expired(rules, images) == {day for day in images if day % 2 == 0 and day < 19}


def test_the_moving_tags_and_nothing_else_can_be_moved(synths):
    (repository,) = [
        resource["Properties"]
        for resource in synths["prod"].template("RajeeRegistryStack")["Resources"].values()
        if resource["Type"] == "AWS::ECR::Repository" and resource["Properties"]["RepositoryName"] == "raja/envoy"
    ]
    assert repository["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    filters = repository["ImageTagMutabilityExclusionFilters"]
    assert [each["ImageTagMutabilityExclusionFilterValue"] for each in filters] == ["live-*", "prev-*"]


def test_caches_have_a_repository_of_their_own_whose_tags_move(synths):
    (cache,) = [
        resource
        for resource in synths["prod"].template("RajeeRegistryStack")["Resources"].values()
        if resource["Type"] == "AWS::ECR::Repository" and resource["Properties"]["RepositoryName"] == "raja/cache"
    ]
    assert (cache["DeletionPolicy"], cache["Properties"]["EmptyOnDelete"]) == ("Delete", True)
    assert cache["Properties"].get("ImageTagMutability", "MUTABLE") == "MUTABLE"
    rules = json.loads(cache["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    known = parse_policy(json.dumps({"rules": rules}))
    assert find_threat(known, {"envoy"}) is None
    assert find_threat(known, ()) is not None
