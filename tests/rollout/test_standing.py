"""How a service stands to its stack, by one look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.standing import Running, StackService, Standing, failure, standing

HELD = StackService("arn", "task:2", 1)
OWN = Deployment("ecs-svc/2", "PRIMARY", "task:2", 1, 0, 1, state="COMPLETED")
OTHER = replace(OWN, id="ecs-svc/1", task_definition="task:1")
LOST = replace(OWN, status="ACTIVE", desired=0, running=0, state="FAILED", reason="no such image")


@pytest.mark.parametrize(
    ("deployments", "stands"),
    [
        ([OWN], Standing.RUNS),
        ([replace(OWN, state="")], Standing.RUNS),
        ([replace(OWN, running=0)], Standing.RUNS),  # a rollout that is over: what comes later is no deployment
        ([OWN, replace(OTHER, status="ACTIVE")], Standing.RUNS),  # the former one is drained
        ([replace(OWN, state="IN_PROGRESS")], Standing.MOVING),
        ([replace(OWN, state="SOMETHING_NEW")], Standing.UNKNOWN),
        ([replace(OWN, state="FAILED")], Standing.FAILED),
        ([OTHER], Standing.OTHER),
        ([replace(OTHER, state="IN_PROGRESS")], Standing.OTHER),
        ([replace(OTHER, state="FAILED")], Standing.OTHER),  # theirs failed, not ours
        ([OTHER, replace(OWN, status="ACTIVE")], Standing.OTHER),
        ([OTHER, LOST], Standing.ROLLED_BACK),
        ([replace(OTHER, state="IN_PROGRESS"), LOST], Standing.ROLLED_BACK),
        # While ECS rolls back, and before it calls ours failed.
        (
            [
                replace(OTHER, state="IN_PROGRESS", reason="circuit breaker: rolling back to deploymentId ecs-svc/0."),
                replace(OWN, status="ACTIVE", state="IN_PROGRESS"),
            ],
            Standing.ROLLED_BACK,
        ),
        ([replace(OWN, state="", running=0)], Standing.MOVING),
        ([replace(OWN, state=""), replace(OTHER, status="ACTIVE")], Standing.MOVING),
        ([], Standing.NOT_JUDGED),
    ],
)
def test_standing(deployments, stands):
    assert standing(HELD, Service("api", tuple(deployments))) is stands


def test_what_ecs_says_it_rolled_back_from():
    service = Service("api", (OTHER,), rolled_back="task:2")
    assert standing(HELD, service) is Standing.ROLLED_BACK
    assert standing(HELD, replace(service, rolled_back="task:0")) is Standing.OTHER


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE", "MISSING"])
def test_a_service_that_is_no_more(status):
    assert standing(HELD, Service("api", (OWN,), status=status)) is Standing.GONE


def test_a_service_of_a_status_that_nobody_knows():
    assert standing(HELD, Service("api", (OWN,), status="SOMETHING_NEW")) is Standing.UNKNOWN


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_what_ecs_does_not_roll_out(controller):
    assert standing(HELD, Service("api", (OTHER,), controller=controller)) is Standing.NOT_JUDGED


@pytest.mark.parametrize("state", ["COMPLETED", "IN_PROGRESS", "FAILED"])
def test_where_the_stack_does_not_tell_only_the_rollout_counts(state):
    found = standing(StackService("arn"), Service("api", (replace(OTHER, state=state),)))
    assert found is {"COMPLETED": Standing.RUNS, "IN_PROGRESS": Standing.MOVING, "FAILED": Standing.FAILED}[state]


def test_why_the_stacks_own_deployment_failed():
    assert failure(HELD, Service("api", (OTHER, LOST))) == "no such image"
    assert failure(HELD, Service("api", (replace(LOST, task_definition="task:3"),))) == ""
    assert failure(StackService("arn"), Service("api", (LOST,))) == "no such image"
    assert failure(HELD, Service("api", (OWN,))) == ""


def test_what_it_runs():
    assert Running(HELD, Service("api", (OTHER, LOST))).task_definition == "task:1"
    assert Running(HELD, Service("api", ())).task_definition == ""
