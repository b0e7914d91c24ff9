"""Stories of a Lambda function made of an image, over fakes: it is confirmed, told and put back as a service is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from fakes import function_with
from run_worlds import World, refused
from status_screens import lines

from rajee_deploy.actions.json_documents import of_plan
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.status.look import look
from rajee_deploy.actions.status.rows import document
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.rollout.declared import DeclaredFunction, DeclaredServices
from rajee_deploy.text.short import short

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"
OTHER = "sha256:" + "e" * 64


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    """A stack that was deployed, and whose function has the image that it says, as each deployment gives it."""
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    found = World(root)
    found.stacks.declares = {"App": DeclaredServices(functions=(DeclaredFunction("F", ""),))}
    deploy = found.stacks.deploy

    def deploys(step, *more):
        deploy(step, *more)
        if step.stack == "App":
            gives(found, dict(step.parameters)["ImageTag"])

    found.stacks.deploy = deploys
    assert found.up() == "first"
    assert found.up() == "noop"
    found.done()
    return found


def gives(world, tag, digest=None):
    """CloudFormation gives the function this tag, and Lambda finds what the registry has under it."""
    address = f"{HOST}:{tag}"
    world.services.functions["f"] = address
    shows(world, function_with("f", address, digest or str(world.registry.repositories["team/app"][tag])))


def shows(world, *states):
    world.watcher.functions["f"] = list(states)


def own(world, **changes):
    """The function as it is, with another state of its update."""
    (found,) = world.watcher.functions["f"]
    return replace(found, deployments=(replace(found.deployments[0], **changes),))


def edit(world):
    (world.root / "app").write_text("two")


def test_a_new_image_is_confirmed(world):
    edit(world)
    assert world.up() == "code"
    assert world.up() == "noop"


def test_an_image_of_another_digest_is_no_success(world):
    edit(world)
    deploy = world.stacks.deploy

    def deploys(step, *more):
        deploy(step, *more)
        gives(world, dict(step.parameters)["ImageTag"], OTHER)

    world.stacks.deploy = deploys
    error = refused(world, "rollout-not-confirmed")
    assert f"the function f has {OTHER} as {HOST}:c-" in error.problem
    assert "look at the function in Lambda" in error.hint


def test_a_function_that_keeps_its_image_may_have_it_under_a_digest_of_before(world):
    """The registry lost the image, and it was built again: the function was given its tag before that."""
    (found,) = world.watcher.functions["f"]
    resolved = f"{HOST}@{OTHER}"
    shows(world, replace(found, image=replace(found.image, resolved=resolved)))
    world.infra, world.stacks.app = "2", {"Registry": "one", "App": "two"}
    deploy = world.stacks.deploy

    def deploys(step, *more):
        deploy(step, *more)
        again = (replace(found.deployments[0], id="its memory was changed"),)
        shows(world, replace(found, image=replace(found.image, resolved=resolved), deployments=again))

    world.stacks.deploy = deploys
    assert world.up() == "infra"


def test_what_lambda_could_not_update_says_what_helps(world):
    state = own(world, state="FAILED", reason="Lambda may not", code="ImageAccessDenied")
    shows(world, state)
    for _ in range(2):
        error = refused(world, "rollout-not-confirmed")
        assert "Lambda could not update f (ImageAccessDenied): Lambda may not; the repository's policy" in error.problem
        assert "--repair-drift" in error.hint


@pytest.mark.slow
def test_an_update_that_goes_on_is_waited_for(world):
    found = own(world)
    shows(world, own(world, state="IN_PROGRESS"), own(world, state="IN_PROGRESS"), found)
    assert world.up() == "confirm"
    assert world.up() == "noop"


def test_a_state_that_nobody_knows_is_never_waited_for(world):
    shows(world, own(world, state="Deactivated"))
    assert "f is Deactivated, which this version does not know" in refused(world, "rollout-not-confirmed").problem


def test_another_image_is_told_everywhere_and_left(world):
    says = world.services.functions["f"]
    shows(world, function_with("f", f"{HOST}:v1", OTHER))
    words = f"the function f runs app:v1, and its stack says {says.rpartition('/')[2]} (app:v1 is {HOST}@{OTHER})"
    assert world.up() == "noop"
    assert short(words) in " ".join(world.talk.getvalue().split())
    found = look(world.context())
    assert any(f"Lambda runs app:v1; {short(words)}" in line for line in lines(found, 400))
    (shown,) = document(found)["stacks"]["App"]["services"]
    assert (shown["kind"], shown["controller"], shown["images"]) == ("function", "LAMBDA", [f"{HOST}:v1"])
    (drift,) = of_plan(plan_run(world.context()), 0)["drift"]
    assert drift["runs"] == {"task_definition": f"{HOST}:v1", "images": [f"{HOST}@{OTHER}"]}
    assert drift["stack_says"] == {"task_definition": says, "images": []}


def test_another_image_is_put_back_where_somebody_asks_for_it(world):
    says = world.services.functions["f"]
    shows(world, function_with("f", f"{HOST}:v1", OTHER))
    planned_run, record = recorded_run(replace(world.context(), repair_drift=True), 5)
    assert [type(step).__name__ for step in planned_run.plan.steps] == ["RepairService", "ConfirmRollout"]
    assert (record.kind, record.outcome) == ("repair", "done")
    assert world.watcher.functions["f"][0].image.address == says
    assert "✓ repair  f" in world.talk.getvalue()
    assert world.up() == "noop"


def test_another_image_is_put_back_by_a_setting(world):
    path = world.root / "rajee-deploy.toml"
    path.write_text('drift = "repair"\n' + path.read_text())
    shows(world, function_with("f", f"{HOST}:v1", OTHER, began=time.time()))
    assert world.up() == "noop"
    shows(world, function_with("f", f"{HOST}:v1", OTHER, began=time.time() - 3700))
    assert world.up() == "repair"


def test_a_role_that_may_not_look_is_told_once_and_has_its_no_op(world):
    world.watcher.denies_functions = True
    world.talk.truncate(0)
    assert world.up() == "noop"
    said = " ".join(world.talk.getvalue().split())
    assert said.count("not looked at: not authorized to perform: lambda") == 1
