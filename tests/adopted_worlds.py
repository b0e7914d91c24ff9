"""The world of a run whose CDK app declares images, with real assemblies, and real readers over a small CloudFormation:
what is deployed is a template, and what a stack runs is read off it.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from run_worlds import World
from synth.image_assemblies import Assembly, task

from rajee_deploy.actions.adopted import adopt
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.parameters import slots_of
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.update import Updates
from rajee_deploy.synth.assembly import stacks_of, synthesised_stacks
from rajee_deploy.synth.cdk_cli import Cdk
from rajee_deploy.synth.tracing import Tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.state import Synthesised
    from rajee_deploy.plan.steps import DeployStack

REPOSITORY = "cdk-hnb659fds-container-assets-123456789012-us-east-1"
OTHER_REPOSITORY = "other-assets"
SETTINGS = """
[cdk]
app = "cdk"
stacks = [{stacks}]
image-assets = "{builder}"
tag-only = "{by}"
"""
DOCKERFILE = "FROM scratch\nCOPY app /\n"


class SmallCloud:
    """CloudFormation, as far as `CloudFormation` and `Updates` ask it."""

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, Any]] = {}
        self.fails = False  # the next deployment is rolled back
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)

    def put(self, stack: str, template: Any, given: Mapping[str, str]) -> bool:
        """Create or update a stack: a parameter that is not given keeps its value, or takes its default. Whether there
        was anything to do."""
        before = self.stacks.get(stack)
        kept = before["parameters"] if before else {}
        parameters = {
            name: given.get(name, kept.get(name, slot.get("Default"))) for name, slot in slots_of(template).items()
        }
        assert {*given} <= {*parameters}, "CloudFormation refuses a parameter that no template declares"
        if before and (before["template"], before["parameters"]) == (template, parameters):
            return False
        self._clock += timedelta(seconds=1)
        status = f"{'UPDATE' if before else 'CREATE'}_COMPLETE"
        if self.fails and before:
            self.fails = False
            self.stacks[stack] = {**before, "status": "UPDATE_ROLLBACK_COMPLETE", "at": self._clock}
            return True
        self.stacks[stack] = {"template": template, "parameters": parameters, "status": status, "at": self._clock}
        return True

    def ask(self, service, operation, arguments, expected=None, region=""):  # noqa: ARG002 -- as Asks has it
        assert service == "cloudformation"
        name = arguments["StackName"]
        found = self.stacks.get(_own_name(name))
        if found is None:
            return expected("ValidationError", f"Stack with id {name} does not exist")
        if operation == "describe_stacks":
            parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in found["parameters"].items()]
            record = {"StackName": name, "StackStatus": found["status"], "CreationTime": found["at"]}
            return {"Stacks": [{**record, "Parameters": parameters}]}
        if operation == "get_template":
            return {"TemplateBody": json.loads(json.dumps(found["template"]))}
        assert operation == "update_stack"
        template = json.loads(arguments["TemplateBody"]) if "TemplateBody" in arguments else found["template"]
        given = {each["ParameterKey"]: each.get("ParameterValue") for each in arguments["Parameters"]}
        if self.put(_own_name(name), template, {key: value for key, value in given.items() if value is not None}):
            return {}
        return expected("ValidationError", "No updates are to be performed.")


class AppWithImages:
    """The CDK CLI and the app: what it writes says `write`, from build contexts by their names."""

    def __init__(self, cloud: SmallCloud) -> None:
        self.cloud = cloud
        self.contexts: dict[str, dict[str, str]] = {}
        self.write: Callable[[AppWithImages, Assembly], None] = one_task
        self.synths = 0
        self.deployed: list[str] = []
        self.note = "1"  # something of the template that is no image
        self.images_there: Callable[[Any], None] = lambda _template: None

    def hashes(self, assembly: Assembly) -> dict[str, str]:
        return {name: assembly.context(**files) for name, files in self.contexts.items()}

    def assemble(self, assembly: Path) -> Assembly:
        made = Assembly(assembly)
        self.write(self, made)
        return made

    def synth(
        self, assembly: Path, on_line: Callable[[str], None], given: Mapping[str, str]
    ) -> Mapping[str, Synthesised]:
        on_line("synthesising")
        assert not given
        self.synths += 1
        self.assemble(assembly)
        return synthesised_stacks(assembly, assembly)

    def check_account(self, account: str) -> None:
        assert account

    def check(self, assembly: Path, steps: Sequence[DeployStack], who: object) -> None:
        assert who
        known = {each.place.name for each in stacks_of(assembly)}
        for step in steps:
            if _own_name(step.stack) not in known:
                raise DeployError("no-such-stack", f"the CDK app has no stack {step.stack}")

    def security_changes(self, stack: str, assembly: Path) -> str:
        assert assembly.is_dir()
        return "" if stack else "x"

    def prepare(self, step: DeployStack, assembly: Path, change_set: str, on_line: Callable[[str], None]) -> None:
        raise AssertionError(f"{step} {assembly} {change_set} {on_line}")

    def deploy(self, step: DeployStack, assembly: Path, on_line: Callable[[str], None]) -> None:
        on_line(f"deploying {step.stack}")
        [found] = [each for each in stacks_of(assembly) if each.place.name == _own_name(step.stack)]
        self.images_there(found.template())
        self.deployed.append(step.stack)
        self.cloud.put(found.place.name, found.template(), dict(step.declared))

    def deploy_plainly(self, assembly: Path) -> None:
        """What `cdk deploy --all` does, without us."""
        self.assemble(assembly)
        for each in stacks_of(assembly):
            self.cloud.put(each.place.name, each.template(), {})


def _own_name(key: str) -> str:
    """What a stack in another region is called there."""
    return key.partition(" ")[0]


def one_task(app: AppWithImages, assembly: Assembly) -> None:
    """One stack, one task definition with a container for each build context."""
    hashes = app.hashes(assembly)
    images = {found: assembly.image(found, f"Task/{name}/AssetImage") for name, found in hashes.items()}
    template = {"Resources": {"Task": {**task(*hashes.values()), "Metadata": {"note": app.note}}}}
    assembly.stack("App", template, images)


class AdoptedWorld(World):
    """A project whose app declares images. `files` are what its build contexts have, by name."""

    def __init__(self, root: Path, builder: str = "adopt", by: str = "cdk", **contexts: str) -> None:
        self._noted, self._builder, self.counts_builder = "", builder, True
        super().__init__(root)
        self.cloud = SmallCloud()
        self.app = AppWithImages(self.cloud)
        self.app.images_there = self._check_images
        for name, text in (contexts or {"web": "1"}).items():
            self.edit(name, text)
        self.registry.repositories |= {REPOSITORY: {}, OTHER_REPOSITORY: {}}
        self.set(builder, by)
        self.number = 0

    def set(self, builder: str = "adopt", by: str = "cdk", stacks: str = '"App"', more: str = "") -> None:
        self._builder = builder
        text = SETTINGS.format(builder=builder, by=by, stacks=stacks)
        (self.root / "rajee-deploy.toml").write_text(text + more)

    def edit(self, name: str, text: str, readme: str = "") -> None:
        self.app.contexts[name] = {"Dockerfile": DOCKERFILE, "app": text, "README": readme}

    @property
    def infra(self) -> str:
        """What is hashed of the app: all but what no Dockerfile reads, and who builds."""
        read = [(name, files["Dockerfile"], files["app"]) for name, files in self.app.contexts.items()]
        return json.dumps([self.app.note, self._noted, read, self._builder if self.counts_builder else ""])

    @infra.setter
    def infra(self, text: str) -> None:
        self._noted = text

    def context(self, environment: str | None = None, check: str = "auto") -> CurrentRun:
        run = super().context(environment, check)
        adopts = run.settings.cdk.adopts_images
        real = Cdk(run.settings.cdk, Aws(region="us-east-1"), Tracer(self.root / "depfile.json", lambda _: None))
        run.ports = replace(
            run.ports,
            reader=CloudFormation(self.cloud),
            updater=Updates(self.cloud),
            deployer=self.app,
            adopt=(lambda assembly: adopt(run.settings, real, assembly)) if adopts else None,
        )
        return run

    def deploy_plainly(self) -> None:
        """Somebody deploys with the CDK CLI alone, which builds and pushes by itself."""
        self.number += 1
        self.app.deploy_plainly(self.root.parent / f"plain-{self.number}")

    def tags(self, stack: str = "App") -> list[str]:
        """The tags that the deployed template names, in its order."""
        text = json.dumps(self.cloud.stacks[stack]["template"].get("Resources", {}))
        return re.findall(r"assets[^\"]*:([\w.-]+)\"", text)

    def runs(self, stack: str = "App") -> list[str]:
        """What is in the images that the stack runs: the text of `app`."""
        made = {tag: digest for tags in self.registry.repositories.values() for tag, digest in tags.items()}
        by_digest = {self._digest(files): files["app"].decode() for files in self.engine.saw}
        return [by_digest[made[tag].hex] for tag in self.tags(stack)]

    def tier(self, **flags: str) -> tuple[str, bool, int]:
        """What a plan stands on, whether it is empty, and how many synths it took."""
        before = self.app.synths
        run = self.context(**flags)
        try:
            plan = plan_run(run).plan
        finally:
            run.close()
        return plan.tier.value, plan.is_empty, self.app.synths - before

    def wants(self) -> list[str]:
        return [files["app"] for files in self.app.contexts.values()]

    def done(self) -> tuple[int, list[str]]:
        """How many images were built and which stacks were deployed since the last look."""
        seen = len(self.engine.built), list(self.app.deployed)
        self.engine.built.clear()
        self.app.deployed.clear()
        return seen

    @staticmethod
    def _digest(files: Mapping[str, bytes]) -> str:
        import hashlib

        return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()

    def _check_images(self, template: Any) -> None:
        """All images are there before the CDK CLI is called: it would build what is missing, in its own way."""
        there = {tag for tags in self.registry.repositories.values() for tag in tags}
        named = re.findall(r"assets[^\"]*:([\w.-]+)\"", json.dumps(template.get("Resources", {})))
        ours = [tag for tag in named if not re.fullmatch("[0-9a-f]{64}", tag)]
        assert {*ours} <= there, ours
