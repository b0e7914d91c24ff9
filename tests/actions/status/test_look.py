"""What is told of what is deployed, over fakes: known, different, and unknown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fakes import FakeStacks
from run_worlds import LIST, UNREADABLE, World
from status_screens import lines

from rajee_deploy.actions.status.look import look
from rajee_deploy.actions.status.rows import document
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.parameters import Declared
from rajee_deploy.rollout import Deployment, Service


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    found = World(root)
    found.up()
    found.done()
    return found


def told(world, **flags):
    found = look(world.context(**flags))
    return document(found)["stacks"]["App"], "\n".join(lines(found))


def put(world, **changes):
    world.stacks.stacks["App"] = replace(world.stacks.stacks["App"], **changes)


def test_what_is_this_checkouts(world):
    put(world, since="2026-01-02T03:04:05+00:00")
    app, text = told(world)
    assert (app["images"]["app"]["matches"], app["infrastructure"]["matches"]) == (True, True)
    assert (app["revision"]["commit"], app["since"]) == ("1" * 40, "2026-01-02T03:04:05+00:00")
    assert "UPDATE_COMPLETE  2 Jan, 03:04, 1111111" in text
    assert world.done() == (0, [])


def test_what_is_another_checkouts(world):
    deployed = world.stacks.stacks["App"].parameters["ImageTag"]
    (world.root / "app").write_text("two")
    world.infra = "2"
    app, text = told(world)
    assert (app["images"]["app"]["matches"], app["infrastructure"]["matches"]) == (False, False)
    assert re.search(rf"~ app +{deployed[:14]} +this checkout: {app['images']['app']['here'][:14]}", text)


def test_another_machine_looks_by_the_list_that_the_stack_carries(world):
    world.synthesise_by(LIST)
    world.infra, world.stacks.app["App"] = "2", "two"
    world.up()
    world.move()
    assert told(world)[0]["infrastructure"]["matches"] is True
    assert [each for each in world.hashed if each] == [LIST, LIST], "Registry carries none: the registry has its list"
    world.infra = "3"
    assert told(world)[0]["infrastructure"]["matches"] is False
    world.infra = "2"
    put(world, carried=UNREADABLE)
    assert told(world)[0]["infrastructure"]["matches"] is False


def test_what_up_left_alone_is_not_called_another_checkouts(world):
    """An edit that changes one stack alone: the other keeps its former record, and the same `up` proved that this
    checkout makes it."""
    world.infra, world.stacks.app["App"] = "2", "two"
    assert world.up() == "infra"
    for machine in ("the one that deployed", "another, by what is shared"):
        found = look(world.context())
        registry, app = (each for each in found.stacks)
        assert (registry.infrastructure_matches, registry.is_proven) == (True, True), machine
        assert (app.infrastructure_matches, app.is_proven) == (True, False), machine
        assert "Registry" in "\n".join(lines(found))
        assert "differs" not in "\n".join(lines(found))
        world.move()


def test_what_moved_since_is_named_on_the_machine_that_knows(world):
    world.infra = "2"
    app, text = told(world)
    assert app["infrastructure"]["changed_inputs"] == [{"name": "version of infra", "change": "changed"}]
    assert "this checkout: differs (version of infra)" in text
    world.move()
    app, text = told(world)
    assert (app["infrastructure"]["changed_inputs"], app["infrastructure"]["matches"]) == (None, False)
    assert "not known on this machine: git diff --stat 111111111111" in text


def test_a_template_that_may_not_be_read_is_no_failure_of_status(world):
    class Refusing(FakeStacks):
        def observe(self, stack):
            raise DeployError("access-denied", f"cloudformation:GetTemplate {stack}")

        def describe(self, stack):
            return world.stacks.describe(stack)

    world.infra = "2"
    run = world.context()
    run.ports = replace(run.ports, reader=Refusing())
    assert document(look(run))["stacks"]["App"]["infrastructure"]["matches"] is False


def test_a_digest_is_this_checkouts_where_the_registry_says_so(world):
    parameters = world.stacks.stacks["App"].parameters
    digest = world.registry.repositories["team/app"][parameters["ImageTag"]]
    put(world, parameters={**parameters, "ImageTag": str(digest)})
    assert told(world)[0]["images"]["app"]["matches"] is True
    put(world, parameters={**parameters, "ImageTag": "sha256:" + "0" * 64})
    assert told(world)[0]["images"]["app"]["matches"] is False


def test_what_was_not_committed_and_what_is_not_recorded(world):
    parameters = dict(world.stacks.stacks["App"].parameters)
    put(world, parameters={**parameters, "RajeeRevision": "2" * 40 + "-dirty"})
    assert told(world)[0]["revision"] == {"commit": "2" * 40, "dirty": True, "subject": None}
    put(world, parameters={"ImageTag": "-"})
    app, text = told(world)
    assert (app["revision"], app["images"]["app"]["matches"], app["infrastructure"]["matches"]) == (None, None, True)
    assert "this checkout: same, though the stack records no inputs" in text  # as a plan without a synth says
    assert "no revision is recorded" in text


def test_files_that_cannot_be_hashed_are_a_doubt(world):
    (world.root / "Dockerfile").unlink()
    app, _ = told(world)
    assert (app["images"]["app"]["matches"], app["images"]["app"]["here"]) == (None, None)
    assert "Dockerfile" in app["images"]["app"]["doubt"]


def test_what_ecs_runs_and_that_it_does_not_say(world):
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 2, 1, 1, state="IN_PROGRESS")
    world.hold(Service("api", (primary,)))
    world.watcher.task_definitions = {"task:1": ("registry.test/team/app:c-1",)}
    assert "1 of 2 tasks; app:c-1; not stable; the rollout of api is not over" in told(world)[1]
    world.watcher.is_silent = True
    app, text = told(world)
    assert app["services"] == []
    assert "what ECS runs is not known" in text


@pytest.mark.parametrize(
    ("status", "word"), [("UPDATE_IN_PROGRESS", "under way"), ("UPDATE_ROLLBACK_COMPLETE", "operation failed")]
)
def test_a_stack_that_is_not_settled_is_a_doubt(world, status, word):
    put(world, status=status, reason="it says why")
    app, text = told(world)
    assert word in app["doubts"][0]
    assert f"{status}  1111111" in text.replace("UTC", "")
    assert "! it says why" in text


def test_a_stack_that_is_not_there(world):
    del world.stacks.stacks["App"]
    app, text = told(world)
    assert app == {"present": False, "doubts": []}
    assert re.search("App +not deployed", text)
    world.infra = "2"
    assert told(world)[0]["doubts"] == ["not deployed yet: the app has it, as of the last synth here"]
    world.move()
    assert "or misspelt in the settings: no synth is known" in told(world)[0]["doubts"][0]


def test_a_name_that_no_stack_of_the_app_has(world):
    """Who misspelt it sees which there are."""
    run = world.context()
    run.settings = replace(run.settings, cdk=replace(run.settings.cdk, stacks=(*run.settings.cdk.stacks, "Appp")))
    *_, misspelt = look(run).stacks
    assert (misspelt.stack, misspelt.status) == ("Appp", "")
    (doubt,) = misspelt.doubts
    assert "misspelt" in doubt
    assert doubt.endswith("the app has App, Registry")


def test_another_account_is_refused(world):
    with pytest.raises(DeployError) as caught:
        told(world, environment="other")
    assert caught.value.code == "wrong-account"


ZONES, TEXT, SECRET = Declared("CommaDelimitedList"), Declared(), Declared(is_secret=True)
PARAMETERS = {
    "plain": ('"a"', TEXT, "a", "a", True),
    "another": ('"b"', TEXT, "a", "a", False),
    "asterisks": ('"****"', TEXT, "****", "****", True),
    "asterisks, another": ('"b"', TEXT, "****", "****", False),
    "a text with a comma": ('"a,b"', TEXT, "a, b", "a, b", False),
    "a list": ('"a,b"', ZONES, "a, b", "a, b", True),
    "without its declaration": ('"a"', None, "a", "a", True),
    "a variable's": ('{ env = "CANARY" }', TEXT, "canary", None, True),
    "a variable's, another": ('{ env = "CANARY" }', TEXT, "canary-of-yesterday", None, False),
    "a variable's, which is not set": ('{ env = "UNSET" }', TEXT, "canary", None, None),
    "a variable's, asterisks": ('{ env = "CANARY" }', TEXT, "****", None, False),
    "a secret": ('{ env = "CANARY" }', SECRET, "****", None, None),
    "a secret, without its declaration": ('{ env = "CANARY" }', None, "****", None, None),
    "a secret in the open": ('"open"', SECRET, "****", None, None),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_an_own_parameter_is_shown_and_judged_as_in_a_plan(world, monkeypatch, name):
    given, slot, deployed, shown, matches = PARAMETERS[name]
    monkeypatch.setenv("CANARY", "canary")
    path = world.root / "rajee-deploy.toml"
    path.write_text(f"{path.read_text()}\n[cdk.parameters.App]\nSize = {given}\n")
    recorded = world.stacks.stacks["App"].parameters
    put(world, parameters={**recorded, "Size": deployed}, declared={"Size": slot} if slot else {})
    app, text = told(world)
    one = app["parameters"]["Size"]
    assert (one["deployed"], one["matches"]) == (shown, matches)
    assert "canary" not in text + str(app)
    assert "whether  has" not in text
