"""Which commit is deployed, and whether it may replace what runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from run_worlds import refused, tier

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.ancestry import Rules
from rajee_deploy.plan.state import Ancestry


def test_the_revision_is_recorded_and_is_no_change_by_itself(world):
    world.up()
    assert world.stacks.stacks["App"].parameters["RajeeRevision"] == "1" * 40
    world.revision = "2" * 40
    assert tier(world) == ("hash", True, 0)


def test_an_older_revision_does_not_replace_a_newer_one(world):
    world.up()
    world.done()
    world.ancestry = Ancestry.OLDER
    (world.root / "app").write_text("two")
    refused(world, "older-revision")
    assert world.done() == (0, [])
    allowed = replace(world.context(), rules=Rules(allow_rollback=True))
    assert recorded_run(allowed, 5)[1].kind == "code"
    assert world.up() == "noop", "a different revision alone is no change"


@pytest.mark.parametrize("ancestry", [Ancestry.UNKNOWN, Ancestry.DIVERGED])
def test_unknown_ancestry_warns_and_goes_on_unless_it_is_required(world, ancestry):
    world.up()
    world.done()
    world.ancestry = ancestry
    (world.root / "app").write_text("two")
    refused(world, "unknown-ancestry", rules=Rules(require_ancestry=True))
    assert world.done() == (0, [])
    assert world.up() == "code"
    assert "[unknown-ancestry]" in world.talk.getvalue()


def test_a_checkout_of_which_git_says_nothing_is_told_and_the_guard_is_not_silent(world):
    world.up()
    world.done()

    def commit():
        raise DeployError("git-refused", "git does not say", where="/here", cause="fatal: dubious", hint="git config x")

    world.ancestry = Ancestry.UNKNOWN
    (world.root / "app").write_text("two")
    run = world.context()
    run = replace(run, ports=replace(run.ports, commit=commit))
    with pytest.raises(DeployError) as caught:
        recorded_run(replace(run, rules=Rules(require_ancestry=True)), 5)
    assert caught.value.code == "unknown-ancestry"
    assert "fatal: dubious" in caught.value.cause
    assert recorded_run(run, 5)[1].kind == "code"
    told = " ".join(world.talk.getvalue().split())
    assert "[git-refused]" in told
    assert "fatal: dubious" in told
    assert "git config x" in told
    assert world.stacks.stacks["App"].parameters["RajeeRevision"] == "-"


def test_files_are_compared_with_the_commit_only_where_something_is_deployed(world):
    asked = []
    run = world.context()
    run = replace(run, ports=replace(run.ports, is_changed=lambda: asked.append(1) or True))
    plan_run(run)
    assert asked == []
    recorded_run(run, 5)
    assert asked
    assert world.stacks.stacks["App"].parameters["RajeeRevision"] == "1" * 40 + "-dirty"
