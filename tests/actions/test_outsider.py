"""Somebody else acts between each two steps of `up`, over fakes: it does what was agreed to, or it refuses.

Each call of a port is a step. The tests on real parts are in proof/test_outsider.py.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from run_worlds import World
from sampled import some

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_all_inputs
from rajee_deploy.model import Digest
from rajee_deploy.plan.state import ImageContent, StackContent
from rajee_deploy.rollout import Deployment, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from rajee_deploy.actions.run import CurrentRun

OWN = Deployment("ecs-svc/2", "PRIMARY", "task/app:2", 1, 0, 1, state="COMPLETED")
OTHER = replace(OWN, id="ecs-svc/1", task_definition="task/other:1")
FOREIGN = Digest("sha256", "f" * 64)
PORTS = ("registry", "reader", "deployer", "engine", "watcher", "updater", "services")
MOST = 200  # steps of a run; there are far fewer
MOMENTS = some("moments at which somebody else acts", range(1, MOST), 5)
LAST_STEPS = 9  # between the last look at an image and its deployment: shields are moved, the watch begins


class Steps:
    """Counts the calls of all ports; somebody acts just before one of them."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.at, self.act, self.seen, self.deployed_at = at, act, 0, 0

    def pass_one(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            self.act()

    def around(self, port: Any) -> Any:
        steps = self

        class Around:
            def __getattr__(self, name: str) -> Any:
                found = getattr(port, name)
                if not callable(found):
                    return found

                def call(*arguments: Any, **named: Any) -> Any:
                    steps.pass_one()
                    if name == "deploy":
                        steps.deployed_at = steps.seen
                    return found(*arguments, **named)

                return call

        return Around()

    def context(self, run: CurrentRun) -> CurrentRun:
        wrapped = {name: self.around(getattr(run.ports, name)) for name in PORTS}
        return replace(run, ports=replace(run.ports, **wrapped))


def deploys(world: World) -> None:
    """A newer commit of theirs."""
    state = world.stacks.stacks["App"]
    given = {**state.parameters, "ImageTag": "c-theirs", "RajeeRevision": "7" * 40}
    world.stacks.stacks["App"] = replace(state, parameters=given)


def edits_the_template(world: World) -> None:
    state = world.stacks.stacks["App"]
    world.stacks.stacks["App"] = replace(state, content=StackContent("theirs"), since="2026-01-02T03:04:05+00:00")


def begins_an_operation(world: World) -> None:
    world.stacks.script = ["UPDATE_IN_PROGRESS"]


def pushes_another_image(world: World) -> None:
    """Under every tag of ours."""
    world.registry.contents[FOREIGN] = ImageContent("linux/amd64", "")
    for tag in list(world.registry.repositories["team/app"]):
        if tag.startswith("c-"):
            world.registry.repositories["team/app"][tag] = FOREIGN


def removes_images(world: World) -> None:
    tags = world.registry.repositories["team/app"]
    for tag in [tag for tag in tags if tag.startswith("c-")]:
        del tags[tag]


def runs_something_else(world: World) -> None:
    world.watcher.held["arn"] = [Service("api", (OTHER,))]


def broadens_permissions(world: World) -> None:
    """In the app; no hash sees it."""
    world.stacks.app["App"] = "broad"
    world.stacks.broader["App"] = "everything"


def checks_out_another_commit(world: World) -> None:
    world.revision = "2" * 40
    (world.root / "app").write_text("of the other commit")


OUTSIDERS = (
    deploys,
    edits_the_template,
    begins_an_operation,
    pushes_another_image,
    removes_images,
    runs_something_else,
    broadens_permissions,
    checks_out_another_commit,
)


class Watched(World):
    """Notes which commit makes which tag, and which image of ours a tag named when it was deployed."""

    def __init__(self, root: Any) -> None:
        super().__init__(root)
        self.tags: dict[str, str] = {}
        self.ran: list[Digest | None] = []
        deploy = self.stacks.deploy

        def deploys(step: Any, *arguments: Any) -> None:
            tag = dict(step.parameters).get("ImageTag", "")
            self.ran.append(self.registry.repositories.get("team/app", {}).get(tag))
            deploy(step, *arguments)

        self.stacks.deploy = deploys


def world_that_runs(root: Any) -> Watched:
    world = Watched(root)
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text().replace("[cdk]", '[cdk]\napproval = "broadening"'))
    world.hold(Service("api", (OWN,)), "task/app:2", 1)
    world.watcher.task_definitions = {"task/app:2": ("side:1",), "task/other:1": ("nginx:1",)}
    world.up()
    (world.root / "app").write_text("of this commit")
    world.revision = "3" * 40
    return world


@pytest.fixture
def new_world(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("rajee_deploy.actions.wait.POLL_SECONDS", 0.0)

    def new(number: int) -> Watched:
        # A machine of its own, too: nothing of another run is remembered.
        monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / f"cache{number}"))
        root = tmp_path / f"project{number}"
        root.mkdir()
        return world_that_runs(root)

    return new


def check_what_was_deployed(world: Watched) -> None:
    """Whatever came of the run: what the stack records is of one commit, and nobody agreed to broad permissions."""
    state = world.stacks.stacks["App"]
    assert "broad" not in str(state.content)
    commits = {step.stack: dict(step.parameters) for step in world.stacks.deployed if step.stack == "App"}
    for given in commits.values():
        assert given["ImageTag"] in (world.tags[given.get("RajeeRevision", "3" * 40)], "c-theirs")


def tag_of(world: World) -> str:
    return read_all_inputs(world.context().images)["app"].fingerprint.tag


@pytest.mark.parametrize("outsider", OUTSIDERS, ids=lambda each: each.__name__)
def test_whoever_acts_between_two_steps(new_world, outsider):
    for at in MOMENTS:
        world = new_world(at)
        world.tags = {world.revision: tag_of(world)}
        world.stacks.deployed.clear()
        steps = Steps(at, lambda world=world: outsider(world))
        with suppress(DeployError):
            recorded_run(steps.context(world.context()), 5)
        if steps.seen < at:
            break
        world.tags[world.revision] = tag_of(world)
        check_what_was_deployed(world)
        if outsider is pushes_another_image and steps.deployed_at and FOREIGN in world.ran:
            assert steps.deployed_at - at < LAST_STEPS, "it was there long enough to be seen"
        if outsider is runs_something_else and world.watcher.held["arn"][0].primary == OTHER:
            told = [caution.code for caution in plan_run(world.context()).plan.cautions]
            assert "service-drift" in told
        converge(world)
    else:
        raise AssertionError("the run has no end")
    assert at > 10, "somebody acted before, between and after"


def converge(world: World) -> None:
    """When they have gone, and what they broke by hand is mended, the next runs do what this checkout says."""
    world.stacks.app["App"], world.stacks.broader = "one", {}
    world.watcher.held["arn"] = [Service("api", (OWN,))]
    if FOREIGN in world.registry.repositories["team/app"].values():
        removes_images(world)
    world.up()
    assert plan_run(world.context()).plan.is_empty
    state = world.stacks.stacks["App"]
    assert state.parameters["ImageTag"] == tag_of(world)
    assert state.content == StackContent("one")
