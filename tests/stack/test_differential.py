"""Our decision against a full `cdk deploy`'s, for a corpus of changes to a real CDK app, with the real CLI.

What cdk would do is found out by what it does itself before it skips a deployment: it synthesises, and compares the
template (in order) and what lies around it with what CloudFormation gives back. No change may be missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3
import given
import pytest
from sampled import some
from sandboxes import start

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.cli.wiring import make_context
from rajee_deploy.model.names import TEMPLATE_PARAMETER
from rajee_deploy.plan.carried import without_carried
from rajee_deploy.plan.steps import DeployStack
from rajee_deploy.plan.template_differences import is_recorded
from rajee_deploy.sandbox import control
from rajee_deploy.synth.cdk_cli import CDK_ENVIRONMENT
from rajee_deploy.synth.tracing import kernel

pytestmark = pytest.mark.cdk

TOP = Path(__file__).parents[2]
APP = """
import json, os, sys
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "site-packages"))
import aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets, aws_sqs as sqs, cloudformation_include as include
from rajee_deploy.cdk import DeployState
from shapes import SECONDS

app = cdk.App()
stack = cdk.Stack(app, "App", tags={"team": "a"})
DeployState(stack)
asset = assets.Asset(stack, "Asset", path="../asset")
cdk.CfnOutput(stack, "AssetHash", value=asset.asset_hash)
include.CfnInclude(stack, "Included", template_file="../included.json")
with open("../shared.json", encoding="utf-8") as file:
    shared = json.load(file)
names = ",".join(sorted(os.listdir("../names")))
size = os.environ.get("SIZE", "small")
queue = sqs.Queue(stack, "Queue", visibility_timeout=cdk.Duration.seconds(SECONDS))
for key, value in (("shared", shared), ("names", names), ("size", size), ("context", app.node.try_get_context("c"))):
    cdk.CfnOutput(stack, f"Out{key}", value=str(value))
app.synth()
"""
SETTINGS = """
[cdk]
app = "cdk"
stacks = ["App"]
context = { c = "1" }
"""


@dataclass
class World:
    """The project, deployed into a sandbox."""

    root: Path

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def context(self, check: str | None = None):
        return make_context((None, None, self.root / "rajee-deploy.toml"), None, None, infra_check=check)

    def up(self) -> None:
        recorded_run(self.context(), 60)

    def decide(self, check: str | None = None) -> tuple[bool, str]:
        """Whether we would deploy, and the tier that this stands on."""
        run = self.context(check)
        try:
            plan = plan_run(run).plan
        finally:
            run.close()
        return any(isinstance(step, DeployStack) for step in plan.steps), plan.tier.value

    def would_cdk(self) -> bool:
        """Whether `cdk deploy` would not skip."""
        out = self.root / "truth"
        context = (self.root / "rajee-deploy.toml").read_text().split('c = "')[1].split('"')[0]
        cli = str(TOP / "infra" / "node_modules" / ".bin" / "cdk")
        subprocess.run(
            [cli, "synth", "--quiet", "--no-notices", "--output", str(out), "-c", f"c={context}"],
            check=True,
            cwd=self.root / "cdk",
            env={**os.environ, **CDK_ENVIRONMENT},
            capture_output=True,
        )
        made = json.loads((out / "App.template.json").read_text())
        properties = json.loads((out / "manifest.json").read_text())["artifacts"]["App"]["properties"]
        found = self.cloudformation.describe_stacks(StackName="App")["Stacks"][0]
        told = self.cloudformation.get_template(StackName="App", TemplateStage="Original")["TemplateBody"]
        deployed = without_carried(told)  # CloudFormation updates nothing for Metadata alone
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        return (
            json.dumps(made) != json.dumps(deployed)
            or tags != {"team": "a"}
            or bool(found["EnableTerminationProtection"]) != bool(properties.get("terminationProtection"))
        )

    @property
    def cloudformation(self):
        return boto3.client("cloudformation", region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    def edit_in_the_console(self, **options) -> None:
        """Update the stack behind everybody's back."""
        found = self.cloudformation.describe_stacks(StackName="App")["Stacks"][0]
        kept = [{"ParameterKey": p["ParameterKey"], "UsePreviousValue": True} for p in found["Parameters"]]
        self.cloudformation.update_stack(
            StackName="App", **{"UsePreviousTemplate": True, "Parameters": kept, **options}
        )

    def edit_the_template(self) -> None:
        template = self.cloudformation.get_template(StackName="App")["TemplateBody"]
        template["Outputs"]["More"] = {"Value": "1"}
        self.edit_in_the_console(UsePreviousTemplate=False, TemplateBody=json.dumps(template))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("differential")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "RAJEE_DEPLOY_"))]:
            patch.delenv(name)
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(root / "state"))
        patch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(root / "cache"))
        patch.delenv("SIZE", raising=False)
        start()
        try:
            for name, value in control.environment().items():
                patch.setenv(name, value)
            found = World(root / "project")
            _make_project(found)
            given.bootstrap(control.environment())
            found.up()
            yield found
        finally:
            control.stop()


def _make_project(world: World) -> None:
    (world.root / ".git").mkdir(parents=True)
    (world.root / "node_modules").symlink_to(TOP / "infra" / "node_modules")
    world.write("rajee-deploy.toml", SETTINGS)
    world.write("cdk/app.py", APP)
    world.write("cdk/cdk.json", json.dumps({"app": f"{sys.executable} app.py", "versionReporting": False}))
    world.write("asset/file.txt", "1")
    world.write("shared.json", '"ü"')
    world.write("included.json", json.dumps({"Parameters": {"Included": {"Type": "String", "Default": "1"}}}))
    world.write("names/one", "")
    world.write("lib/site-packages/shapes/__init__.py", "SECONDS = 30\n")
    world.write("lib/site-packages/shapes-1.0.dist-info/RECORD", "shapes/__init__.py,,\n")


def _upgrade(world: World) -> None:
    site = world.root / "lib" / "site-packages"
    (site / "shapes-1.0.dist-info").rename(site / "shapes-1.1.dist-info")
    (site / "shapes" / "__init__.py").write_text("SECONDS = 31\n")


def _downgrade(world: World) -> None:
    site = world.root / "lib" / "site-packages"
    (site / "shapes-1.1.dist-info").rename(site / "shapes-1.0.dist-info")
    (site / "shapes" / "__init__.py").write_text("SECONDS = 30\n")


# What is changed, and how it is taken back; whether that deploys; the dearest tier that the decision may stand on.
EDITS = {
    "nothing": (lambda _w: None, lambda _w: None, False, "hash"),
    "time": (lambda w: (w.root / "cdk/app.py").touch(), lambda _w: None, False, "hash"),
    "file that nothing reads": (
        lambda w: w.write("README.md", "2"),
        lambda w: (w.root / "README.md").unlink(),
        False,
        "hash",
    ),
    "comment": (
        lambda w: w.write("cdk/app.py", "# comment\n" + APP),
        lambda w: w.write("cdk/app.py", APP),
        False,
        "synth",
    ),
    "code": (
        lambda w: w.replace("cdk/app.py", "seconds(SECONDS)", "seconds(1)"),
        lambda w: w.write("cdk/app.py", APP),
        True,
        "synth",
    ),
    "context": (
        lambda w: w.replace("rajee-deploy.toml", 'c = "1"', 'c = "2"'),
        lambda w: w.write("rajee-deploy.toml", SETTINGS),
        True,
        "synth",
    ),
    "variable": (lambda _w: os.environ.update(SIZE="large"), lambda _w: os.environ.pop("SIZE"), True, "synth"),
    "file elsewhere": (lambda w: w.write("shared.json", "2"), lambda w: w.write("shared.json", '"ü"'), True, "synth"),
    "character that CloudFormation does not give back": (
        lambda w: w.write("shared.json", '"ä"'),
        lambda w: w.write("shared.json", '"ü"'),
        True,
        "synth",
    ),
    "template that jsii reads": (
        lambda w: w.replace("included.json", '"1"', '"2"'),
        lambda w: w.replace("included.json", '"2"', '"1"'),
        True,
        "synth",
    ),
    "name in a directory": (
        lambda w: w.write("names/two", ""),
        lambda w: (w.root / "names/two").unlink(),
        True,
        "synth",
    ),
    "asset": (lambda w: w.write("asset/file.txt", "2"), lambda w: w.write("asset/file.txt", "1"), True, "synth"),
    "library": (_upgrade, _downgrade, True, "synth"),
}

CONSOLE = {
    "template": lambda w: w.edit_the_template(),
    "tags": lambda w: w.edit_in_the_console(Tags=[{"Key": "team", "Value": "b"}]),
    "protection": lambda w: w.cloudformation.update_termination_protection(
        StackName="App", EnableTerminationProtection=True
    ),
}


def test_what_is_recorded_is_what_is_read_back(world):
    state = world.context().ports.reader.observe("App")
    assert is_recorded(state.parameters[TEMPLATE_PARAMETER], state.content)
    assert "+" in state.parameters[TEMPLATE_PARAMETER], "the template holds what CloudFormation would not give back"
    assert world.decide("synth") == (False, "synth")
    assert not world.would_cdk()


# Each of the dear ones takes three synths.
CHEAP = [name for name, (_, _, _, dearest) in EDITS.items() if dearest == "hash"]
DEAR = [name for name in EDITS if name not in CHEAP]


@pytest.mark.parametrize("name", [*CHEAP, *some("edits of a CDK app", DEAR, 10)])
def test_no_edit_is_missed_and_none_deploys_needlessly(world, name):
    change, undo, deploys, dearest = EDITS[name]
    change(world)
    try:
        ours, tier = world.decide()
        assert (ours, tier) == (deploys, dearest)
        if dearest == "synth":
            assert ours == world.would_cdk()
            assert world.decide("hash") == (deploys, "hash"), "the hash alone sees it, or remembers what it makes"
    finally:
        undo(world)
    assert world.decide() == (False, "hash")


@pytest.mark.parametrize("name", some("edits in the console", CONSOLE, 2))
def test_no_edit_in_the_console_is_missed(world, name):
    CONSOLE[name](world)
    assert world.would_cdk()
    assert world.decide("hash")[0]
    world.up()
    assert world.decide() == (False, "hash")


@pytest.mark.proof
def test_why_the_kernel_left_no_record_is_told(world, monkeypatch, tmp_path, capsys):
    world.decide("synth")
    assert "hooks in Python and node alone" not in capsys.readouterr().err
    (tmp_path / "strace").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "strace").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    kernel._try_strace.cache_clear()
    try:
        world.decide("synth")
    finally:
        kernel._try_strace.cache_clear()
    assert "install strace" in capsys.readouterr().err


PROOF = """
import os, sys
seen = []
def hook(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"):
        seen.append(f"{event} {arguments}")
    if event == "exec":
        name = arguments[0].co_filename
        if not name.startswith("<") and os.path.realpath(name).startswith(os.environ["PROJECT"]):
            seen.append(f"{event} {name}")
sys.addaudithook(hook)
from rajee_deploy.cli.ending import _run
sys.argv = ["rajee-deploy", "plan", "--infra-check=hash", "--json"]
try:
    sys.exit(_run())
finally:
    print("seen", seen, file=sys.stderr)
"""


@pytest.mark.parametrize("edit", ["# nothing bad", "import os; os.system('touch ran')"])
def test_a_plan_in_the_hash_tier_runs_nothing_of_the_project_and_starts_no_program(world, edit):
    world.write("cdk/app.py", f"{edit}\n{APP}")
    try:
        ended = subprocess.run(
            [sys.executable, "-c", PROOF],
            cwd=world.root,
            env={**os.environ, "PROJECT": os.path.realpath(world.root)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        world.write("cdk/app.py", APP)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["infrastructure"]["tier"] == "hash"
    assert "seen []" in ended.stderr
    assert not (world.root / "cdk" / "ran").exists()
