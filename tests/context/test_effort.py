"""Matching has a bound in work, which grows with the entries, and none in time."""

from __future__ import annotations

import pytest

from rajee_deploy.context.effort import MOST, PER_ENTRY, Effort
from rajee_deploy.context.ignore import Matcher, Rule, read_rules
from rajee_deploy.errors import DeployError

TOO_MANY = "too-many-patterns"


def test_each_entry_brings_its_own():
    effort = Effort()
    effort.allow(10)
    effort.spend(MOST + 10 * PER_ENTRY, 3, "x")
    with pytest.raises(DeployError, match="more work") as caught:
        effort.spend(1, 3, ".dockerignore")
    assert (caught.value.code, caught.value.where) == (TOO_MANY, ".dockerignore")
    assert caught.value.cause == "there are 3 of them, and 10 entries were listed so far"


def test_a_file_of_too_many_lines():
    with pytest.raises(DeployError) as caught:
        read_rules(b"x\n" * 70_000, ".dockerignore")
    assert (caught.value.code, caught.value.where) == (TOO_MANY, ".dockerignore")


@pytest.mark.parametrize(
    "patterns",
    [
        ["a*a*{0}*"],
        ["*", "!a*b*{0}*"],
        ["*", "!a", "**/a*{0}*b*"],
        ["a[ab]*{0}*b*"],
        ["ab*", "**/*{0}*"],
        ["?{0}*"],
    ],
)
@pytest.mark.parametrize("way", ["afresh", "walking", "below"])
def test_what_has_to_be_asked_is_paid_for(patterns, way):
    """Many patterns, all of which may match, and a part of the effort: it ends, and long before all names
    are asked about."""
    effort = Effort()
    matcher = Matcher([Rule(text.format("ab"), "f:1") for _ in range(800) for text in patterns], effort)
    effort.spend(MOST * 17 // 20, 1, "others")

    def ask() -> None:
        _, flags = matcher.step("ab", None)
        for number in range(2000):
            path = f"ab/{'ab' * 20}{number}"
            if way == "below":
                matcher.can_revive(path)
            else:
                matcher.step(path, flags if way == "walking" else None)

    with pytest.raises(DeployError) as caught:
        ask()
    assert (caught.value.code, caught.value.where) == (TOO_MANY, "f")


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_usual_rules_never_come_to_too_much(count):
    """As many as the largest of known projects have, over entries that all of them may touch."""
    rules = [Rule(text) for n in range(count) for text in (f"**/*.x{n}", f"dir{n}/**", f"!dir{n}/keep*", f"a/*/b{n}")]
    effort = Effort()
    matcher = Matcher(rules, effort)
    for number in range(300):
        effort.allow(1)
        assert matcher.matches(f"dir{number % count}/x/y{number}.x{number % count}")
