"""What a repository of ECR lets happen to its images: whether tags may move, and what its lifecycle policy removes.

For people who ask whether what runs is safe; a plan asks only where it is to give an image a version as a tag. Reads
only. Must never judge a rule: `plan.expiry` does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from rajee_deploy.aws import unknown
from rajee_deploy.aws.elsewhere import InRegion
from rajee_deploy.aws.pages import Most, pages
from rajee_deploy.plan.expiry import LifecycleRule, Mutability, RuleLimit, RuleTags
from rajee_deploy.plan.state import ImageAbsent, RepositoryAbsent
from rajee_deploy.plan.tags import is_version
from rajee_deploy.registry import answers
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.aws import Aws
    from rajee_deploy.model.repository import Repository


_PAGE = 1000  # the most that ECR gives at a time
_MOST = Most(pages=20, seconds=20)


class RepositoryRules(Protocol):
    """What is asked of a repository's settings. All raise DeployError when an answer is neither yes nor no."""

    def find_mutability(self, repository: Repository) -> Mutability | RepositoryAbsent:
        """Whether its tags may move."""
        ...

    def find_lifecycle(self, repository: Repository) -> tuple[LifecycleRule, ...] | RepositoryAbsent:
        """The rules of its lifecycle policy; none where it has no policy."""
        ...

    def find_tags(self, repository: Repository, tag: str) -> frozenset[str] | ImageAbsent | RepositoryAbsent:
        """All tags of the image that has this one."""
        ...

    def find_releases(self, repository: Repository) -> tuple[frozenset[str], ...] | RepositoryAbsent:
        """All tags of each image that has a version as one of them."""
        ...


class EcrRules:
    """Those of ECR."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def find_mutability(self, repository: Repository) -> Mutability | RepositoryAbsent:
        """See RepositoryRules."""
        arguments = {"repositoryNames": [repository.name]}
        answer = self._ask("describe_repositories", repository, arguments)
        if not isinstance(answer, dict):
            return RepositoryAbsent()
        return mutability("ecr:DescribeRepositories", answer, repository.name)

    def find_lifecycle(self, repository: Repository) -> tuple[LifecycleRule, ...] | RepositoryAbsent:
        """See RepositoryRules."""
        answer = self._ask("get_lifecycle_policy", repository, {"repositoryName": repository.name})
        match answer:
            case RepositoryAbsent():
                return answer
            case dict():
                asked = f"ecr:GetLifecyclePolicy {repository}"
                try:
                    return parse_policy(answer["lifecyclePolicyText"])
                except ValueError as error:
                    raise unknown(asked, f"the policy cannot be read: {error}") from error
            case _:
                return ()

    def find_tags(self, repository: Repository, tag: str) -> frozenset[str] | ImageAbsent | RepositoryAbsent:
        """See RepositoryRules."""
        arguments = {"repositoryName": repository.name, "imageIds": [{"imageTag": tag}]}
        answer = self._ask("describe_images", repository, arguments)
        if not isinstance(answer, dict):
            return answer
        return image_tags(f"ecr:DescribeImages {repository}:{tag}", answer, tag)

    def find_releases(self, repository: Repository) -> tuple[frozenset[str], ...] | RepositoryAbsent:
        """See RepositoryRules."""
        asked = {"repositoryName": repository.name, "filter": {"tagStatus": "TAGGED"}, "maxResults": _PAGE}
        there, found = InRegion(self._aws, repository.region), list[frozenset[str]]()
        for answer in pages(there, "ecr", "describe_images", {**_owned(repository), **asked}, _absent, _MOST):
            if not isinstance(answer, dict):
                return RepositoryAbsent()
            found += releases(answer)
        return tuple(found)

    def _ask(
        self, operation: str, repository: Repository, arguments: Mapping[str, Any]
    ) -> dict[str, Any] | ImageAbsent | RepositoryAbsent:
        there = InRegion(self._aws, repository.region)
        return there.ask("ecr", operation, {**_owned(repository), **arguments}, _absent)


def _owned(repository: Repository) -> dict[str, str]:
    return {"registryId": repository.account} if repository.account else {}


def _absent(code: str, message: str) -> ImageAbsent | RepositoryAbsent | None:
    return ImageAbsent() if code == "LifecyclePolicyNotFoundException" else answers.absent(code, message)


def mutability(asked: str, answer: Mapping[str, Any], name: str) -> Mutability:
    """DescribeRepositories' answer."""
    record = answers.repository_of(asked, answer, name)
    told = str(record.get("imageTagMutability", ""))
    filters = record.get("imageTagMutabilityExclusionFilters") or ()
    exceptions = tuple(str(each.get("filter", "")) for each in filters if isinstance(each, dict))
    match told:
        case "MUTABLE" | "IMMUTABLE":
            return Mutability(told == "MUTABLE")
        case "MUTABLE_WITH_EXCLUSION" | "IMMUTABLE_WITH_EXCLUSION":
            return Mutability(told == "MUTABLE_WITH_EXCLUSION", exceptions)
        case _:
            raise unknown(asked, "the answer does not tell whether tags are mutable")


def image_tags(asked: str, answer: Mapping[str, Any], tag: str) -> frozenset[str]:
    """DescribeImages' answer about the image that has a tag."""
    records = (each for each in answer.get("imageDetails") or () if isinstance(each, dict))
    found = next((tags for each in records if tag in (tags := each.get("imageTags") or ())), None)
    if found is None:
        raise unknown(asked, "ECR reported success without the image that was asked for")
    return frozenset(map(str, found))


def releases(answer: Mapping[str, Any]) -> Iterator[frozenset[str]]:
    """Of a page of DescribeImages' answer: the tags of each image that has a version."""
    for each in answer.get("imageDetails") or ():
        tags = frozenset(map(str, each.get("imageTags") or ())) if isinstance(each, dict) else frozenset()
        if any(map(is_version, tags)):
            yield tags


def parse_policy(text: str) -> tuple[LifecycleRule, ...]:
    """The rules of a policy's text. ValueError for one that is not of the form that is known: what a rule of another
    kind would do, nobody can say."""
    document = parse_json(text)
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list):
        raise ValueError("it has no rules")  # noqa: TRY004 -- of the text, like all that is wrong with it
    return tuple(map(_rule, rules))


def _rule(rule: Any) -> LifecycleRule:
    selection, action = _table(_table(rule).get("selection")), _table(rule.get("action"))
    tags, kind, storage = RuleTags(selection.get("tagStatus")), action.get("type"), selection.get("storageClass")
    patterns = (*_texts(selection, "tagPatternList"), *(f"{each}*" for each in _texts(selection, "tagPrefixList")))
    priority, number = _number(rule, "rulePriority"), _number(selection, "countNumber")
    if kind not in ("expire", "transition") or storage not in (None, "standard", "archive"):
        raise ValueError(f"rule {priority} does what is not known here ({_short(kind)}, {_short(storage)})")
    if (tags is RuleTags.TAGGED) != bool(patterns):
        raise ValueError(f"rule {priority} does not say which tags it is about")
    limit = RuleLimit(selection.get("countType"))
    archives, of_archived = kind == "transition", storage == "archive"
    return LifecycleRule(priority, tags, patterns, limit, number, archives=archives, of_archived=of_archived)


def _number(table: Mapping[str, Any], key: str) -> int:
    found = table.get(key)
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError(f"a rule has no whole number as {key}")  # noqa: TRY004 -- likewise
    return found


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a rule is no table, or a part of it is none")  # noqa: TRY004 -- likewise
    return value


def _texts(selection: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = selection.get(key) or ()
    if not isinstance(found, (list, tuple)) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{key} is no list of texts")
    return tuple(found)


def _short(value: Any) -> str:
    return json.dumps(value)[:40]
