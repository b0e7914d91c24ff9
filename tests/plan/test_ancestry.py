"""An older revision never takes the place of a newer one by itself."""

from __future__ import annotations

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import REVISION_PARAMETER
from rajee_deploy.plan.ancestry import Rules, deployed_revisions, guard
from rajee_deploy.plan.state import Ancestry, Observed, StackAbsent, StackPresent
from rajee_deploy.plan.steps import Caution, DeployStack, Plan, Skip, StackChange

COMMIT = "0123456789abcdef" + "0" * 24
PLAN = Plan((DeployStack("App", (), "because", (StackChange.TAG,)),), ())


def observed(recorded):
    state = StackPresent("UPDATE_COMPLETE", {} if recorded is None else {REVISION_PARAMETER: recorded}, {})
    return Observed({}, {"App": state, "Other": state})


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        (COMMIT, {"App": COMMIT}),
        (f"{COMMIT}-dirty", {"App": COMMIT}),  # its commit is what git knows
        ("-dirty-thing", {"App": "-dirty-thing"}),
        ("-", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_the_revision_that_a_stack_records(recorded, found):
    assert deployed_revisions(PLAN, observed(recorded)) == found


def test_only_stacks_that_are_deployed_are_asked_about():
    skips = (Skip("stack Other", "equal"),)
    assert deployed_revisions(Plan((), skips), observed(COMMIT)) == {}
    assert deployed_revisions(PLAN, Observed({}, {"App": StackAbsent()})) == {}


def judged(ancestry, rules=None, plan=PLAN):
    """The cautions, or the code of the error."""
    try:
        found = guard(plan, {"App": COMMIT}, {COMMIT: ancestry}, rules or Rules())
    except DeployError as error:
        return error.code
    assert (found.steps, found.skipped) == (plan.steps, plan.skipped)
    return [(caution.code, caution.subject) for caution in found.cautions]


OLDER, UNKNOWN = [("older-revision", "stack App")], [("unknown-ancestry", "stack App")]


@pytest.mark.parametrize(
    ("ancestry", "plain", "allowed", "strict", "both"),
    [
        (Ancestry.SAME, [], [], [], []),
        (Ancestry.NEWER, [], [], [], []),
        (Ancestry.OLDER, "older-revision", OLDER, "older-revision", OLDER),
        (Ancestry.DIVERGED, UNKNOWN, UNKNOWN, "unknown-ancestry", UNKNOWN),
        (Ancestry.UNKNOWN, UNKNOWN, UNKNOWN, "unknown-ancestry", UNKNOWN),
    ],
)
def test_what_the_rules_allow(ancestry, plain, allowed, strict, both):
    assert judged(ancestry) == plain
    assert judged(ancestry, Rules(allow_rollback=True)) == allowed
    assert judged(ancestry, Rules(require_ancestry=True)) == strict
    assert judged(ancestry, Rules(allow_rollback=True, require_ancestry=True)) == both


def test_every_stack_is_judged_and_earlier_cautions_stay():
    earlier = Caution("another", "stack Other", "text")
    plan = Plan(PLAN.steps, (), cautions=(earlier,))
    revisions = {"Same": "a", "App": "b", "Other": "c"}
    ancestries = {"a": Ancestry.SAME, "b": Ancestry.UNKNOWN, "c": Ancestry.DIVERGED}
    found = guard(plan, revisions, ancestries, Rules()).cautions
    assert found[0] == earlier
    assert [(one.subject, one.text.partition(",")[0]) for one in found[1:]] == [
        ("stack App", "it runs b"),
        ("stack Other", "it runs c"),
    ]
    assert "is not known here" in found[1].text
    assert "is on another branch" in found[2].text


def test_a_commit_is_shown_short():
    (caution,) = guard(PLAN, {"App": COMMIT}, {COMMIT: Ancestry.UNKNOWN}, Rules()).cautions
    assert "it runs 0123456789ab, which" in caution.text
