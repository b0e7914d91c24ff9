"""What one run has at hand: its settings, the outside world behind small interfaces, and what it tells the user with.

Must never know the order of a run: `converge` and `execute` do.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, assert_never

from rajee_deploy.actions.synthesise import Synthesiser
from rajee_deploy.console import printable
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.fingerprint import with_given
from rajee_deploy.model.names import Approval
from rajee_deploy.model.repository import ecr_address
from rajee_deploy.plan.ancestry import Rules
from rajee_deploy.plan.state import Ancestry
from rajee_deploy.report.events import Events
from rajee_deploy.report.timings import Timings
from rajee_deploy.settings.problems import unknown_image
from rajee_deploy.stack.secret_values import LocalSecretValues
from rajee_deploy.synth.assembly_cache import AssemblyStore
from rajee_deploy.synth.input_store import InputStore
from rajee_deploy.system.places import cache_directory, state_directory
from rajee_deploy.system.streams import in_github
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.actions.watch import TimeSpent
    from rajee_deploy.aws import Identity
    from rajee_deploy.build_record.store import ContentsStore
    from rajee_deploy.console import Console
    from rajee_deploy.engine import Engine
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.expiry import LifecycleRule
    from rajee_deploy.plan.replacement import Specification
    from rajee_deploy.plan.stack_names import StackPlace
    from rajee_deploy.plan.state import RepositoryAbsent, Synthesised
    from rajee_deploy.registry import Registry
    from rajee_deploy.registry.ecr import PublishingRole
    from rajee_deploy.rollout import StoppedTask
    from rajee_deploy.settings import ImageSettings, Settings
    from rajee_deploy.stack import StackDeployer, StackReader
    from rajee_deploy.stack.deployment_record import RecordStore
    from rajee_deploy.stack.secret_values import SecretValues
    from rajee_deploy.stack.services import ServiceDoor
    from rajee_deploy.stack.task_logs import TaskLog
    from rajee_deploy.stack.update import StackUpdater
    from rajee_deploy.stack.watching import StackWatcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world, each part behind its small interface. Named one by one: many of them look alike."""

    registry: Registry
    reader: StackReader
    deployer: StackDeployer
    engine: Engine
    watcher: StackWatcher
    updater: StackUpdater
    services: ServiceDoor
    identity: Callable[[], Identity]
    # What synth reads: by the list that a stack carries, by this machine's own for None.
    infrastructure: Callable[[Mapping[str, Any] | None], Fingerprint]
    # Where it is kept what pushed images were made of, for people who ask later. `up` never asks it, and makes it
    # only when something was pushed; a rollback learns from it which revision a tag was built of.
    build_records: Callable[[], Sequence[ContentsStore]] = tuple
    # The commit that is checked out; "-" for none.
    commit: Callable[[], str] = lambda: "-"
    # How this checkout's commit stands to another one.
    ancestry: Callable[[str, str], Ancestry] = lambda _one, _other: Ancestry.UNKNOWN
    # When a commit was made, ISO 8601; "" where git does not say.
    committed: Callable[[str], str] = lambda _commit: ""
    # What names this project on all machines; "" where nothing does.
    project_id: Callable[[], str] = str
    # Whether tracked files differ from that commit, for which they may have to be read.
    is_changed: Callable[[], bool] = lambda: False
    records: RecordStore | None = None  # of stacks whose tags no parameter takes
    given: Mapping[str, str] = field(default_factory=dict)  # the context values of these, known once all is hashed
    # The list of the last synth, as it may travel with a deployment (see `carried`); None when it may not.
    publishable: Callable[[], Mapping[str, Any] | None] = lambda: None
    # Why the kernel left no record of the last synth though it could, and what to do; "" where nothing is amiss.
    obstacle: Callable[[], str] = str
    # Where it is kept for other machines what a synth found out (see `proofs`).
    proofs: Callable[[], ContentsStore | None] = lambda: None
    # What this machine knows of the values that CloudFormation hides.
    secrets: SecretValues = field(default_factory=lambda: LocalSecretValues(state_directory()))
    # Told which stacks there are, and the caller's account, once the names in the settings are resolved (`locate`).
    bind_names: Callable[[Mapping[str, StackPlace], str], None] = lambda _places, _account: None
    # The lifecycle rules of a repository: asked where an image is to have a version as its tag.
    lifecycle: Callable[[Repository], tuple[LifecycleRule, ...] | RepositoryAbsent] = lambda _repository: ()
    # Told which roles may be assumed for the repositories of images that the app declares itself.
    bind_roles: Callable[[Mapping[Repository, PublishingRole]], None] = lambda _roles: None
    # Under which address docker knows a repository, without a tag.
    address: Callable[[Repository, Identity], str] = ecr_address
    # When the last synth failed here, ISO 8601 in UTC; "" where it did not.
    last_failure: Callable[[], str] = str
    # What hashes of the infrastructure were made of, as far as they were made here.
    inputs: InputStore = field(default_factory=lambda: InputStore(cache_directory() / "inputs"))
    # DeployError where the CDK CLI cannot be started here; it starts nothing.
    check_cli: Callable[[], object] = lambda: None
    # Which properties of these types of resources replace them, as the CDK CLI knows it; None where nobody does.
    specification: Callable[[Collection[str]], Specification | None] = lambda _types: None
    # The deployed template of a nested stack, by the logical ids that lead to it; None where there is none.
    nested_template: Callable[[str, Sequence[str]], Any | None] = lambda _stack, _path: None
    store: AssemblyStore = field(default_factory=lambda: AssemblyStore(cache_directory() / "assemblies"))
    # The log of a container of a task that stopped; None where nobody can look at it.
    task_log: Callable[[StoppedTask, str], TaskLog | None] = lambda _task, _container: None
    # Takes the image assets of a new assembly out of the CDK CLI's hands; None where the settings leave them there.
    adopt: Callable[[Path], Mapping[str, Synthesised]] | None = None

    @property
    def synthesiser(self) -> Synthesiser:
        """What a synth takes."""
        given = self.given
        return Synthesiser(
            self.deployer,
            lambda: with_given(self.infrastructure(None), given),
            self.store,
            given,
            self.publishable,
            self.inputs,
            self.adopt,
        )


@dataclass(slots=True)
class CurrentRun:
    """What one run has at hand."""

    settings: Settings
    images: Sequence[ImageSettings]
    ports: Ports
    console: Console
    also_tags: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    assume_yes: bool = False
    wait_for_end: bool = True
    wait_seconds: float = 1800.0  # for what others began, and for rollouts that nobody confirmed
    chosen_assets: frozenset[str] | None = None  # of the images that the app declares, by --image; None for all
    repair_drift: bool = False  # now, whatever the settings say
    apart_seconds: float = 3.0  # the two looks by which a deployment is confirmed
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)  # of the deployed stacks
    new_because: dict[str, str] = field(default_factory=dict)  # by image: what made its tag new, where it is known
    layers: dict[str, str] = field(default_factory=dict)  # of built images: same or other than what ran before
    times_spent: dict[str, TimeSpent] = field(default_factory=dict)  # by stack: where the time of its deployment went
    lists: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # lists of others by the digest that they give
    timings: Timings = field(default_factory=Timings)
    synth_reasons: list[str] = field(default_factory=list)  # why a synth was needed until now, for who shows the plan
    events: Events = field(default_factory=Events)  # for a program that follows the run
    references: dict[str, str] = field(default_factory=dict)  # by image: what was built here, as docker pulls it
    _named: tuple[Settings, Sequence[ImageSettings]] | None = None
    _scratch: ExitStack = field(default_factory=ExitStack)

    @property
    def must_ask(self) -> bool:
        """Whether broader permissions need somebody's yes: on a terminal, and where the settings say so."""
        match self.settings.cdk.approval:
            case Approval.NEVER:
                return False
            case Approval.BROADENING:
                return not self.assume_yes
            case Approval.INTERACTIVE:
                return not self.assume_yes and (self.console.can_ask() or self.console.has_agent())
            case _:
                assert_never(self.settings.cdk.approval)

    @property
    def named(self) -> tuple[Settings, Sequence[ImageSettings]]:
        """The settings and the images as they were written, whatever their names of stacks have become since."""
        if self._named is None:
            self._named = self.settings, self.images
        return self._named

    def adopt_images(self, images: Sequence[ImageSettings], stacks: Collection[str]) -> bool:
        """Have these be the images that the app declares as assets, beside those of the settings. Whether they were
        others until now. `stacks` are those (by id) that chosen images of the settings go to: a template is written
        with all of its tags, or not at all."""
        settings, chosen = self.named
        own = tuple(each for each in settings.images if not each.is_asset)
        before = [each for each in settings.images if each.is_asset]
        for name in sorted((self.chosen_assets or frozenset()) - {each.name for each in images}):
            raise unknown_image(name, [each.name for each in (*own, *images)], settings.path)
        named = [each for each in images if self.chosen_assets is None or each.name in self.chosen_assets]
        assets = [each for each in images if each.stack in {*stacks, *(one.stack for one in named)}]
        chosen = [*(each for each in chosen if not each.is_asset), *assets]
        self._named = replace(settings, images=(*own, *images)), chosen
        return before != list(images)

    def infrastructure_by(self, document: Mapping[str, Any]) -> Fingerprint:
        """What synth reads by a list that is not this machine's own."""
        with self.timings.phase("hash by another list"):
            found = with_given(self.ports.infrastructure(document), self.ports.given)
        self.lists[str(found.digest)] = document
        return found

    def scratch(self) -> Path:
        """A new private directory, there until `close`."""
        return self._scratch.enter_context(private_directory("assembly"))

    def close(self) -> None:
        """Remove what the run kept on disk for itself."""
        self._scratch.close()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A named, timed and visible piece of work."""
        with self.console.spinner(name), self.timings.phase(name):
            yield

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Lines that are folded under a title where a CI system can do that; a line or none needs no fold."""
        if self.console.quiet or not in_github():
            yield
            return
        from rajee_deploy.system.github import group

        with group(printable(title)):
            yield


def chosen_stacks(run: CurrentRun) -> tuple[str, ...]:
    """The stacks this run is about: all of the settings, or with --image those that no left-out image has for itself.

    A stack that a chosen image shares with others is deployed; the others' tags stay as they are.
    """
    chosen = {image.name for image in run.images}
    own = {image.stack for image in run.images}
    others = {image.stack for image in run.settings.images if image.name not in chosen} - own
    return tuple(stack for stack in run.settings.cdk.stacks if stack not in others)


def unchosen_images(run: CurrentRun) -> dict[tuple[str, str], str]:
    """The images that --image leaves out, by the parameter that takes their tag."""
    chosen = {image.name for image in run.images}
    return {(image.stack, image.parameter): image.name for image in run.settings.images if image.name not in chosen}


def check_flags(run: CurrentRun, flags: Iterable[str]) -> None:
    """ConfigurationError `bad-flag` for a parameter of a stack that this run leaves out."""
    for flag in flags:
        stack, has_stack, _ = flag.partition("=")[0].rpartition(":")
        if has_stack and stack not in chosen_stacks(run):
            raise ConfigurationError(
                "bad-flag",
                f"--parameters {flag.partition('=')[0]}: --image leaves the stack {stack} out",
                hint="add --image with the image that it runs, or leave --image out",
            )
