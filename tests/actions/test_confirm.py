"""Stories of what services run, over fakes: what nobody confirmed is never "nothing to do"."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from run_worlds import World, refused
from status_screens import lines

from rajee_deploy.actions.json_documents import of_plan
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.status.look import look
from rajee_deploy.actions.status.rows import document
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import Drift
from rajee_deploy.rollout import Deployment, Service, StoppedTask

OWN = Deployment("ecs-svc/2", "PRIMARY", "task/app:2", 1, 0, 1, state="COMPLETED")
OTHER = replace(OWN, id="ecs-svc/1", task_definition="task/other:1")
LOST = replace(OWN, status="ACTIVE", desired=0, running=0, state="FAILED", reason="tasks failed to start")
IMAGES = {"task/app:2": ("registry.test/side:1",), "task/other:1": ("nginx:1",)}


def service(*deployments, **more):
    return Service("api", deployments, **more)


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    """A stack that was deployed, and whose service runs what it says."""
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    found = World(root)
    found.hold(service(OWN), "task/app:2", 1)
    found.watcher.task_definitions = dict(IMAGES)
    assert found.up() == "first"
    assert found.up() == "noop"
    found.done()
    return found


def shows(world, *states):
    world.watcher.held["arn"] = list(states)


def planned(world, **changes):
    return plan_run(replace(world.context(), **changes)).plan


def test_a_no_op_pays_one_look(world):
    before = world.services.looks
    assert planned(world).is_empty
    assert (world.services.looks - before, world.services.fresh_looks) == (1, 0)


@pytest.mark.slow
def test_a_rollout_that_nobody_confirmed_is_confirmed_by_the_next_run(world):
    shows(world, service(replace(OWN, state="IN_PROGRESS", running=0)), service(OWN))
    assert planned(world).kind == "confirm"
    assert world.up() == "confirm"
    assert "what it says runs on 1 of 1 task" in world.talk.getvalue()
    assert world.done() == (0, [])
    assert world.up() == "noop"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (service(replace(OWN, state="FAILED", reason="no such image")), "the rollout of api failed: no such image"),
        (service(OTHER, LOST), "ECS rolled api back by itself, to other:1: tasks failed to start"),
    ],
)
def test_a_rollout_that_failed_fails_every_run_until_it_runs(world, state, text):
    shows(world, state)
    for _ in range(2):
        error = refused(world, "rollout-not-confirmed")
        assert text in error.problem
        assert "--repair-drift" in error.hint
    assert world.done() == (0, [])


def test_drift_is_told_everywhere_and_left(world):
    shows(world, service(OTHER))
    plan = planned(world)
    assert (plan.is_empty, [each.code for each in plan.cautions]) == (True, ["service-drift"])
    assert world.up() == "noop"
    words = "api runs other:1, and its stack says app:2 (other:1 is nginx:1; app:2 is registry.test/side:1)"
    assert words in " ".join(world.talk.getvalue().split())
    found = look(world.context())
    assert any(words in line for line in lines(found))
    assert words in document(found)["stacks"]["App"]["services"][0]["drift"]
    (drift,) = of_plan(plan_run(world.context()), 0)["drift"]
    assert drift == {
        "stack": "App",
        "service": "api",
        "standing": "other",
        "runs": {"task_definition": "task/other:1", "images": ["nginx:1"]},
        "stack_says": {"task_definition": "task/app:2", "images": ["registry.test/side:1"]},
    }


@pytest.mark.parametrize("state", [service(OTHER), service(OTHER, LOST), service(replace(OWN, state="FAILED"))])
def test_drift_is_put_back_where_somebody_asks_for_it(world, state):
    shows(world, state)
    planned_run, record = recorded_run(replace(world.context(), repair_drift=True), 5)
    assert [type(step).__name__ for step in planned_run.plan.steps] == ["RepairService", "ConfirmRollout"]
    assert (record.kind, record.outcome) == ("repair", "done")
    assert world.watcher.held["arn"][0].primary.task_definition == "task/app:2"
    assert world.up() == "noop"


def test_drift_is_put_back_by_a_setting(world):
    path = world.root / "rajee-deploy.toml"
    path.write_text('drift = "repair"\n' + path.read_text())
    shows(world, service(replace(OTHER, began=time.time())))
    assert world.up() == "noop"
    shows(world, service(replace(OTHER, began=time.time() - 3700)))
    assert world.up() == "repair"


def test_an_environment_has_its_own_word(world):
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text().replace("[environments.prod]", '[environments.prod]\ndrift = "repair"'))
    assert world.context("prod").settings.drift is Drift.REPAIR
    assert world.context().settings.drift is Drift.LEAVE


def test_a_repair_that_cannot_be_is_refused(world):
    shows(world, service(replace(OTHER, state="IN_PROGRESS")))
    error = refused(world, "repair-refused", repair_drift=True)
    assert "in progress" in error.problem


def test_a_role_that_may_not_look_is_told_once_and_has_its_no_op(world):
    world.services.denied = True
    world.talk.truncate(0)
    assert world.up() == "noop"
    assert world.talk.getvalue().count("not looked at: not authorized to perform: ecs") == 1


@pytest.mark.parametrize("code", ["throttled", "unknown-answer"])
def test_what_ecs_does_not_tell_stops_the_run(world, code):
    def fails(_held):
        raise DeployError(code, "who knows")

    world.services.services = fails
    with pytest.raises(DeployError) as caught:
        world.up()
    assert caught.value.code == code


def test_a_deployment_that_does_not_touch_a_drifted_service_leaves_it(world):
    """An output changes; what the service is to run does not."""
    shows(world, service(OTHER))
    world.infra, world.stacks.app = "2", {"Registry": "one", "App": "two"}
    assert world.up() == "infra"
    assert "this deployment replaces that where" in world.talk.getvalue()


def test_a_deployment_that_does_is_confirmed(world):
    shows(world, service(OTHER))
    world.infra, world.stacks.app = "2", {"Registry": "one", "App": "two"}
    deploy = world.stacks.deploy

    def deploys(*arguments):
        deploy(*arguments)
        world.services.stacks_own = {"arn": ("task/app:3", 1)}

    world.stacks.deploy = deploys
    error = refused(world, "rollout-not-confirmed")
    assert "runs other:1, and its stack says app:3" in error.problem


def test_a_crash_loop_is_no_success(world):
    tasks = [StoppedTask(str(number), "ecs-svc/3", "EssentialContainerExited", ("exit code 1",)) for number in range(9)]
    new = replace(OWN, id="ecs-svc/3", task_definition="task/app:3")
    world.watcher.task_definitions["task/app:3"] = ("registry.test/side:2",)
    deploy = world.stacks.deploy

    def deploys(*arguments):
        deploy(*arguments)
        world.services.stacks_own = {"arn": ("task/app:3", 1)}
        shows(world, *(service(new, stopped=tuple(tasks[:number])) for number in range(9)))

    world.stacks.deploy = deploys
    (world.root / "app").write_text("two")
    error = refused(world, "rollout-not-confirmed")
    assert "tasks of api stop by themselves: exit code 1" in error.problem


def test_what_ecs_rolled_back_long_ago_is_asked_of_its_history(world):
    """It lists the deployment that failed only for a while."""
    shows(world, service(OTHER))
    world.services.undone = {"arn": "task/app:2"}
    assert "ECS rolled api back by itself" in refused(world, "rollout-not-confirmed").problem
    world.services.undone = {"arn": "task/app:1"}  # of an earlier deployment
    assert world.up() == "noop"


def test_no_wait_does_not_wait_for_a_rollout_either(world):
    shows(world, service(replace(OWN, state="IN_PROGRESS")))
    _, record = recorded_run(replace(world.context(), wait_for_end=False), 5)
    assert record.kind == "confirm"
    assert "not waited for: the rollout of api is not over" in world.talk.getvalue()


def test_a_stack_that_was_rolled_back_is_looked_at_too(world):
    """What somebody else made its service run is left, whatever CloudFormation makes of the rest."""
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], status="UPDATE_ROLLBACK_COMPLETE")
    shows(world, service(OTHER))
    assert world.up() == "retry"
    assert "service-drift" in world.talk.getvalue()


def test_somebody_who_deploys_during_the_confirmation_is_no_failure_of_ours(world):
    shows(world, service(replace(OWN, state="IN_PROGRESS")), service(OTHER))

    def images(_task_definition):
        world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], since="2026-01-02T03:04:05+00:00")
        return ("registry.test/side:1",)

    world.watcher.images = images
    assert world.up() == "noop"
    assert "somebody else changed stack App while its services were looked at" in world.talk.getvalue()
