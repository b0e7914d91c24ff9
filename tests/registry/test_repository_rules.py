"""What every RepositoryRules does, the fake and ECR's; and which policies are understood."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from fakes import FakeRules
from registry_images import REPOSITORY, Reply, make_image

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.expiry import LifecycleRule, Mutability, RuleLimit, RuleTags
from rajee_deploy.plan.state import ImageAbsent, RepositoryAbsent
from rajee_deploy.registry.repository_rules import EcrRules, parse_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.registry.repository_rules import RepositoryRules

NOWHERE = Repository("no/where")
KEEP_TEN = LifecycleRule(1, RuleTags.TAGGED, ("c-*",), RuleLimit.IMAGES, 10)


def policy(**selection: object) -> str:
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]})


@dataclass
class World:
    """A repository in which only `live-*` may move, with one image that has two tags."""

    rules: RepositoryRules
    repository: Repository
    put_policy: Callable[[], None]
    release: Callable[[str], None]


@pytest.fixture
def fake() -> World:
    told = FakeRules(
        {"team/app": Mutability(is_mutable=False, exceptions=("live-*",))},
        images={"team/app": [frozenset(("c-1", "live-App"))]},
    )
    return World(
        told,
        Repository("team/app"),
        lambda: told.lifecycle.update({"team/app": (KEEP_TEN,)}),
        lambda tag: told.images["team/app"].append(frozenset(("c-2", tag))),
    )


@pytest.fixture
def real(seed) -> World:
    seed.create("live-*")
    image = make_image()
    seed.put("c-1", image)
    seed.put("live-App", image)

    def put_policy() -> None:
        text = policy(tagStatus="tagged", tagPatternList=["c-*"], countType="imageCountMoreThan", countNumber=10)
        seed.aws.client("ecr").put_lifecycle_policy(repositoryName=seed.repository.name, lifecyclePolicyText=text)

    def release(tag: str) -> None:
        released = make_image(revision="released")
        seed.put("c-2", released)
        seed.put(tag, released)

    return World(EcrRules(seed.aws), seed.repository, put_policy, release)


@pytest.fixture(params=["fake", "real"])
def world(request) -> World:
    return request.getfixturevalue(request.param)


def test_a_repository_that_is_not_there(world):
    assert world.rules.find_mutability(NOWHERE) == RepositoryAbsent()
    assert world.rules.find_lifecycle(NOWHERE) == RepositoryAbsent()
    assert world.rules.find_tags(NOWHERE, "c-1") == RepositoryAbsent()


def test_which_tags_may_move(world):
    told = world.rules.find_mutability(world.repository)
    assert (told.is_frozen("c-1"), told.is_frozen("live-App")) == (True, False)


def test_rules_or_none(world):
    assert world.rules.find_lifecycle(world.repository) == ()
    world.put_policy()
    assert world.rules.find_lifecycle(world.repository) == (KEEP_TEN,)


def test_all_tags_of_an_image(world):
    assert world.rules.find_tags(world.repository, "live-App") == {"c-1", "live-App"}
    assert world.rules.find_tags(world.repository, "prev-App") == ImageAbsent()


def test_the_images_that_were_released(world):
    assert world.rules.find_releases(world.repository) == ()
    world.release("v1.2.3")
    assert world.rules.find_releases(world.repository) == (frozenset(("c-2", "v1.2.3")),)
    assert world.rules.find_releases(NOWHERE) == RepositoryAbsent()


def test_releases_are_looked_for_on_every_page(script):
    pages = [
        {"imageDetails": [{"imageTags": ["c-1", "v1.0.0"]}, {"imageTags": ["c-2"]}], "nextToken": "more"},
        {"imageDetails": [{"imageTags": ["c-3", "v1.1.0"]}]},
    ]
    script.answer("DescribeImages", *map(Reply, pages))
    found = EcrRules(Aws(region="us-east-1")).find_releases(REPOSITORY)
    assert found == (frozenset(("c-1", "v1.0.0")), frozenset(("c-3", "v1.1.0")))
    assert [arguments.get("nextToken") for _, arguments in script.asked] == [None, "more"]


# -- what policies say ---------------------------------------------------------------------------------------------

IMAGES = {"countType": "imageCountMoreThan", "countNumber": 9}
READ = {
    "patterns": ({"tagStatus": "tagged", "tagPatternList": ["a*", "b"], **IMAGES}, ("a*", "b")),
    "prefixes are patterns": ({"tagStatus": "tagged", "tagPrefixList": ["live-"], **IMAGES}, ("live-*",)),
    "any": ({"tagStatus": "any", **IMAGES}, ()),
    "untagged": ({"tagStatus": "untagged", **IMAGES}, ()),
}


@pytest.mark.parametrize("case", READ)
def test_what_a_rule_is_about(case):
    selection, patterns = READ[case]
    (rule,) = parse_policy(policy(**selection))
    assert (rule.tags.value, rule.patterns, rule.limit, rule.number) == (
        selection["tagStatus"],
        patterns,
        RuleLimit.IMAGES,
        9,
    )
    assert (rule.archives, rule.of_archived) == (False, False)


def test_rules_of_an_archive():
    archive = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 30},
        "action": {"type": "transition", "targetStorageClass": "archive"},
    }
    delete = {
        "rulePriority": 2,
        "selection": {
            "tagStatus": "any",
            "storageClass": "archive",
            "countType": "sinceImageTransitioned",
            "countNumber": 90,
        },
        "action": {"type": "expire"},
    }
    first, second = parse_policy(json.dumps({"rules": [archive, delete]}))
    assert (first.archives, first.of_archived, first.limit) == (True, False, RuleLimit.DAYS_SINCE_PULL)
    assert (second.archives, second.of_archived, second.limit) == (False, True, RuleLimit.DAYS_SINCE_ARCHIVED)


ANY = {"tagStatus": "any", **IMAGES}
UNREADABLE = {
    "no JSON": "{",
    "a list": "[]",
    "no rules": "{}",
    "a rule that is a text": '{"rules": ["x"]}',
    "no selection": '{"rules": [{"rulePriority": 1, "action": {"type": "expire"}}]}',
    "no action": json.dumps({"rules": [{"rulePriority": 1, "selection": ANY}]}),
    "an action of tomorrow": json.dumps({"rules": [{"rulePriority": 1, "selection": ANY, "action": {"type": "melt"}}]}),
    "no priority": json.dumps({"rules": [{"selection": ANY, "action": {"type": "expire"}}]}),
    "a number as a text": policy(tagStatus="any", countType="imageCountMoreThan", countNumber="9"),
    "a number that is true": policy(tagStatus="any", countType="imageCountMoreThan", countNumber=True),
    "a count of tomorrow": policy(tagStatus="any", countType="sinceImageScanned", countNumber=9),
    "a status of tomorrow": policy(tagStatus="signed", **IMAGES),
    "a storage of tomorrow": policy(storageClass="glacier", **ANY),
    "tagged without a pattern": policy(tagStatus="tagged", **IMAGES),
    "patterns where there are no tags": policy(tagStatus="untagged", tagPatternList=["x"], **IMAGES),
    "patterns that are no list": policy(tagStatus="tagged", tagPatternList="x", **IMAGES),
    "patterns that are no texts": policy(tagStatus="tagged", tagPatternList=[1], **IMAGES),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_is_not_understood_is_unknown(case, script):
    with pytest.raises(ValueError, match=r"."):
        parse_policy(UNREADABLE[case])
    script.answer("GetLifecyclePolicy", Reply({"lifecyclePolicyText": UNREADABLE[case]}))
    with pytest.raises(DeployError) as caught:
        EcrRules(Aws(region="us-east-1")).find_lifecycle(REPOSITORY)
    assert caught.value.code == "unknown-answer"


@pytest.mark.parametrize(
    ("mutability", "filters", "expected"),
    [
        ("MUTABLE", [], Mutability(is_mutable=True)),
        ("IMMUTABLE", [], Mutability(is_mutable=False)),
        ("MUTABLE_WITH_EXCLUSION", ["c-*"], Mutability(is_mutable=True, exceptions=("c-*",))),
        ("IMMUTABLE_WITH_EXCLUSION", ["a", "b"], Mutability(is_mutable=False, exceptions=("a", "b"))),
        ("SOMETIMES", [], None),
    ],
)
def test_mutability_as_ecr_says_it(script, mutability, filters, expected):
    excluded = [{"filterType": "WILDCARD", "filter": each} for each in filters]
    record = {
        "repositoryName": REPOSITORY.name,
        "imageTagMutability": mutability,
        "imageTagMutabilityExclusionFilters": excluded,
    }
    script.answer("DescribeRepositories", Reply({"repositories": [record]}))
    rules = EcrRules(Aws(region="us-east-1"))
    if expected is not None:
        assert rules.find_mutability(REPOSITORY) == expected
        return
    with pytest.raises(DeployError) as caught:
        rules.find_mutability(REPOSITORY)
    assert caught.value.code == "unknown-answer"


def test_an_image_that_the_answer_lacks_is_unknown(script):
    script.answer("DescribeImages", Reply({"imageDetails": [{"imageTags": ["other"]}]}))
    with pytest.raises(DeployError) as caught:
        EcrRules(Aws(region="us-east-1")).find_tags(REPOSITORY, "live-App")
    assert caught.value.code == "unknown-answer"


def test_a_registry_elsewhere_is_asked_there(script):
    script.answer(
        "DescribeRepositories", Reply({"repositories": [{"repositoryName": "app", "imageTagMutability": "MUTABLE"}]})
    )
    far = Repository.parse("210987654321.dkr.ecr.eu-west-1.amazonaws.com/app")
    EcrRules(Aws(region="us-east-1")).find_mutability(far)
    assert script.asked == [("DescribeRepositories", {"repositoryNames": ["app"], "registryId": "210987654321"})]
