"""Fakes of the outside world: each implements one of our Protocols and passes that Protocol's contract tests.

They keep what they were told in plain attributes, so that a test reads like the world it describes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rajee_deploy.engine import BuildEvent
from rajee_deploy.engine.secrets import Redactor
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import ImageAbsent, ImagePresent, RepositoryAbsent, StackAbsent, StackPresent
from rajee_deploy.model import Digest, PushAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.facts import ImageState, StackState
    from rajee_deploy.model import Platform
    from rajee_deploy.steps import DeployStack


@dataclass
class FakeRegistry:
    """Repositories with tagged digests."""

    repositories: dict[str, dict[str, Digest]] = field(default_factory=dict)

    def find_image(self, repository: str, tag: str) -> ImageState:
        if repository not in self.repositories:
            return RepositoryAbsent()
        digest = self.repositories[repository].get(tag)
        return ImagePresent(digest) if digest else ImageAbsent()

    def push_access(self, repository: str) -> PushAccess:
        if repository not in self.repositories:
            raise DeployError("no-repository", f"the ECR repository {repository} does not exist")
        return PushAccess(f"registry.test/{repository}", "AWS", "a-token")


@dataclass
class FakeEngine:
    """Builds by hashing what it was given; pushes into a FakeRegistry."""

    registry: FakeRegistry
    loses_pushes: bool = False
    fails: bool = False
    built: list[str] = field(default_factory=list)
    saw: list[dict[str, bytes]] = field(default_factory=list)

    triggers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pushed: dict[str, dict[str, Any]] = field(default_factory=dict)  # reference → configuration, as a registry has it

    def check(self) -> str:
        return "fake engine"

    def base_triggers(self, image: str, platform: Platform, access: PushAccess) -> tuple[str, ...]:
        assert platform
        assert access
        return self.triggers.get(image, ())

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        on_event(BuildEvent("[1/1] COPY"))
        if self.fails:
            raise DeployError("build-failed", "the build failed")
        configuration = built_by_the_book(request)
        if access.host != "registry.test" or access.password != "a-token":
            raise DeployError(
                "build-failed", "the push failed", where=request.reference, cause=f"{access.host}: refused"
            )
        files = {str(p.relative_to(request.context)): p.read_bytes() for p in request.context.rglob("*") if p.is_file()}
        self.saw.append(files)
        self.built.append(request.reference)
        digest = Digest("sha256", hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
        repository, tag = request.reference.removeprefix(f"{access.host}/").rsplit(":", 1)
        if not self.loses_pushes:
            self.registry.repositories[repository][tag] = digest
            self.pushed[request.reference] = configuration
        on_event(BuildEvent("[1/1] COPY", 0.1))
        return str(digest)


def built_by_the_book(request: BuildRequest) -> dict[str, Any]:
    """A Dockerfile's image configuration. Knows FROM, ARG, ENV and COPY; RUN takes secrets, and fails at `fail`."""
    Redactor(request.settings.secrets)  # refuses a secret that is not there
    stages: dict[str, list[str]] = {}
    arguments: dict[str, str] = {}
    name = ""
    for number, line in enumerate(request.dockerfile.read_text().splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            source, _, name = rest.partition(" AS ")
            stages[name] = list(stages.get(source, ()))
        elif word == "ARG":
            key, _, default = rest.partition("=")
            arguments[key] = request.build_args.get(key, default)
        elif word == "ENV":
            key, _, value = rest.partition("=")
            stages[name].append(f"{key}={arguments.get(value.removeprefix('$'), value)}")
        elif word == "RUN" and "fail" in rest and name == (request.target or name):
            where = f"{request.shown_dockerfile}:{number}"
            raise DeployError("build-failed", "the build failed", where=where, cause=f"step: {line}\nabout to fail")
    settings = {"os": request.platform.os, "architecture": request.platform.architecture}
    wanted = stages[request.target or name]
    return {**settings, "config": {"Env": wanted, "Labels": dict(request.labels)}, "history": []}


@dataclass
class FakeStacks:
    """CloudFormation and the CDK CLI over one dictionary. `script` holds statuses to show first, one a look."""

    stacks: dict[str, StackPresent] = field(default_factory=dict)
    makes_repositories: dict[str, tuple[FakeRegistry, str]] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    ends_in: str = "UPDATE_COMPLETE"
    deployed: list[DeployStack] = field(default_factory=list)
    synths: int = 0

    def describe(self, stack: str) -> StackState:
        found = self.stacks.get(stack)
        if found is None:
            return StackAbsent()
        if self.script:
            return StackPresent(self.script.pop(0), found.parameters, found.outputs)
        return found

    def synth(self, assembly: Path, steps: Sequence[DeployStack], on_line: Callable[[str], None]) -> None:
        assert all(steps)
        on_line("synthesising")
        self.synths += 1
        assembly.mkdir()

    def deploy(self, step: DeployStack, assembly: Path, on_line: Callable[[str], None]) -> None:
        assert assembly.is_dir()
        on_line(f"deploying {step.stack}")
        self.deployed.append(step)
        before = self.stacks.get(step.stack)
        if before is not None and before.parameters == dict(step.parameters):
            return  # "No updates are to be performed": the status stays what it was
        undone = self.ends_in.endswith("ROLLBACK_COMPLETE") and before is not None
        recorded = before.parameters if undone and before else dict(step.parameters)
        self.stacks[step.stack] = StackPresent(self.ends_in, recorded, {})
        if step.stack in self.makes_repositories:
            registry, repository = self.makes_repositories[step.stack]
            registry.repositories.setdefault(repository, {})
