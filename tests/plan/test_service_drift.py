"""What is done about services that do not run what their stack says, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import Drift
from rajee_deploy.plan.service_drift import describe, drift_cautions, drift_steps
from rajee_deploy.plan.state import Observed
from rajee_deploy.plan.steps import ConfirmRollout, RepairService
from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.standing import Running, StackService

NOW = 1_800_000_000.0
HELD = StackService("arn:api", "arn:task-definition/app:2", 1)
OWN = Deployment("ecs-svc/2", "PRIMARY", "arn:task-definition/app:2", 1, 0, 1, state="COMPLETED", began=NOW - 7200)
OTHER = replace(OWN, id="ecs-svc/1", task_definition="arn:task-definition/other:1")
LOST = replace(OWN, status="ACTIVE", desired=0, running=0, state="FAILED", reason="no such image")
IMAGES = ((OTHER.task_definition, ("nginx:1",)), (OWN.task_definition, ("app:c-2",)))

RUNS, MOVING, FAILED = (
    [OWN],
    [replace(OWN, state="IN_PROGRESS")],
    [replace(OWN, state="FAILED", reason="no such image")],
)
DRIFTED, ROLLED_BACK, CHANGING = [OTHER], [OTHER, LOST], [replace(OTHER, state="IN_PROGRESS")]
YOUNG = [replace(OTHER, began=NOW - 3599)]


def observed(deployments, held=HELD, **more):
    service = Service("api", tuple(deployments), **more)
    return Observed({}, {}, services={"App": (Running(held, service, IMAGES),)}, at=NOW)


def planned(deployments, drift=Drift.LEAVE, **more) -> tuple[list[str], list[str]]:
    steps, cautions = drift_steps("App", observed(deployments, **more), drift)
    named = {ConfirmRollout: "confirm", RepairService: "repair"}
    return [named[type(step)] for step in steps], [caution.code for caution in cautions]


@pytest.mark.parametrize(
    ("deployments", "left", "as_set", "now"),
    [
        (RUNS, [], [], []),
        (MOVING, ["confirm"], ["confirm"], ["confirm"]),
        (FAILED, ["confirm"], ["confirm"], ["repair", "confirm"]),  # found to be broken: not started again by itself
        (ROLLED_BACK, ["confirm"], ["confirm"], ["repair", "confirm"]),
        (DRIFTED, [], ["repair", "confirm"], ["repair", "confirm"]),
        (YOUNG, [], [], ["repair", "confirm"]),
    ],
)
def test_what_is_done(deployments, left, as_set, now):
    found = [planned(deployments, drift)[0] for drift in (Drift.LEAVE, Drift.REPAIR, Drift.REPAIR_NOW)]
    assert found == [left, as_set, now]


@pytest.mark.parametrize(
    ("deployments", "codes"),
    [
        (RUNS, []),
        (MOVING, []),
        (FAILED, []),
        (ROLLED_BACK, ["service-drift"]),
        (DRIFTED, ["service-drift"]),
        (CHANGING, ["service-drift"]),
        ([replace(OWN, desired=0, running=0)], ["service-stopped"]),
        ([replace(OWN, running=0)], ["service-down"]),
        ([replace(OWN, running=0, state="IN_PROGRESS")], []),  # its step says it
    ],
)
def test_what_is_told(deployments, codes):
    assert planned(deployments)[1] == codes
    assert [each.code for each in drift_cautions("App", observed(deployments), Drift.LEAVE)] == codes


def test_a_count_of_none_is_told_only_where_the_stack_says_another():
    for desired in (None, 0):
        assert planned([replace(OWN, desired=0, running=0)], held=replace(HELD, desired=desired)) == ([], [])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"status": "INACTIVE"}, "service-gone"),
        ({"status": "MISSING"}, "service-gone"),
        ({"controller": "CODE_DEPLOY"}, "service-not-judged"),
    ],
)
def test_what_cannot_be_put_back_is_told(more, code):
    for drift in Drift:
        assert planned(DRIFTED, drift, **more) == ([], [code])


def test_a_repair_waits_for_nobody():
    assert planned(CHANGING, Drift.REPAIR) == ([], ["service-drift"])
    (caution,) = drift_steps("App", observed(CHANGING), Drift.REPAIR)[1]
    assert caution.text.endswith("it is not put back: a deployment of it is in progress")
    with pytest.raises(DeployError) as caught:
        planned(CHANGING, Drift.REPAIR_NOW)
    assert caught.value.code == "repair-refused"
    assert "is in progress" in caught.value.problem


def test_a_young_change_may_be_somebodys_work_just_now():
    (caution,) = drift_steps("App", observed(YOUNG), Drift.REPAIR)[1]
    assert caution.text.endswith("it is not put back: the change is younger than an hour")


def test_drift_is_told_with_both_task_definitions_and_images():
    (caution,) = drift_steps("App", observed(DRIFTED), Drift.LEAVE)[1]
    assert caution.text == (
        "the service api runs other:1, and its stack says app:2 (other:1 is nginx:1; app:2 is app:c-2); "
        "rajee-deploy up --repair-drift puts it back"
    )
    (caution,) = drift_cautions("App", observed(DRIFTED), Drift.LEAVE)
    assert caution.text.endswith("this deployment replaces that where the template of the service changes")


def test_what_is_deployed_is_not_put_back_in_the_same_run():
    for drift in (Drift.REPAIR, Drift.REPAIR_NOW):
        (caution,) = drift_cautions("App", observed(DRIFTED), drift)
        assert caution.text.endswith("else it is put back by the next run")


def test_the_newest_deployment_says_how_young_a_change_is():
    lately = [OTHER, replace(OWN, id="ecs-svc/0", status="ACTIVE", began=NOW - 60)]
    assert planned(lately, Drift.REPAIR) == ([], ["service-drift"])


def test_behind_a_classic_load_balancer_the_counts_tell():
    stateless = replace(OWN, state="")
    assert planned([stateless]) == ([], [])
    assert planned([replace(stateless, running=0)])[0] == ["confirm"]
    assert planned([stateless, replace(OTHER, status="ACTIVE")])[0] == ["confirm"]
    assert planned([replace(OTHER, state="")], Drift.REPAIR_NOW)[0] == ["repair", "confirm"]


def test_a_rollback_of_ecs_says_why():
    (step,) = drift_steps("App", observed(ROLLED_BACK), Drift.LEAVE)[0]
    assert step.reason.startswith("ECS rolled api back by itself, to other:1: no such image (other:1 is nginx:1; ")


def test_the_steps_say_which_way():
    repair, confirm = drift_steps("App", observed(DRIFTED), Drift.REPAIR_NOW)[0]
    assert (repair.own, repair.runs, repair.task_definition) == (HELD, OTHER.task_definition, OWN.task_definition)
    assert confirm == ConfirmRollout("App", "what is repaired has to run")


def test_without_the_stacks_own_task_definition_nothing_can_be_put_back():
    held = replace(HELD, task_definition="")
    assert planned(FAILED, Drift.REPAIR_NOW, held=held) == (["confirm"], [])


def test_a_function_of_whose_image_only_the_end_is_known_is_told_and_never_put_back():
    held = StackService("f", "/app:c-2", is_function=True)
    for drift in Drift:
        steps, (caution,) = drift_steps("App", observed(DRIFTED, held=held), drift)
        assert (steps, caution.code) == ([], "service-drift")
        assert "aws lambda update-function-code" in caution.text


WHOLE = StackService("f", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:c-2", is_function=True)


def test_a_function_whose_image_is_known_is_put_back():
    for found in (OTHER, replace(OWN, task_definition=WHOLE.task_definition, state="FAILED")):
        steps, _ = drift_steps("App", observed([found], held=WHOLE), Drift.REPAIR_NOW)
        assert [type(step) for step in steps] == [RepairService, ConfirmRollout]
        assert steps[0].task_definition == WHOLE.task_definition
    assert planned(DRIFTED, Drift.REPAIR, held=WHOLE)[0] == ["repair", "confirm"]
    assert planned(YOUNG, Drift.REPAIR, held=WHOLE) == ([], ["service-drift"])
    (caution,) = drift_steps("App", observed(DRIFTED, held=WHOLE), Drift.LEAVE)[1]
    assert caution.text.endswith("rajee-deploy up --repair-drift puts it back")


def test_services_that_may_not_be_looked_at_are_told_once():
    unseen = Observed({}, {}, unseen={"App": "not allowed"})
    assert drift_steps("App", unseen, Drift.LEAVE)[0] == []
    assert [each.code for each in drift_cautions("App", unseen, Drift.LEAVE)] == ["services-not-seen"]


def test_two_services_of_one_stack():
    found = [replace(observed(each).services["App"][0], images=()) for each in (MOVING, FAILED)]
    both = Observed({}, {}, services={"App": tuple(found)})
    (step,) = drift_steps("App", both, Drift.LEAVE)[0]
    assert step.reason == "the rollout of api is not over; the rollout of api failed: no such image"


def test_what_runs_as_it_should_is_not_described():
    (one,) = observed(RUNS).services["App"]
    assert describe(replace(one, images=())) == ""
