"""The list that travels, with the real CDK CLI: what CloudFormation has is what was written, each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import boto3
import given
import pytest
from sandboxes import start

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.cli.wiring import make_context
from rajee_deploy.fingerprint import Input, of_infrastructure
from rajee_deploy.model.names import INFRA_PARAMETER
from rajee_deploy.plan.carried import KEY, SCHEMA, carried_of, encode, with_carried
from rajee_deploy.plan.steps import DeployStack, StackChange
from rajee_deploy.sandbox import control
from rajee_deploy.synth.carried import carry
from rajee_deploy.synth.cdk_cli import CDK_ENVIRONMENT
from rajee_deploy.system.places import cache_directory

# What else decides on a machine that knows nothing: e2e/test_main_job, test_bare; what travels: synth/test_carried.
pytestmark = [pytest.mark.cdk, pytest.mark.proof]

TOP = Path(__file__).parents[2]
APP = """
import aws_cdk as cdk
from rajee_deploy.cdk import DeployState

app = cdk.App()
for name in ("App", "Large"):
    stack = cdk.Stack(app, name)
    DeployState(stack)
    cdk.CfnResource(stack, f"{name}One", type="AWS::SQS::Queue")
    if name == "Large":
        stack.add_metadata("Filling", "x" * 60_000)
app.synth()
"""
SETTINGS = '[cdk]\napp = "cdk"\nstacks = ["App", "Large"]\n'
LISTS = [
    {"schema": SCHEMA, "entries": [["file", name]], "variables": [], "toolchain": {}, "obstacles": []}
    for name in ("app.py", "größe.json", "third")
]


class World:
    """The project in a sandbox. `own` is the list of this machine, `leaves` what a synth leaves."""

    def __init__(self, root):
        self.root = root
        self.own = None
        self.leaves = LISTS[0]
        self.synths = 0

    def context(self):
        run = make_context((None, None, self.root / "rajee-deploy.toml"), None, None)
        deployer = Synthesising(run.ports.deployer, self)
        run.ports = replace(
            run.ports, infrastructure=self.infrastructure, publishable=lambda: self.own, deployer=deployer
        )
        return run

    def infrastructure(self, carried):
        templates = (self.root / "cdk" / given.NAME).glob("*.template.json")
        return of_infrastructure(
            (),
            {},
            {},
            {path.name: path.read_text() for path in templates},
            [Input(f"traced:{path}", kind) for kind, path in (carried or self.own or EMPTY)["entries"]],
        )

    def move(self):
        self.own = None
        shutil.rmtree(cache_directory(), ignore_errors=True)

    def up(self):
        recorded_run(self.context(), 60)

    def decide(self):
        """The stacks that a plan deploys, its tier, and how many synths it took."""
        run, before = self.context(), self.synths
        try:
            plan = plan_run(run).plan
        finally:
            run.close()
        return (
            [step.stack for step in plan.steps if isinstance(step, DeployStack)],
            plan.tier.value,
            self.synths - before,
        )

    @property
    def cloudformation(self):
        return boto3.client("cloudformation", region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    def template(self, stack):
        return self.cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]

    def cdk(self, *arguments):
        cli = str(TOP / "infra" / "node_modules" / ".bin" / "cdk")
        subprocess.run(
            [cli, *arguments, "--no-notices"],
            check=True,
            cwd=self.root / "cdk",
            env={**os.environ, **CDK_ENVIRONMENT},
            capture_output=True,
        )


class Synthesising:
    """The CLI, and what a synth leaves."""

    def __init__(self, cdk, world):
        self._cdk = cdk
        self._world = world

    def __getattr__(self, name):
        return getattr(self._cdk, name)

    def synth(self, *arguments):
        found = self._cdk.synth(*arguments)
        self._world.own = self._world.leaves
        self._world.synths += 1
        return found


EMPTY = {**LISTS[0], "entries": []}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("carried")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "RAJEE_DEPLOY_"))]:
            patch.delenv(name)
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(root / "state"))
        patch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(root / "cache"))
        start()
        try:
            for name, value in control.environment().items():
                patch.setenv(name, value)
            found = World(root / "project")
            (found.root / "cdk").mkdir(parents=True)
            (found.root / "node_modules").symlink_to(TOP / "infra" / "node_modules")
            (found.root / "rajee-deploy.toml").write_text(SETTINGS)
            (root / "app.py").write_text(APP)
            (root / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py", "versionReporting": False}))
            given.synthesise(root, root / "made")
            given.write_app(found.root / "cdk", root / "made")
            given.bootstrap(control.environment())
            found.up()
            yield found
        finally:
            control.stop()


def test_a_machine_that_knows_nothing_decides_by_what_was_deployed(world):
    for stack in ("App", "Large"):
        assert carried_of(world.template(stack)) == LISTS[0]
    assert world.decide() == ([], "hash", 0)
    world.move()
    assert world.decide() == ([], "hash", 0)


@pytest.mark.parametrize("stack", ["App", "Large"])
def test_each_deployment_of_one_template_has_its_own_list(world, stack, tmp_path):
    run = world.context()
    assembly = tmp_path / "cdk.out"
    run.ports.deployer.synth(assembly, lambda _line: None, {})

    def deploy(number):
        step = DeployStack(stack, ((INFRA_PARAMETER, f"sha256:{number}"),), "", (StackChange.INFRASTRUCTURE,))
        run.ports.deployer.deploy(step, assembly, lambda _line: None)
        return carried_of(world.template(stack))

    for number, document in enumerate(LISTS):
        assert carry(assembly, document, [stack]) == (stack,)
        assert deploy(number) == document
    assert carry(assembly, LISTS[0], [stack]) == (stack,)
    assert run.ports.deployer.security_changes(stack, assembly) == "", "it allows nothing"
    assert carry(assembly, LISTS[-1], [stack]) == (stack,)
    path = assembly / f"{stack}.template.json"
    path.write_text(json.dumps(with_carried(json.loads(path.read_text()), encode(LISTS[0]))))
    assert deploy("stale") == LISTS[-1], "under its old name the template of before is deployed"
    world.up()


def test_a_raw_deployment_loses_the_list_at_most(world):
    given.edit(world.root / "cdk", "One", "Two")
    world.up()
    raw = ("deploy", "App", "--require-approval=never", "--method=direct", "--exclusively")
    world.cdk(*raw)
    assert carried_of(world.template("App")) == LISTS[0], "CloudFormation updates no Metadata alone"
    world.move()
    assert world.decide() == ([], "hash", 0)
    given.edit(world.root / "cdk", "AppTwo", "MyTwo")
    world.cdk(*raw)
    assert KEY not in world.template("App").get("Metadata", {})
    assert world.decide() == ([], "synth", 1)
    assert world.decide() == ([], "hash", 0)
