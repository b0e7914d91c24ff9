"""Whether rules of ECR can take an image away: a table, and a simulation that knows nothing of how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.plan.expiry import (
    MANY_RELEASES,
    MANY_STACKS,
    LifecycleRule,
    Mutability,
    RuleLimit,
    RuleTags,
    find_threat,
    in_words,
    matches,
)

IMAGES, PUSHED, PULLED, ARCHIVED = RuleLimit
CONTENT = "c-" + "0" * 64
LIVE = frozenset((CONTENT, "live-App"))


def rule(priority, patterns, limit, number, **flags) -> LifecycleRule:
    """`patterns`: words, or "any" or "untagged"."""
    tags = {"any": RuleTags.ANY, "untagged": RuleTags.UNTAGGED}.get(patterns, RuleTags.TAGGED)
    return LifecycleRule(
        priority, tags, tuple(patterns.split()) if tags is RuleTags.TAGGED else (), limit, number, **flags
    )


SHIELD = rule(1, "live-*", IMAGES, 9999)
# What it is → the rules, the priority of the one that is a threat (None for none).
THREATS = {
    "no rules": ([], None),
    "keep ten": ([rule(1, "any", IMAGES, 10)], 1),
    "ninety days": ([rule(1, "any", PUSHED, 90)], 1),
    "untagged ones alone": ([rule(1, "untagged", PUSHED, 1)], None),
    "the documented shield": ([SHIELD, rule(2, "prev-*", IMAGES, 9999), rule(4, "c-*", IMAGES, 10)], None),
    "whatever their order in the text": ([rule(4, "c-*", IMAGES, 10), SHIELD], None),
    "a shield that comes too late": ([rule(1, "c-*", IMAGES, 10), rule(2, "live-*", IMAGES, 9999)], 1),
    "a shield that is too small": ([rule(1, "live-*", IMAGES, MANY_STACKS - 1), rule(2, "c-*", IMAGES, 10)], 1),
    "a shield that is just large enough": ([rule(1, "live-*", IMAGES, MANY_STACKS), rule(2, "any", IMAGES, 1)], None),
    "a shield by age is none": ([rule(1, "live-*", PUSHED, 9999)], 1),
    "both patterns, of which one is missing": ([rule(1, "live-* prev-*", IMAGES, 9999), rule(2, "any", PUSHED, 9)], 2),
    "both patterns, which it has": ([rule(1, "live-* c-*", IMAGES, 9999), rule(2, "any", PUSHED, 9)], None),
    "a tag that one image alone can have": ([rule(1, "live-App", IMAGES, 1), rule(2, "any", IMAGES, 1)], None),
    "another stack's tag": ([rule(1, "live-Web", IMAGES, 1), rule(2, "any", IMAGES, 1)], 2),
    "a pattern that is no moving tag's": ([rule(1, "live*", IMAGES, 9999)], 1),
    "many images are none too many for a count": ([rule(1, "c-*", IMAGES, 9999)], 1),
    "another's tags": ([rule(1, "m-*", IMAGES, 1)], None),
    "archived by age of the last pull": ([rule(1, "c-*", PULLED, 30, archives=True)], 1),
    "the shield does not archive": ([SHIELD, rule(2, "any", PULLED, 30, archives=True)], 2),
    "an archive rule that never fires is no shield": (
        [rule(1, "live-*", IMAGES, 9999, archives=True), rule(2, "any", IMAGES, 9)],
        2,
    ),
    "what is archived already": ([rule(1, "any", ARCHIVED, 1, of_archived=True)], None),
}


@pytest.mark.parametrize("case", THREATS)
def test_the_rule_that_is_a_threat(case):
    rules, priority = THREATS[case]
    found = find_threat(rules, LIVE)
    assert (found.priority if found else None) == priority


def test_one_more_tag_may_lose_the_shield():
    """The branch's rule comes first, so it decides."""
    rules = [rule(1, "branch-*", PUSHED, 7), rule(2, "live-*", IMAGES, 9999)]
    assert find_threat(rules, LIVE) is None
    assert find_threat(rules, {*LIVE, "branch-main"}) == rules[0]


RELEASE = frozenset((CONTENT, "v1.2.3"))
KEEP = rule(9, "c-*", IMAGES, 10)
OF_RELEASES = {
    "ten newer builds": ([SHIELD, KEEP], 9),
    "a shield of versions": ([SHIELD, rule(3, "v*.*.*", IMAGES, 9999), KEEP], None),
    "with and without v": ([rule(3, "*.*.*", IMAGES, 9999), KEEP], None),
    "whatever begins with v": ([rule(3, "v*", IMAGES, 9999), KEEP], None),
    "of one major version": ([rule(3, "v1.*", IMAGES, MANY_RELEASES), KEEP], None),
    "of another one": ([rule(3, "v2.*", IMAGES, 9999), KEEP], 9),
    "a shield that is too small": ([rule(3, "v*.*.*", IMAGES, MANY_RELEASES - 1), KEEP], 3),
    "a shield that comes too late": ([KEEP, rule(10, "v*.*.*", IMAGES, 9999)], 9),
    "whatever there is": ([rule(3, "*", IMAGES, 9999)], 3),
    "what builds may be tagged with": ([rule(3, "*-*.*.*", IMAGES, 9999), KEEP], 9),
    "versions for two years": ([rule(3, "v*.*.*", PUSHED, 730), KEEP], 3),
}


@pytest.mark.parametrize("case", OF_RELEASES)
def test_the_rule_that_takes_a_release(case):
    rules, priority = OF_RELEASES[case]
    found = find_threat(rules, RELEASE)
    assert (found.priority if found else None) == priority


def test_an_image_without_tags():
    assert find_threat([rule(1, "live-*", IMAGES, 1), rule(2, "untagged", PUSHED, 1)], ()).priority == 2


WORDS = {
    "rule 1 (live-* and c-*) deletes all but the newest 10": rule(1, "live-* c-*", IMAGES, 10),
    "rule 2 (any image) deletes what was pushed 1 day ago": rule(2, "any", PUSHED, 1),
    "rule 3 (without a tag) archives what nobody pulled for 2 days": rule(3, "untagged", PULLED, 2, archives=True),
    "rule 4 (any image) deletes what was archived 90 days ago": rule(4, "any", ARCHIVED, 90, of_archived=True),
}


@pytest.mark.parametrize("words", WORDS)
def test_a_rule_in_words(words):
    assert in_words(WORDS[words]) == words


@pytest.mark.parametrize(
    ("pattern", "tag", "is_match"),
    [
        ("live-*", "live-App", True),
        ("live-*", "alive-App", False),
        ("*-App", "live-App", True),
        ("l*-*p", "live-App", True),
        ("live.App", "live-App", False),
        ("*", "", True),
        ("live-App", "live-App", True),
        ("live-Ap", "live-App", False),
    ],
)
def test_patterns(pattern, tag, is_match):
    assert matches(pattern, tag) is is_match


@pytest.mark.parametrize(
    ("told", "frozen"),
    [
        (Mutability(is_mutable=True), set()),
        (Mutability(is_mutable=False), {"c-1", "live-App"}),
        (Mutability(is_mutable=False, exceptions=("live-*",)), {"c-1"}),
        (Mutability(is_mutable=True, exceptions=("c-*",)), {"c-1"}),
    ],
)
def test_which_tags_are_frozen(told, frozen):
    assert {tag for tag in ("c-1", "live-App") if told.is_frozen(tag)} == frozen


# -- a simulation --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    """As a repository has it: its tags, and the day on which it was pushed (and pulled for the last time)."""

    tags: frozenset[str]
    day: int


def is_selected(rule: LifecycleRule, image: Image) -> bool:
    if rule.of_archived or rule.limit is ARCHIVED:
        return False  # nothing here is archived
    if rule.tags is RuleTags.TAGGED:
        return all(any(fnmatchcase(tag, pattern) for tag in image.tags) for pattern in rule.patterns)
    return rule.tags is RuleTags.ANY or not image.tags


def marked(rule: LifecycleRule, images: list[Image], today: int) -> set[Image]:
    """What a rule would take, by itself."""
    selected = sorted((image for image in images if is_selected(rule, image)), key=lambda image: -image.day)
    if rule.limit is IMAGES:
        return set(selected[rule.number :])
    return {image for image in selected if today - image.day > rule.number}


def is_lost(image: Image, rules: list[LifecycleRule], images: list[Image], today: int) -> bool:
    """As the documentation has it: all rules are evaluated, and what the first one selects no later one may expire."""
    archiving = [each for each in rules if each.archives]
    if any(image in marked(each, images, today) for each in archiving):
        return True
    for each in sorted(set(rules) - set(archiving), key=lambda each: each.priority):
        if is_selected(each, image):
            return image in marked(each, images, today)
    return False


TAGS = ["c-1", "c-2", "live-App", "live-Web", "prev-App", "branch-main", "m-1", "v1.2.3"]
PATTERNS = ["c-*", "live-*", "live-App", "prev-*", "l*", "*", "branch-*", "*-App", "m-*", "v*.*.*", "v1.*"]
RULES = st.lists(
    st.builds(
        LifecycleRule,
        st.integers(1, 50),
        st.just(RuleTags.TAGGED),
        st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True).map(tuple),
        st.sampled_from([IMAGES, PUSHED]),
        st.sampled_from([1, 2, 5, MANY_STACKS, 5000]),
        st.booleans(),
    )
    | st.builds(
        LifecycleRule,
        st.integers(1, 50),
        st.sampled_from([RuleTags.ANY, RuleTags.UNTAGGED]),
        st.just(()),
        st.sampled_from([IMAGES, PUSHED, PULLED]),
        st.sampled_from([1, 2, 5, MANY_STACKS, 5000]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda rule: rule.priority,
)
OURS = st.frozensets(st.sampled_from(TAGS), min_size=1, max_size=3)


@given(RULES, OURS, st.lists(st.integers(0, 400), max_size=40), st.integers(401, 9000), st.data())
def test_what_is_no_threat_takes_the_image_in_no_world(rules, tags, days, today, data):
    """However many others were pushed, as long as there are fewer stacks than a shield is for."""
    if find_threat(rules, tags) is not None:
        return
    others = [Image(data.draw(st.frozensets(st.sampled_from(TAGS), max_size=2)) - tags, 401 + day) for day in days]
    image = Image(tags, 0)
    assert not is_lost(image, rules, [image, *others], today)


@given(RULES, OURS)
def test_a_threat_takes_the_image_in_some_world(rules, tags):
    found = find_threat(rules, tags)
    if found is None:
        return
    image = Image(tags, 0)
    newer = [
        Image(frozenset(pattern.replace("*", f"x{number}") for pattern in found.patterns), number + 1)
        for number in range(found.number if found.limit is IMAGES else 0)
    ]
    assert is_lost(image, rules, [image, *newer], found.number + 1 if found.limit is not IMAGES else 10**6)
