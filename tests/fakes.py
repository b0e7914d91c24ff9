"""Fakes of the outside world: each implements one of our Protocols and passes that Protocol's contract tests.

They keep what they were told in plain attributes, so that a test reads like the world it describes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fake_assets import AppImages, named_tags, stage_assets, tags_of

from rajee_deploy.build_record.store import Kept, record_tag
from rajee_deploy.engine import BuildEvent
from rajee_deploy.engine.secrets import Redactor
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Digest, LockedImage, Platform
from rajee_deploy.model.names import FINGERPRINT_LABEL, IMAGES_PARAMETER, PRIVATE, RECORDS
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.plan.carried import carried_of
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImageContent,
    ImageInaccessible,
    RepositoryAbsent,
    StackAbsent,
    StackContent,
    StackPresent,
    Synthesised,
    Tagged,
)
from rajee_deploy.plan.steps import DeployStack
from rajee_deploy.plan.tagged_templates import decode_images
from rajee_deploy.plan.tags import is_version
from rajee_deploy.registry import image_gone
from rajee_deploy.rollout import Deployment, FunctionImage, ResourceEvent, RolloutSettings, Service
from rajee_deploy.rollout.declared import DeclaredServices
from rajee_deploy.rollout.standing import StackService
from rajee_deploy.stack.update import Accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.build_record.store import Record
    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.model import RemoteSource
    from rajee_deploy.model.repository import ImageName, Repository
    from rajee_deploy.plan.expiry import LifecycleRule, Mutability
    from rajee_deploy.plan.state import ReferenceState, StackState


@dataclass
class FakeRegistry:
    """Repositories with tagged digests. `contents` is what images say of themselves, `frozen` the tags (of every
    repository) that cannot be moved, `archived` those that cannot be pulled; `writes` are the tags that were put."""

    repositories: dict[str, dict[str, Digest]] = field(default_factory=dict)
    contents: dict[Digest, ImageContent] = field(default_factory=dict)
    indexes: dict[Digest, dict[Platform, ImageContent]] = field(default_factory=dict)  # of images for several platforms
    frozen: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)
    looks: int = 0
    lost: set[Digest] = field(default_factory=set)  # what nobody can read any more

    def find(
        self, repository: Repository, references: Sequence[str]
    ) -> RepositoryAbsent | Mapping[str, ReferenceState]:
        self.looks += 1
        tags = self.repositories.get(str(repository))
        if tags is None:
            return RepositoryAbsent()
        known = tags | {str(digest): digest for digest in self.contents}
        return {
            name: Tagged(known[name]) if name in known and name not in self.archived else ImageAbsent()
            for name in references
        }

    def confirm_absent(self, repository: Repository, tag: str) -> ImageAbsent | ImageInaccessible:
        assert repository
        return ImageInaccessible("archived") if tag in self.archived else ImageAbsent()

    def read_content(self, repository: Repository, digest: Digest, platform: Platform) -> ImageContent:
        assert repository
        assert platform
        if digest not in self.contents or digest in self.lost:
            raise image_gone(repository, str(digest))
        return self.indexes.get(digest, {}).get(platform, self.contents[digest])

    def find_frozen(self, repository: Repository, tags: Sequence[str]) -> frozenset[str]:
        assert repository
        return frozenset(self.frozen & set(tags))

    def push_access(self, repository: Repository) -> PushAccess:
        if str(repository) not in self.repositories:
            raise DeployError("no-repository", f"the ECR repository {repository} does not exist")
        return PushAccess(f"registry.test/{repository}", "AWS", "a-token")

    def put_tag(self, repository: Repository, digest: Digest, tag: str) -> None:
        tags = self.repositories[str(repository)]
        if tag in self.frozen and tags.get(tag, digest) != digest:
            raise DeployError("tag-immutable", f"{repository} does not let the tag {tag} be moved")
        tags[tag] = digest
        self.writes.append(tag)


@dataclass
class FakeRules:
    """Repositories as their settings have them: whether tags may move, the rules, and images as sets of tags."""

    mutability: dict[str, Mutability] = field(default_factory=dict)
    lifecycle: dict[str, tuple[LifecycleRule, ...]] = field(default_factory=dict)
    images: dict[str, list[frozenset[str]]] = field(default_factory=dict)

    def find_mutability(self, repository: Repository) -> Mutability | RepositoryAbsent:
        """See RepositoryRules."""
        return self.mutability.get(repository.name, RepositoryAbsent())

    def find_lifecycle(self, repository: Repository) -> tuple[LifecycleRule, ...] | RepositoryAbsent:
        """See RepositoryRules."""
        return self.lifecycle.get(repository.name, ()) if repository.name in self.mutability else RepositoryAbsent()

    def find_tags(self, repository: Repository, tag: str) -> frozenset[str] | ImageAbsent | RepositoryAbsent:
        """See RepositoryRules."""
        if repository.name not in self.mutability:
            return RepositoryAbsent()
        return next((tags for tags in self.images.get(repository.name, []) if tag in tags), ImageAbsent())

    def find_releases(self, repository: Repository) -> tuple[frozenset[str], ...] | RepositoryAbsent:
        """See RepositoryRules."""
        if repository.name not in self.mutability:
            return RepositoryAbsent()
        return tuple(tags for tags in self.images.get(repository.name, []) if any(map(is_version, tags)))


@dataclass
class FakeImages:
    """Registries with images by `host/repository:tag`: their digest, and their configuration by platform."""

    images: dict[str, tuple[Digest, dict[str, BaseConfig]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    remotes: dict[str, Digest] = field(default_factory=dict)

    def find_remote(self, source: RemoteSource) -> Digest:
        self.asked.append(source.shown)
        if source.shown not in self.remotes:
            raise DeployError("remote-missing", f"{source.shown} does not exist")
        return self.remotes[source.shown]

    def find_digest(self, image: ImageName) -> Digest:
        return self._find(image)[0]

    def describe(self, image: ImageName, platforms: Iterable[str], machines: Sequence[str] = ()) -> LockedImage:
        digest, configs = self._find(image)
        there = [each for each in machines if each in configs]
        for platform in (platforms := [*platforms, *(there or machines[:1])]):
            if platform not in configs:
                raise DeployError("base-platform", f"{image} has no image for {platform}")
        return LockedImage(digest, {platform: configs[platform] for platform in platforms})

    def _find(self, image: ImageName) -> tuple[Digest, dict[str, BaseConfig]]:
        self.asked.append(str(image))
        for name, found in self.images.items():
            same = str(found[0]) == image.digest if image.digest else name == str(image)
            if same and name.startswith(f"{image.host}/{image.repository}:"):
                return found
        raise DeployError("not-in-registry", f"{image} does not exist")


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

    def platform(self) -> Platform:
        return Platform("linux", "amd64")

    def base_config(
        self, image: str, platform: Platform, access: PushAccess, registry: Callable[[], BaseConfig]
    ) -> BaseConfig:
        assert platform
        assert access
        assert registry
        return BaseConfig((), self.triggers.get(image, ()))

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        on_event(BuildEvent("[1/1] COPY"))
        if self.fails:
            raise DeployError("build-failed", "the build failed")
        configuration = built_by_the_book(request)
        if access.host != "registry.test" or access.password != "a-token":
            code = "access-denied" if access.host == "registry.test" else "push-broken-off"
            raise DeployError(code, "the push failed", where=request.reference, cause=f"{access.host}: refused")
        files = {str(p.relative_to(request.context)): p.read_bytes() for p in request.context.rglob("*") if p.is_file()}
        self.saw.append(files)
        self.built.append(request.reference)
        digest = Digest("sha256", hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
        repository, tag = request.reference.removeprefix(f"{access.host}/").rsplit(":", 1)
        if not self.loses_pushes:
            self.registry.repositories[repository][tag] = digest
            label = request.labels.get(FINGERPRINT_LABEL, "")
            made = {each: ImageContent(str(each), label, digest.hex) for each in request.platforms}
            self.registry.contents[digest] = made[request.platforms[0]]
            if len(made) > 1:
                self.registry.indexes[digest] = made
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
    first = request.platforms[0]
    settings = {"os": first.os, "architecture": first.architecture}
    wanted = stages[request.target or name]
    return {**settings, "config": {"Env": wanted, "Labels": dict(request.labels)}, "history": []}


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
    given: list[dict[str, str]] = field(default_factory=list)  # the context values of each synth
    app: dict[str, str] = field(default_factory=lambda: {"Registry": "one", "App": "one"})
    places: dict[str, StackPlace] = field(default_factory=dict)  # of those whose id is not their name
    parameters: tuple[str, ...] = ("ImageTag", *RECORDS)
    broader: dict[str, str] = field(default_factory=dict)  # stack → what its deployment would allow
    refuses: DeployError | None = None  # what the check of the templates ends with
    warns: dict[str, str] = field(default_factory=dict)  # stack → what the app warns of
    busy_once: bool = False  # somebody else is quicker, once
    updated: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)  # that the CLI was to be of
    change_sets: dict[str, tuple[DeployStack, Mapping[str, Any] | None]] = field(default_factory=dict)
    prepared: dict[str, str] = field(default_factory=dict)  # their templates
    declares: dict[str, DeclaredServices] = field(default_factory=dict)  # stack → the services in its template
    meanwhile: Callable[[], None] = lambda: None  # what the app, or somebody, does while it is synthesised
    assets: AppImages = field(default_factory=dict)  # images that the app declares, as neutral assemblies name them
    named: dict[str, tuple[str, ...]] = field(default_factory=dict)  # stack → the tags that its template names

    def describe(self, stack: str) -> StackState:
        found = self.observe(stack)
        return replace(found, content=None, carried=None, services=None) if isinstance(found, StackPresent) else found

    def observe(self, stack: str) -> StackState:
        found = self.stacks.get(stack)
        if found is None:
            return StackAbsent()
        found = replace(found, services=self.declares.get(stack, DeclaredServices()))
        if self.script:
            return replace(found, status=self.script.pop(0))
        return found

    def synth(
        self, assembly: Path, on_line: Callable[[str], None], given: Mapping[str, str]
    ) -> Mapping[str, Synthesised]:
        on_line("synthesising")
        self.synths += 1
        self.given.append(dict(given))
        self.meanwhile()
        assembly.mkdir()
        artifacts = {}
        for stack, text in self.app.items():
            name = _file(stack)
            (assembly / name).write_text(json.dumps({"Description": text}))
            told: dict[str, Any] = {"displayName": self.places[stack].id} if stack in self.places else {}
            warned = {"type": "aws:cdk:warning", "data": self.warns.get(stack)}
            told["metadata"] = {f"/{stack}": [warned]} if stack in self.warns else {}
            artifacts[stack] = {"type": "aws:cloudformation:stack", "properties": {"templateFile": name}, **told}
            artifacts |= stage_assets(assembly, stack, self.assets.get(stack, {}), artifacts[stack])
        (assembly / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        (assembly / "given.json").write_text(json.dumps(dict(given)))
        return {
            stack: Synthesised(
                StackContent(_template(text, given)),
                self.parameters,
                place=self.places.get(stack, StackPlace(stack, stack)),
                images=tags_of(self.assets.get(stack, {})),
            )
            for stack, text in self.app.items()
        }

    def check(self, assembly: Path, steps: Sequence[DeployStack], who: Identity) -> None:
        assert who.account == self.accounts[-1]
        assert (assembly / "manifest.json").is_file()
        if self.refuses is not None:
            raise self.refuses
        for step in steps:
            if step.stack not in self.app:
                raise DeployError("no-such-stack", f"the CDK app has no stack {step.stack}")

    def prepare(self, step: DeployStack, assembly: Path, change_set: str, on_line: Callable[[str], None]) -> None:
        assert assembly.is_dir()
        on_line(f"preparing {step.stack}")
        self.change_sets[change_set] = step, _carried(assembly, step.stack)
        self.prepared[change_set] = self._made(assembly, step.stack)

    def execute(self, stack: str, change_set: str) -> Accepted:
        step, carried = self.change_sets.pop(change_set)
        assert step.stack == stack
        self._apply(step, carried=carried, made=self.prepared.pop(change_set))
        return Accepted.STARTED

    def _made(self, assembly: Path, stack: str) -> str:
        """The template in a word, as it lies in the assembly."""
        path = assembly / f"{stack}.template.json"
        return json.loads(path.read_text())["Description"] if path.exists() else self.app[stack]

    def update(
        self, stack: str, state: StackPresent, parameters: Mapping[str, str], token: str, tags: Mapping[str, str]
    ) -> Accepted:
        assert token
        assert not any(key.startswith(PRIVATE) for key in parameters)
        named = self.named.get(stack, ())
        if stack not in self.stacks or not set(parameters) <= set(state.parameters) or not set(tags) <= set(named):
            raise DeployError("deploy-failed", f"CloudFormation refused the update of {stack}")
        if dict(state.parameters) == {**state.parameters, **parameters} and not tags:
            return Accepted.NOTHING
        step = DeployStack(stack, tuple({**state.parameters, **parameters}.items()), "", ())
        self.updated.append(stack)
        self._apply(step, carried=self.stacks[stack].carried, named=tuple(tags.get(each, each) for each in named))
        return Accepted.STARTED

    def check_account(self, account: str) -> None:
        self.accounts.append(account)

    def security_changes(self, stack: str, assembly: Path) -> str:
        assert assembly.is_dir()
        return self.broader.get(stack, "")

    def deploy(self, step: DeployStack, assembly: Path, on_line: Callable[[str], None]) -> None:
        assert assembly.is_dir()
        if self.busy_once:
            self.busy_once = False
            raise DeployError("stack-busy", f"another operation on stack {step.stack} is under way")
        on_line(f"deploying {step.stack}")
        given = json.loads((assembly / "given.json").read_text())
        made, named = self._made(assembly, step.stack), named_tags(assembly, step.stack)
        self._apply(step, given, carried=_carried(assembly, step.stack), made=made, named=named)

    def _apply(
        self,
        step: DeployStack,
        given: Mapping[str, str] | None = None,
        *,
        carried: Mapping[str, Any] | None = None,
        made: str = "",
        named: tuple[str, ...] | None = None,
    ) -> None:
        self.deployed.append(step)
        before = self.stacks.get(step.stack)
        told = dict(step.declared).get(IMAGES_PARAMETER, "")
        images = decode_images(told)
        content = StackContent(_template(made or self.app[step.stack], given or {}), images=told if images else "")
        own = {value.name: "****" if value.is_secret else value.value for value in step.values}
        given_now = {**dict(step.declared), **own, **{each.parameter: each.tag for each in images}}
        if before is not None and before.parameters == given_now and before.content == content:
            return  # "No updates are to be performed": the status stays what it was
        undone = self.ends_in.endswith("ROLLBACK_COMPLETE") and before is not None
        recorded = before.parameters if undone and before else given_now
        kept = before.content if undone and before else content
        listed = before.carried if undone and before else carried
        images = before.images if undone and before else images
        self.stacks[step.stack] = StackPresent(self.ends_in, recorded, {}, content=kept, carried=listed, images=images)
        self.named |= {step.stack: named} if named and not undone else {}
        if step.stack in self.makes_repositories:
            registry, repository = self.makes_repositories[step.stack]
            registry.repositories.setdefault(repository, {})


def _file(stack: str) -> str:
    return f"{stack.replace('/', '-')}.template.json"


def _carried(assembly: Path, stack: str) -> Mapping[str, Any] | None:
    path = assembly / _file(stack)
    return carried_of(json.loads(path.read_text())) if path.exists() else None


def _template(text: str, given: Mapping[str, str]) -> str:
    """A stack's template in a word, and the context values that went into it."""
    return " ".join([text, *(f"{key}={value}" for key, value in given.items())])


@dataclass
class FakeSecrets:
    """What is known of secrets, by stack: whatever was kept last."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)
    is_full: bool = False

    def compare(self, state: StackPresent, values: Mapping[str, str]) -> dict[str, bool]:
        known = self.kept.get(state.identifier, {})
        return {name: known[name] == value for name, value in values.items() if name in known}

    def knows(self, state: StackPresent) -> bool:
        return state.identifier in self.kept

    def keep(self, state: StackPresent, values: Mapping[str, str], before: StackPresent | None = None) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.kept[state.identifier] = {**(self.kept.get(state.identifier, {}) if before else {}), **values}


@dataclass
class FakeContents:
    """Records in a dictionary, by repository and tag. With `fails` nothing can be asked nor kept."""

    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    fails: bool = False

    def put(self, repository: str, tag: str, record: Record) -> Kept:
        self._check()
        there = self.records.setdefault((repository, tag), record)
        if there is record:
            return Kept.WRITTEN
        return Kept.SAME if there.document == record.document else Kept.OTHER

    def get(self, repository: str, tag: str) -> Record | None:
        self._check()
        return self.records.get((repository, tag))

    def _check(self) -> None:
        if self.fails:
            raise DeployError("registry-unreachable", "the registry could not be reached")


@dataclass
class FakeRecords(FakeContents):
    """The same, as the tags of a FakeRegistry that they are."""

    registry: FakeRegistry = field(default_factory=FakeRegistry)

    def put(self, repository: Repository, tag: str, record: Record) -> Kept:
        kept = super().put(str(repository), tag, record)
        digest = Digest("sha256", hashlib.sha256(record.document).hexdigest())
        self.registry.repositories[str(repository)].setdefault(record_tag(tag), digest)
        return kept

    def get(self, repository: Repository, tag: str) -> Record | None:
        return super().get(str(repository), tag)


@dataclass
class FakeWatcher:
    """A stack while it is deployed: what is to be seen of it at each look, the last of which stays."""

    happened: list[ResourceEvent] = field(default_factory=list)
    held: dict[str, list[Service]] = field(default_factory=dict)
    task_definitions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    set_to: RolloutSettings = field(default_factory=RolloutSettings)
    is_silent: bool = False
    functions: dict[str, list[Service | None]] = field(default_factory=dict)  # None: made of a zip file
    denies_functions: bool = False
    nested: dict[str, list[ResourceEvent]] = field(default_factory=dict)  # by the ARN of a nested stack

    def events(self, stack: str, since: float) -> tuple[ResourceEvent, ...]:
        assert stack
        self._answer()
        if stack.startswith("arn:"):
            if stack not in self.nested:
                raise DeployError("access-denied", "AWS refused the call")
            return tuple(self.nested[stack])
        return tuple(event for event in self.happened if event.at >= since)

    def services(self, stack: str) -> tuple[str, ...]:
        assert stack
        self._answer()
        return tuple(self.held)

    def service(self, arn: str) -> Service:
        self._answer()
        states = self.held[arn]
        return states.pop(0) if len(states) > 1 else states[0]

    def function(self, stack: str, name: str) -> Service | None:
        assert stack
        self._answer()
        if self.denies_functions:
            raise DeployError("access-denied", "AWS refused the call", cause="not authorized to perform: lambda")
        states = self.functions.get(name, [Service(name, (), status="MISSING")])
        return states.pop(0) if len(states) > 1 else states[0]

    def images(self, task_definition: str) -> tuple[str, ...]:
        self._answer()
        return self.task_definitions[task_definition]

    def settings(self, arn: str) -> RolloutSettings:
        assert arn in self.held
        return self.set_to

    def _answer(self) -> None:
        if self.is_silent:
            raise DeployError("throttled", "AWS throttled the call")


def function_with(name: str, address: str, digest: str = "", **more: Any) -> Service:
    """A function that Lambda has given an image."""
    found = Deployment(f"r {address}", "PRIMARY", address, 1, 0, 1, state="COMPLETED")
    resolved = f"{address.partition('@')[0].rpartition(':')[0]}@{digest}" if digest else ""
    return Service(name, (replace(found, **more),), image=FunctionImage(address, resolved, "x86_64"))


@dataclass
class FakeServices:
    """ECS and Lambda for a plan, over the services and functions of a FakeWatcher. `stacks_own` are by ARN what the
    stack says that a service runs, "" where it does not tell; `functions` the same by name. `denied`: the role may not
    ask."""

    watcher: FakeWatcher
    stacks_own: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    undone: dict[str, str] = field(default_factory=dict)  # by ARN, what ECS last rolled back from
    looks: int = 0
    fresh_looks: int = 0
    denied: bool = False
    functions: dict[str, str] = field(default_factory=dict)

    def services_of(self, stack: str, state: StackPresent, *, fresh: bool = False) -> tuple[StackService, ...]:
        assert stack
        if state.services is None or state.services.is_empty:
            return ()
        self._answer()
        self.fresh_looks += fresh
        services = [StackService(arn, *self.stacks_own.get(arn, ("", None))) for arn in self.watcher.held]
        return (*services, *(StackService(name, says, is_function=True) for name, says in self.functions.items()))

    def services(self, held: Sequence[StackService]) -> Mapping[str, Service]:
        self._answer()
        self.looks += bool(held)
        return {one.arn: self._function(one) if one.is_function else self.watcher.held[one.arn][0] for one in held}

    def _function(self, one: StackService) -> Service:
        found = self.watcher.function("any", one.arn)
        assert found is not None
        if found.image is None or not found.image.address.endswith(one.task_definition) or not one.task_definition:
            return found
        own = replace(found.deployments[0], task_definition=one.task_definition)
        return replace(found, deployments=(own,))

    def rolled_back(self, held: StackService) -> str:
        self._answer()
        return self.undone.get(held.arn, "")

    def run(self, held: StackService, task_definition: str) -> None:
        self._answer()
        if held.is_function:
            self.watcher.functions[held.arn] = [function_with(held.arn, task_definition)]
            return
        service = self.watcher.held[held.arn][0]
        primary = replace(service.deployments[0], id=f"ecs-svc/{task_definition}", task_definition=task_definition)
        self.undone.pop(held.arn, None)
        self.watcher.held[held.arn] = [replace(service, deployments=(replace(primary, state="COMPLETED"),))]

    def _answer(self) -> None:
        if self.denied:
            raise DeployError("access-denied", "AWS refused the call", cause="not authorized to perform: ecs")
        self.watcher.services("any")
