"""When a deployment counts as arrived: two looks, and what ECS says of the service in both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeWatcher

from rajee_deploy.actions.arrival import Sight, arrival
from rajee_deploy.rollout import Deployment, Service, StoppedTask, Targets
from rajee_deploy.rollout.standing import StackService

PRIMARY = Deployment("ecs-svc/2", "PRIMARY", "task:2", 1, 0, 1, state="COMPLETED")
SERVICE = Service("api", (PRIMARY,))
MOVING = replace(SERVICE, deployments=(replace(PRIMARY, running=0, pending=1, state="IN_PROGRESS"),))
FORMER = replace(PRIMARY, id="ecs-svc/1", task_definition="task:1")
FAILED = replace(PRIMARY, status="ACTIVE", desired=0, running=0, state="FAILED", reason="tasks failed to start")
WANTED = {"team/api": ("c-2",)}
OURS = {"task:1": ("host.test/team/api:c-1",), "task:2": ("host.test/team/api:c-2",)}


def stopped(number, deployment="ecs-svc/2", code="EssentialContainerExited"):
    return StoppedTask(f"task/{number}", deployment, code, ("exit code 1",))


def looked(*states, own="task:2", wait=60.0, before=None, images=OURS):
    """The objection to a service that shows these states, one a look, the last for ever; and how many are left."""
    watcher = FakeWatcher([], {"arn": list(states)}, images)
    held = StackService("arn", own)
    sight = Sight(lambda: (held,), lambda one: watcher.service(one.arn), watcher.images, lambda _: None)
    return arrival(sight, WANTED, wait, before or {}, 0.0), len(watcher.held["arn"])


def test_two_looks_confirm_what_runs():
    assert looked(SERVICE, SERVICE, MOVING) == ("", 1)  # the third is never asked for


@pytest.mark.slow
def test_a_service_that_moves_is_waited_for():
    assert looked(MOVING, SERVICE) == ("", 1)


def test_a_service_that_moves_for_too_long_is_an_objection():
    assert "not stable: 0 of 1 tasks run" in looked(MOVING, wait=0)[0]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (replace(SERVICE, deployments=(FORMER, FAILED)), "rolled api back by itself, to task:1: tasks failed to start"),
        (replace(SERVICE, deployments=(replace(FORMER, state="IN_PROGRESS"), FAILED)), "rolled api back by itself"),
        (replace(SERVICE, deployments=(replace(FAILED, status="PRIMARY"),)), "the rollout of api failed: tasks failed"),
        (replace(SERVICE, deployments=(FORMER,)), "the service api runs task:1, and its stack says task:2"),
        (replace(SERVICE, deployments=(), status="INACTIVE"), "there is no service api any more"),
        (replace(SERVICE, deployments=(), status="MISSING"), "there is no service api any more"),
    ],
)
def test_what_will_not_change_by_itself_is_the_verdict_at_once(state, text):
    objection, left = looked(state, SERVICE)
    assert text in objection
    assert left == 2 - 1  # one look


def test_another_image_is_an_objection_at_once():
    images = {"task:2": ("host.test/team/api:c-1",)}
    assert "runs host.test/team/api:c-1" in looked(SERVICE, SERVICE, own="", images=images)[0]


@pytest.mark.parametrize("state", [SERVICE, MOVING])
def test_services_of_other_images_are_not_waited_for_where_the_stack_does_not_tell(state):
    assert looked(state, own="", images={"task:2": ("host.test/other/sidecar:1",)})[0] == ""


def test_what_the_deployment_did_not_touch_stays_as_it_was():
    other = replace(SERVICE, deployments=(FORMER,))
    assert looked(other, before={StackService("arn", "task:2"): "ecs-svc/1"})[0] == ""
    assert (
        looked(other, before={StackService("arn", "task:1"): "ecs-svc/1"})[0] != ""
    )  # the stack says something else by now
    assert looked(other, before={StackService("arn", "task:2"): "ecs-svc/0"})[0] != ""  # it was deployed since
    short = replace(SERVICE, deployments=(replace(PRIMARY, desired=2),), stopped=tuple(map(stopped, range(9))))
    assert looked(short, before={StackService("arn", "task:2"): "ecs-svc/2"})[0] == ""


def test_where_the_stack_does_not_tell_images_are_looked_at_in_any_case():
    images = {"task:2": ("host.test/team/api:c-1",)}
    assert looked(SERVICE, own="", before={StackService("arn", ""): "ecs-svc/2"}, images=images)[0] != ""


def test_what_another_controller_rolls_out_is_not_judged():
    assert looked(Service("api", (), controller="CODE_DEPLOY"))[0] == ""


def test_a_task_that_dies_between_the_looks_begins_them_anew():
    dead = replace(SERVICE, stopped=(stopped(1),))
    assert looked(SERVICE, dead, dead, MOVING) == ("", 1)


def test_tasks_that_go_on_dying_are_the_verdict():
    states = [replace(SERVICE, stopped=tuple(map(stopped, range(number)))) for number in range(9)]
    objection, left = looked(*states)
    assert objection == "tasks of api stop by themselves: exit code 1"
    assert left == 9 - 4


def test_of_many_tasks_more_may_stop():
    """As ECS's own circuit breaker counts."""
    many = replace(PRIMARY, desired=10, running=10)
    states = [replace(SERVICE, deployments=(many,), stopped=tuple(map(stopped, range(number)))) for number in range(9)]
    objection, left = looked(*states)
    assert objection == "tasks of api stop by themselves: exit code 1"
    assert left == 9 - 6


@pytest.mark.parametrize(
    "task",
    [
        StoppedTask("task/1", "ecs-svc/2", "EssentialContainerExited", (), (0, 0)),  # its work was done
        stopped(1, deployment="ecs-svc/1"),  # of the former deployment
        stopped(1, code="ServiceSchedulerInitiated"),
        stopped(1, code="UserInitiated"),
        stopped(1, code="SpotInterruption"),
        stopped(1, code=""),
    ],
)
def test_a_task_that_somebody_else_stopped_says_nothing(task):
    assert looked(SERVICE, replace(SERVICE, stopped=(task,)), MOVING) == ("", 1)


def test_what_died_before_the_first_look_is_over():
    dead = replace(SERVICE, stopped=(stopped(1),))
    assert looked(dead, dead, MOVING) == ("", 1)


@pytest.mark.parametrize(
    "later",
    [
        replace(SERVICE, deployments=(replace(PRIMARY, failed=1),)),
        replace(SERVICE, deployments=(replace(PRIMARY, id="ecs-svc/3"),)),
    ],
)
def test_another_deployment_or_a_task_that_failed_begins_anew(later):
    assert looked(SERVICE, later, later, MOVING) == ("", 1)


@pytest.mark.parametrize(
    ("targets", "problem"),
    [
        (Targets(healthy=1), ""),
        (Targets(healthy=0, starting=1), "0 healthy targets for 1 tasks"),
        (Targets(healthy=2, fewest_healthy=0), "0 healthy targets for 1 tasks"),
        (Targets(healthy=1, unhealthy=3, fewest_healthy=1), ""),  # of others, who share the group
    ],
)
def test_each_load_balancer_must_find_the_tasks_healthy(targets, problem):
    assert problem in looked(replace(SERVICE, targets=targets), wait=0)[0]
    assert bool(problem) == bool(looked(replace(SERVICE, targets=targets), wait=0)[0])


@pytest.mark.slow
def test_targets_have_to_be_healthy():
    waiting = replace(SERVICE, targets=Targets(healthy=0, starting=1))
    healthy = replace(SERVICE, targets=Targets(healthy=1))
    assert looked(waiting, healthy, healthy)[0] == ""
    assert "0 healthy targets for 1 tasks" in looked(waiting, wait=0)[0]


def test_a_service_that_is_to_run_no_task_needs_no_target():
    none = replace(SERVICE, deployments=(replace(PRIMARY, desired=0, running=0),), targets=Targets())
    assert looked(none)[0] == ""


def test_deployments_that_never_come_to_rest_end_the_wait():
    states = [replace(SERVICE, deployments=(replace(PRIMARY, failed=number),)) for number in range(5)]
    assert looked(*states, wait=0)[0] == "its services keep changing"
