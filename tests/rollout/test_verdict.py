"""Whether a deployment is believed to have arrived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.function_images import ANY_TAG
from rajee_deploy.rollout.standing import StackService
from rajee_deploy.rollout.verdict import is_stable, uses, verdict

PRIMARY = Deployment("ecs-svc/2", "PRIMARY", "task:2", 2, 0, 2, state="COMPLETED")
FORMER = Deployment("ecs-svc/1", "ACTIVE", "task:1", 0, 0, 1)
SERVICE = Service("api", (PRIMARY,))
DIGEST = "sha256:" + "d" * 64
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
WANTED = {"team/api": ("c-1", DIGEST)}


def rollout_objection(service, images, wanted):
    return verdict(StackService("arn", "task:2"), service, images, wanted).problem


@pytest.mark.parametrize(
    ("service", "stable"),
    [
        (SERVICE, True),
        (replace(SERVICE, deployments=(replace(PRIMARY, state=""),)), True),
        (replace(SERVICE, deployments=(replace(PRIMARY, state="IN_PROGRESS"),)), False),
        (replace(SERVICE, deployments=(replace(PRIMARY, running=1),)), False),
        (replace(SERVICE, deployments=(replace(PRIMARY, pending=1),)), False),
        (replace(SERVICE, deployments=(PRIMARY, FORMER)), False),
        (replace(SERVICE, deployments=(FORMER,)), False),
    ],
)
def test_stable_is_one_deployment_with_all_of_its_tasks(service, stable):
    assert is_stable(service) is stable


@pytest.mark.parametrize(
    "image",
    [f"{HOST}/team/api:c-1", f"{HOST}/team/api@{DIGEST}", "localhost:5000/team/api:c-1", f"team/api:c-1@{DIGEST}"],
)
def test_a_service_that_runs_what_was_deployed(image):
    assert rollout_objection(SERVICE, [image, "public/sidecar:1"], WANTED) == ""
    assert uses([image], "team/api")


@pytest.mark.parametrize("image", [f"{HOST}/team/api:c-2", f"{HOST}/team/api", f"{HOST}/team/api:c-11"])
def test_a_service_that_runs_another_image(image):
    assert image in rollout_objection(SERVICE, [image], WANTED)


def test_images_of_other_repositories_are_nobodys_concern():
    assert rollout_objection(SERVICE, [f"{HOST}/other/team/api:c-2"], WANTED) == ""
    assert not uses([f"{HOST}/other/team/api:c-2"], "team/api")


def test_where_a_repository_is_of_many_stacks_any_image_of_it_may_run():
    """As the CDK's own: what the service runs is then told by its task definition, which is the stack's."""
    image = f"{HOST}/team/api:{'0' * 64}"
    assert rollout_objection(SERVICE, [image], {"team/api": ("c-1", "c-1", ANY_TAG)}) == ""


def test_a_failed_rollout_says_why():
    failed = replace(PRIMARY, state="FAILED", reason="tasks failed to start")
    assert rollout_objection(replace(SERVICE, deployments=(failed,)), [], WANTED) == (
        f"the rollout of {SERVICE.name} failed: tasks failed to start"
    )
    silent = replace(failed, reason="")
    assert rollout_objection(replace(SERVICE, deployments=(silent,)), [], WANTED) == (
        f"the rollout of {SERVICE.name} failed"
    )


@pytest.mark.parametrize(
    "service",
    [
        replace(SERVICE, deployments=(replace(PRIMARY, state="SOMETHING_NEW", running=0),)),
        replace(SERVICE, status="SOMETHING_NEW"),
    ],
)
def test_what_nobody_knows_is_said_at_once(service):
    found = verdict(StackService("arn", "task:2"), service, [], WANTED)
    assert found.problem == ("the service api is SOMETHING_NEW, which this version does not know: a newer one may")
    assert not found.is_moving


def test_objections_in_words():
    moving = replace(PRIMARY, running=1, desired=3)
    assert rollout_objection(replace(SERVICE, deployments=(moving,)), [], {}) == (
        f"the service {SERVICE.name} is not stable: 1 of 3 tasks run"
    )
    assert rollout_objection(SERVICE, ["host.test/team/app:old"], {"team/app": ("new",)}) == (
        f"the service {SERVICE.name} runs host.test/team/app:old"
    )


def test_a_rollout_that_still_moves_is_no_success():
    moving = replace(SERVICE, deployments=(replace(PRIMARY, running=1), FORMER))
    assert "1 of 2 tasks" in rollout_objection(moving, [f"{HOST}/team/api:c-1"], WANTED)


@pytest.mark.parametrize("running", [PRIMARY, replace(PRIMARY, state="IN_PROGRESS")])
def test_only_what_moves_may_change_by_itself(running):
    service = replace(SERVICE, deployments=(replace(running, running=1),))
    assert verdict(StackService("arn", "task:2"), service, [], {}).is_moving
    assert not verdict(StackService("arn", "task:3"), service, [], {}).is_moving
