"""An error in the middle of a plan says which step was at work, what was done before it, and what never began."""

from __future__ import annotations

import pytest
from one_stack import make_world, step

from rajee_deploy.actions.at_step import at_step, tell_others
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.steps import BuildAndPush, ConfirmRollout

BUILDS = [BuildAndPush(name, "c-1", "new") for name in ("app", "job")]


def test_the_step_that_was_at_work_and_the_others(tmp_path):
    run, update = make_world(tmp_path).run, step()
    with pytest.raises(DeployError) as caught, at_step(run, update):
        raise DeployError("deploy-failed", "no")
    tell_others(caught.value, [*BUILDS, update], [ConfirmRollout("Other", "x")])
    found = caught.value.step
    assert found is not None
    assert (found.verb, found.name, found.took.endswith("s")) == ("update", "App", True)
    assert (found.done, found.left) == (("build app", "build job"), ("confirm Other",))


def test_who_has_failed_already_is_not_called_by_another_name(tmp_path):
    run = make_world(tmp_path).run
    with pytest.raises(DeployError) as caught, at_step(run, step()), at_step(run, BUILDS[0]):
        raise DeployError("build-failed", "no")
    assert caught.value.step is not None
    assert caught.value.step.name == "app"


def test_what_failed_in_no_step_says_nothing_of_others():
    error = DeployError("checkout-changed", "no")
    tell_others(error, BUILDS, [])
    assert error.step is None
