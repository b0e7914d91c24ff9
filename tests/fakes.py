"""Fakes of the outside world: each implements one of our Protocols and passes that Protocol's contract tests.

They keep what they were told in plain attributes, so that a test reads like the world it describes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rajee_deploy.engine import BuildEvent
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import (
    RECORDS,
    ImageAbsent,
    ImagePresent,
    RepositoryAbsent,
    StackAbsent,
    StackContent,
    StackPresent,
    Synthesised,
)
from rajee_deploy.model import Digest, PushAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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
        files = {str(p.relative_to(request.context)): p.read_bytes() for p in request.context.rglob("*") if p.is_file()}
        self.saw.append(files)
        self.built.append(request.reference)
        digest = Digest("sha256", hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
        repository, tag = request.reference.removeprefix(f"{access.host}/").rsplit(":", 1)
        if not self.loses_pushes:
            self.registry.repositories[repository][tag] = digest
        on_event(BuildEvent("[1/1] COPY", 0.1))
        return str(digest)


@dataclass
class FakeStacks:
    """CloudFormation and the CDK CLI over one dictionary. `script` holds statuses to show first, one a look.

    `app` is what the CDK app makes: stack → its template, in one word.
    """

    stacks: dict[str, StackPresent] = field(default_factory=dict)
    makes_repositories: dict[str, tuple[FakeRegistry, str]] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    ends_in: str = "UPDATE_COMPLETE"
    deployed: list[DeployStack] = field(default_factory=list)
    synths: int = 0
    app: dict[str, str] = field(default_factory=lambda: {"Registry": "one", "App": "one"})
    parameters: tuple[str, ...] = ("ImageTag", *RECORDS)

    def describe(self, stack: str) -> StackState:
        found = self.observe(stack)
        return replace(found, content=None) if isinstance(found, StackPresent) else found

    def observe(self, stack: str) -> StackState:
        found = self.stacks.get(stack)
        if found is None:
            return StackAbsent()
        if self.script:
            return replace(found, status=self.script.pop(0))
        return found

    def synth(self, assembly: Path, on_line: Callable[[str], None]) -> Mapping[str, Synthesised]:
        on_line("synthesising")
        self.synths += 1
        assembly.mkdir()
        (assembly / "manifest.json").write_text("{}")
        return {stack: Synthesised(StackContent(text), self.parameters) for stack, text in self.app.items()}

    def check(self, assembly: Path, steps: Sequence[DeployStack]) -> None:
        assert (assembly / "manifest.json").is_file()
        for step in steps:
            if step.stack not in self.app:
                raise DeployError("no-such-stack", f"the CDK app has no stack {step.stack}")

    def deploy(self, step: DeployStack, assembly: Path, on_line: Callable[[str], None]) -> None:
        assert assembly.is_dir()
        on_line(f"deploying {step.stack}")
        self.deployed.append(step)
        before = self.stacks.get(step.stack)
        content = StackContent(self.app[step.stack])
        if before is not None and before.parameters == dict(step.parameters) and before.content == content:
            return  # "No updates are to be performed": the status stays what it was
        undone = self.ends_in.endswith("ROLLBACK_COMPLETE") and before is not None
        recorded = before.parameters if undone and before else dict(step.parameters)
        kept = before.content if undone and before else content
        self.stacks[step.stack] = StackPresent(self.ends_in, recorded, {}, content=kept)
        if step.stack in self.makes_repositories:
            registry, repository = self.makes_repositories[step.stack]
            registry.repositories.setdefault(repository, {})
