"""Whether a repository can lose an image that somebody needs: by its lifecycle policy, or by a tag that is given to
another one. Pure: rules and tags in.

ECR evaluates all rules at once; the first one by priority whose tags an image has decides on it, and shields it from
all later ones (https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html). So what counts is one
rule, and whether it can ever fire. In doubt it can: a rule that archives shields from nothing here, and what an archive
holds cannot be pulled, so it is as bad as one that deletes. Must never ask anybody.
"""

from __future__ import annotations

import re
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, NamedTuple, assert_never

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# A count rule over tags that only the shielded images of stacks have fires once there are more such images than this
# many: nobody has so many stacks that share a repository.
MANY_STACKS = 100
# The same of tags that are versions: nobody makes so many releases in one repository.
MANY_RELEASES = 1000
_MOVING = ("live-", "prev-")  # each of these tags names one image, so there are no more of those than stacks


class RuleTags(Enum):
    """Which images a rule is about, by their tags."""

    TAGGED = "tagged"
    UNTAGGED = "untagged"
    ANY = "any"


class RuleLimit(Enum):
    """What a rule counts."""

    IMAGES = "imageCountMoreThan"
    DAYS_SINCE_PUSH = "sinceImagePushed"
    DAYS_SINCE_PULL = "sinceImagePulled"
    DAYS_SINCE_ARCHIVED = "sinceImageTransitioned"


class LifecycleRule(NamedTuple):
    """One rule. `patterns` have `*` for anything: an image has to have a tag for each of them. `number` is of images or
    of days. `of_archived`: it is about images that are archived already."""

    priority: int
    tags: RuleTags
    patterns: tuple[str, ...]
    limit: RuleLimit
    number: int
    archives: bool = False
    of_archived: bool = False


def find_threat(rules: Iterable[LifecycleRule], tags: Collection[str]) -> LifecycleRule | None:
    """The rule that takes an image with these tags away some day, as far as none before it shields it; None where no
    rule does."""
    matching = [
        rule for rule in sorted(rules, key=lambda rule: rule.priority) if not rule.of_archived and _is_about(rule, tags)
    ]
    deletes = next((rule for rule in matching if not rule.archives), None)
    candidates = [rule for rule in matching if rule.archives or rule is deletes]
    return next((rule for rule in candidates if _can_fire(rule)), None)


def _is_about(rule: LifecycleRule, tags: Collection[str]) -> bool:
    match rule.tags:
        case RuleTags.ANY:
            return True
        case RuleTags.UNTAGGED:
            return not tags
        case RuleTags.TAGGED:
            return bool(tags) and all(any(matches(pattern, tag) for tag in tags) for pattern in rule.patterns)
        case _:
            assert_never(rule.tags)


def _can_fire(rule: LifecycleRule) -> bool:
    """A limit in days passes by itself. One on the number of images is passed by pushing more, as far as there can be
    more: a tag names one image, of those that move there are as many as stacks, and of versions as many as releases."""
    if rule.limit is not RuleLimit.IMAGES:
        return True
    return rule.number < min(map(_most_images, rule.patterns), default=inf)


def _most_images(pattern: str) -> float:
    if "*" not in pattern:
        return 1
    if pattern.startswith(_MOVING):
        return MANY_STACKS
    return MANY_RELEASES if _is_of_versions(pattern) else inf


def _is_of_versions(pattern: str) -> bool:
    """Whether a pattern is about versions, like `v*`, `v*.*.*` or `*.*.*`; one for a number is one such. Those that
    begin so and are none (`v-next`) are given by hand, too."""
    return re.fullmatch(r"v(?:\d+\.)*\*[-*.\d]*|\*\.\*[-*.\d]*|\d+\.[-*.\d]*", pattern) is not None


@dataclass(frozen=True, slots=True)
class Mutability:
    """Whether the tags of a repository may move, and the wildcards of those for which the opposite holds."""

    is_mutable: bool
    exceptions: tuple[str, ...] = ()

    def is_frozen(self, tag: str) -> bool:
        """Whether nobody may move the tag once it is set."""
        return self.is_mutable == any(matches(each, tag) for each in self.exceptions)


def matches(pattern: str, tag: str) -> bool:
    """ECR's patterns know one wildcard: `*`, for any number of characters."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), tag, re.DOTALL) is not None


def in_words(rule: LifecycleRule) -> str:
    """What a rule does, for a person: `rule 4 (c-*) keeps 10 images`."""
    match rule.tags:
        case RuleTags.TAGGED:
            about = " and ".join(rule.patterns)
        case RuleTags.UNTAGGED:
            about = "without a tag"
        case RuleTags.ANY:
            about = "any image"
        case _:
            assert_never(rule.tags)
    does, days = "archives" if rule.archives else "deletes", f"{rule.number} day{'' if rule.number == 1 else 's'}"
    match rule.limit:
        case RuleLimit.IMAGES:
            what = f"{does} all but the newest {rule.number}"
        case RuleLimit.DAYS_SINCE_PUSH:
            what = f"{does} what was pushed {days} ago"
        case RuleLimit.DAYS_SINCE_PULL:
            what = f"{does} what nobody pulled for {days}"
        case RuleLimit.DAYS_SINCE_ARCHIVED:
            what = f"{does} what was archived {days} ago"
        case _:
            assert_never(rule.limit)
    return f"rule {rule.priority} ({about}) {what}"
