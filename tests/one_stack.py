"""One stack that runs an image, and the fakes around it: where the stories of one deployment take place."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace

from fakes import FakeEngine, FakeRegistry, FakeServices, FakeStacks, FakeWatcher

from rajee_deploy.actions import deploy as story
from rajee_deploy.actions.approve import approve
from rajee_deploy.actions.deploy import Job
from rajee_deploy.actions.run import CurrentRun, Ports
from rajee_deploy.aws import Identity
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint, of_infrastructure
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import INFRA_PARAMETER
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.state import StackPresent, WantedImage
from rajee_deploy.plan.steps import DeployStack, MoveTag, StackChange
from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.declared import DeclaredService, DeclaredServices
from rajee_deploy.settings import load
from rajee_deploy.stack.deployment_record import StackRecord

SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["App"]
approval = "broadening"
"""
OLD, NEW, OTHER = (Digest("sha256", letter * 64) for letter in "123")
REPOSITORY = Repository("team/app")
RECORDED = {"ImageTag": "c-old", INFRA_PARAMETER: "sha256:infra"}
GIVEN = (("ImageTag", "c-new"), (INFRA_PARAMETER, "sha256:infra"))
SHIELD = MoveTag("app", REPOSITORY, "live-App", "c-new", "it shields")
BACK = MoveTag("app", REPOSITORY, "live-App", str(OLD), "the deploy failed")


def wanted(name="app", letter="a", parameter="ImageTag"):
    fingerprint = Fingerprint("s", Digest("sha256", letter * 64), ())
    return WantedImage(name, fingerprint, REPOSITORY, "App", parameter, (Platform("linux", "amd64"),))


def deploy(run, job, *, is_last):
    """The deployment as a step of a run."""
    with run.console.step("update", job.step.stack) as shown:
        story.deploy(run, job, shown, is_last=is_last)


def step(*changes, **more) -> DeployStack:
    return DeployStack("App", GIVEN, "because", changes or (StackChange.TAG,), **more)


@dataclass
class World:
    """One stack that runs an image, and the fakes around it."""

    run: CurrentRun
    assembly: object
    registry: FakeRegistry
    stacks: FakeStacks
    watcher: FakeWatcher
    talk: io.StringIO
    records: dict[str, str] = field(default_factory=dict)

    def deploy(self, step, images=(), *, is_last=True, **changes):
        deploy(replace(self.run, **changes), Job(step, self.assembly, images), is_last=is_last)


def make_world(tmp_path) -> World:
    (tmp_path / "rajee-deploy.toml").write_text(SETTINGS)
    (tmp_path / "cdk").mkdir()
    (tmp_path / "cdk/cdk.json").write_text("{}")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (assembly := tmp_path / "cdk.out").mkdir()
    (assembly / "given.json").write_text("{}")
    registry = FakeRegistry({"team/app": {"c-old": OLD, "c-new": NEW, "live-App": OLD}}, {OLD: None, NEW: None})
    stacks = FakeStacks({"App": StackPresent("UPDATE_COMPLETE", dict(RECORDED), {"Url": "https://app.test"})})
    watcher, talk = FakeWatcher(), io.StringIO()
    ports = Ports(
        registry=registry,
        reader=stacks,
        deployer=stacks,
        engine=FakeEngine(registry),
        watcher=watcher,
        updater=stacks,
        services=FakeServices(watcher),
        identity=lambda: Identity("123456789012", "us-east-1"),
        infrastructure=lambda _carried: of_infrastructure((), {}, {}, {}),
    )
    settings = load(tmp_path / "rajee-deploy.toml", None)
    return World(
        CurrentRun(settings, settings.images, ports, Console(stderr=talk), apart_seconds=0),
        assembly,
        registry,
        stacks,
        watcher,
        talk,
    )


def asked(world, *steps, resources=None) -> str:
    """The code of the error that asking ends with where nobody can be asked; "" where nothing had to be asked.
    `resources` are what the plan says of the stacks' resources."""
    try:
        approve(world.run, [Job(each, world.assembly, ()) for each in steps], resources or {})
    except DeployError as error:
        return error.code
    return ""


def hold(world, *images):
    """The stack holds a service that has come to rest, and runs these images."""
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.stacks.declares = {"App": DeclaredServices((DeclaredService("Service"),))}
    world.watcher.held, world.watcher.task_definitions = {"arn": [Service("api", (primary,))]}, {"task:1": images}


class Records:
    """Records in a dictionary, or a store that cannot be written."""

    def __init__(self, *, fails=False):
        self.texts, self.fails = {}, fails

    def write(self, stack, text):
        if self.fails:
            raise DeployError("aws-denied", "not allowed")
        self.texts[stack] = text


RECORD = StackRecord({"app": "c-1"}, "sha256:infra", "sha256:template", "1" * 40)
