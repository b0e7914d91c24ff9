"""The world of a run whose stacks have ids beside their names, and what is deployed of it."""

from __future__ import annotations

from run_worlds import World

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, StackPresent
from rajee_deploy.plan.steps import DeployStack

FOREIGN = StackPresent("UPDATE_COMPLETE", {"ImageTag": "x", "RajeeInfraHash": "y"}, {}, content=StackContent("foreign"))


def make_world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    found = World(root)
    found.stacks.app = {"Registry": "one", "dev-app": "one"}
    found.stacks.places = {"dev-app": StackPlace("Dev/App", "dev-app"), "Registry": StackPlace("Reg", "Registry")}
    return found


def call(world, stacks, image="Dev/App"):
    path = world.root / "rajee-deploy.toml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("stack = ", "stacks = "))]
    lines.insert(lines.index("[images.app]") + 1, f'stack = "{image}"')
    lines.insert(lines.index("[cdk]") + 1, f"stacks = {stacks}")
    path.write_text("\n".join(lines))


def decide(world, **flags):
    """The stacks that are deployed, and how many synths that took."""
    before = world.stacks.synths
    plan = plan_run(world.context(**flags)).plan
    return [step.stack for step in plan.steps if isinstance(step, DeployStack)], world.stacks.synths - before
