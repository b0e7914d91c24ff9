"""A project directory and the fakes around it: where the stories of runs take place."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeContents, FakeEngine, FakeRecords, FakeRegistry, FakeServices, FakeStacks, FakeWatcher

from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.run import CurrentRun, Ports
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.aws import Identity
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input, of_infrastructure
from rajee_deploy.model import Digest
from rajee_deploy.plan.carried import SCHEMA
from rajee_deploy.plan.state import Ancestry
from rajee_deploy.rollout.declared import DeclaredService, DeclaredServices
from rajee_deploy.settings import load
from rajee_deploy.system.places import cache_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.rollout import Service


D = Digest("sha256", "d" * 64)


LIST = {"schema": SCHEMA, "entries": [["file", "app.py"]], "variables": [], "toolchain": {}, "obstacles": []}


OTHER_LIST = {**LIST, "entries": [["file", "other.py"]]}


UNREADABLE = {**LIST, "entries": [["file", "secret"]]}


SHARED = '[images.other]\nrepository = "team/app"\nplatform = "linux/arm64"\nstack = "App"\nparameter = "OtherTag"\n'


SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["Registry", "App"]
[environments.other]
account = "999999999999"
[environments.prod]
"""


class World:
    """A project directory and the fakes around it."""

    def __init__(self, root) -> None:
        self.root = root
        self.registry = FakeRegistry()
        self.engine = FakeEngine(self.registry)
        self.stacks = FakeStacks(makes_repositories={"Registry": (self.registry, "team/app")})
        self.infra = "1"  # what synth reads; `stacks.app` is what it makes
        self.build_records: list[FakeContents] = []
        self.traced: tuple[Input, ...] = ()
        self.own: Mapping[str, Any] | None = None  # the list of this machine's last synth
        self.publishes = True
        self.proofs: FakeRecords | None = FakeRecords(registry=self.registry)
        self.hashed: list[Mapping[str, Any] | None] = []
        self.revision = "1" * 40
        self.committed = ""  # when
        self.ancestry = Ancestry.NEWER
        self.watcher = FakeWatcher()
        self.services = FakeServices(self.watcher)
        self.talk = io.StringIO()
        (root / "cdk").mkdir()
        (root / "cdk" / "cdk.json").write_text("{}")
        (root / "rajee-deploy.toml").write_text(SETTINGS)
        (root / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
        (root / "app").write_text("one")
        (root / "README.md").write_text("read me")

    def context(self, environment: str | None = None, check: str = "auto") -> CurrentRun:
        settings = load(self.root / "rajee-deploy.toml", environment)
        settings = replace(settings, cdk=replace(settings.cdk, infra_check=check))
        ports = Ports(
            registry=self.registry,
            reader=self.stacks,
            deployer=self.stacks,
            engine=self.engine,
            watcher=self.watcher,
            updater=self.stacks,
            services=self.services,
            identity=lambda: Identity("123456789012", "us-east-1"),
            infrastructure=self.infrastructure,
            build_records=lambda: self.build_records,
            commit=lambda: self.revision,
            ancestry=lambda _one, _other: self.ancestry,
            publishable=lambda: self.own if self.publishes else None,
            proofs=lambda: self.proofs,
            committed=lambda _commit: self.committed,
            project_id=lambda: "0123456789abcdef",
        )
        return CurrentRun(settings, settings.images, ports, Console(stderr=self.talk), apart_seconds=0)

    def hold(self, service: Service, own: str = "", desired: int | None = None) -> None:
        """The stack App holds this service, and says that it runs `own` ("": it does not tell)."""
        self.stacks.declares = {"App": DeclaredServices((DeclaredService("Service"),))}
        self.watcher.held = {"arn": [service]}
        self.services.stacks_own = {"arn": (own, desired)}

    def infrastructure(self, carried):
        """What is read by a list: that one, or this machine's own. The list itself counts."""
        self.hashed.append(carried)
        listed = carried or self.own
        if listed is UNREADABLE:
            raise DeployError("unreadable", "an input of the CDK app cannot be read")
        by = [Input(f"traced:{path}", kind) for kind, path in listed["entries"]] if listed else []
        return of_infrastructure((), {}, {}, {"infra": self.infra}, [*by, *self.traced])

    def synthesise_by(self, listed):
        """From now on each synth leaves this list."""
        self.stacks.meanwhile = lambda: setattr(self, "own", listed)

    def move(self):
        """Go on at another machine, which has run nothing yet."""
        self.own = None
        shutil.rmtree(cache_directory(), ignore_errors=True)
        self.hashed.clear()

    def up(self, **flags) -> str:
        """Run `up`; returns the kind of run it was."""
        return recorded_run(self.context(**flags), 5)[1].kind

    def done(self) -> tuple[int, list[str]]:
        """How many images were built and which stacks were deployed since the last look."""
        seen = len(self.engine.built), [step.stack for step in self.stacks.deployed]
        self.engine.built.clear()
        self.stacks.deployed.clear()
        return seen


def tags(world) -> dict[str, Digest]:
    return world.registry.repositories["team/app"]


def tier(world, **flags):
    """What a plan stands on, whether it is empty, and how many synths it took."""
    before = world.stacks.synths
    run = world.context(**flags)
    try:
        planned = plan_run(run).plan
    finally:
        run.close()
    return planned.tier.value, planned.is_empty, world.stacks.synths - before


def refused(world, code, **changes):
    """`up` with a changed context, which must end with this error and deploy nothing more."""
    with pytest.raises(DeployError) as caught:
        recorded_run(replace(world.context(), **changes), 5)
    assert caught.value.code == code
    return caught.value


def decided(world, **flags) -> tuple[list[str], str, int]:
    """The steps of a plan, the tier that it stands on, and how many synths it took."""
    before = world.stacks.synths
    plan = plan_run(world.context(**flags)).plan
    return [str(step) for step in plan.steps], plan.tier.value, world.stacks.synths - before
