"""The story of one run: observe, plan, execute. `plan` and `up` share every line up to the last.

It knows the order of things and what to say; whether something is needed is decided in `plan` alone.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from rajee_deploy import plan as plans
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import ImagePresent, Observed, Wanted, WantedImage
from rajee_deploy.image import base_images, build_request, read_inputs, reading_triggers
from rajee_deploy.places import cache_directory
from rajee_deploy.report.timings import Timings, duration
from rajee_deploy.stack.store import AssemblyStore
from rajee_deploy.steps import BuildAndPush, DeployStack, Plan, Tier, WaitForStack
from rajee_deploy.synthesis import Synthesis, Synthesiser, kept, recording, remembered, synthesise, unprovable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rajee_deploy.aws import Identity
    from rajee_deploy.console import Console
    from rajee_deploy.engine import BuildEvent, Engine
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.image import ImageInputs
    from rajee_deploy.registry import Registry
    from rajee_deploy.settings import ImageSettings, Settings
    from rajee_deploy.stack import StackDeployer, StackReader

POLL_SECONDS = 3.0
_TIERS = {
    Tier.HASH: "hash: what synth reads, and what is deployed, against what was recorded",
    Tier.SYNTH: "synth: what the app makes now against what is deployed",
    Tier.DEPLOY: "deploy: CloudFormation compares",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world, each part behind its small interface."""

    registry: Registry
    reader: StackReader
    deployer: StackDeployer
    engine: Engine
    identity: Callable[[], Identity]
    infrastructure: Callable[[], Fingerprint]
    revision: Callable[[], str] = lambda: "-"
    store: AssemblyStore = field(default_factory=lambda: AssemblyStore(cache_directory() / "assemblies"))

    @property
    def synthesiser(self) -> Synthesiser:
        """What a synth takes."""
        return Synthesiser(self.deployer, self.infrastructure, self.store)


@dataclass(slots=True)
class Context:
    """What one run has at hand."""

    settings: Settings
    images: Sequence[ImageSettings]
    ports: Ports
    console: Console
    timings: Timings = field(default_factory=Timings)
    _scratch: list[Path] = field(default_factory=list)

    def scratch(self) -> Path:
        """A new private directory, there until `close`."""
        made = Path(tempfile.mkdtemp(prefix="rajee-deploy-assembly-"))
        self._scratch.append(made)
        return made

    def close(self) -> None:
        """Remove what the run kept on disk for itself."""
        while self._scratch:
            shutil.rmtree(self._scratch.pop(), ignore_errors=True)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A named, timed and visible piece of work."""
        with self.console.spinner(name), self.timings.phase(name):
            yield


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it stands on."""

    plan: Plan
    wanted: Wanted
    inputs: dict[str, ImageInputs]
    identity: Identity
    observed: Observed
    synthesis: Synthesis | None = None


def make_plan(run: Context) -> Planned:
    """Observe and decide; it changes nothing, and needs no engine; node only where a synth has to decide."""
    ports, settings = run.ports, run.settings
    stacks = _stacks(run)
    # The network is asked while files are hashed; what is asked of it does not depend on them, but for the tags.
    with _threads() as pool:
        identity = pool.submit(ports.identity)
        states = {stack: pool.submit(ports.reader.observe, stack) for stack in stacks}
        with run.timings.phase("hash inputs"):
            inputs = {image.name: read_inputs(image) for image in run.images}
            infrastructure = ports.infrastructure() if stacks else None
        with run.timings.phase("ask AWS"):
            _check_account(settings, identity.result())
            found = {
                name: pool.submit(ports.registry.find_image, image.settings.repository, image.fingerprint.tag)
                for name, image in inputs.items()
            }
            observed = Observed(
                {name: state.result() for name, state in found.items()},
                {stack: state.result() for stack, state in states.items()},
            )
    who = identity.result()
    wanted = Wanted(tuple(_wanted(image) for image in inputs.values()), stacks, infrastructure, settings.infra_check)
    if infrastructure is not None:
        wanted = replace(wanted, remembered=remembered(ports.synthesiser, infrastructure, who))
    reasons = plans.synth_reasons(wanted, observed)
    synthesis = None
    if reasons and infrastructure is not None:
        synthesis = _synthesise(run, infrastructure, who, reasons)
        wanted = replace(wanted, infrastructure=synthesis.fingerprint, synthesised=synthesis.stacks)
    return Planned(plans.make_plan(wanted, observed), wanted, inputs, who, observed, synthesis)


def _synthesise(run: Context, planned: Fingerprint, who: Identity, reasons: Sequence[str] = ()) -> Synthesis:
    for reason in reasons:
        run.console.detail(f"synth decides: {reason}")
    with run.phase("synth"):
        into = run.scratch() / "cdk.out"
        return synthesise(run.ports.synthesiser, planned, who, into, run.console.working)


def show_plan(run: Context, planned: Planned) -> None:
    """Say what the plan is, with every reason."""
    console, who = run.console, planned.identity
    environment = f", environment {run.settings.environment}" if run.settings.environment else ""
    console.say(f"account {who.account}, region {who.region}{environment}", "dim")
    for name, image in planned.inputs.items():
        console.notices(name, image.notices)
    for skip in planned.plan.skipped:
        console.item("=", skip.subject, skip.reason, "green")
    for step in planned.plan.steps:
        match step:
            case BuildAndPush():
                console.item("+", f"build {step.image}", f"{step.tag}: {step.reason}", "cyan")
            case DeployStack():
                adopted = "; the repository exists already and is adopted" if step.adopt else ""
                console.item("+", f"deploy {step.stack}", step.reason + adopted, "cyan")
            case WaitForStack():
                console.item("~", f"wait for {step.stack}", step.reason, "yellow")
            case _:
                assert_never(step)
    if planned.plan.tier is not None:
        console.say(f"infrastructure decided by {_TIERS[planned.plan.tier]}", "dim")
    if planned.plan.is_empty:
        console.say("Nothing to do: nothing is built, pushed or deployed.", "bold green")


def settle(run: Context, wait_seconds: float) -> Planned:
    """Plan; while somebody else's operation runs, wait for its end and plan again from nothing."""
    deadline = time.monotonic() + wait_seconds
    while True:
        planned = make_plan(run)
        show_plan(run, planned)
        waits = [step for step in planned.plan.steps if isinstance(step, WaitForStack)]
        if not waits:
            return planned
        for step in waits:
            with run.phase(f"wait for {step.stack}"):
                _wait(run, step.stack, deadline)


def execute(run: Context, planned: Planned) -> None:
    """Do the plan's steps in their order."""
    steps = planned.plan.steps
    if not steps:
        return
    # What can fail without having changed anything comes first.
    if any(isinstance(step, BuildAndPush) for step in steps):
        with run.phase("find the engine"):
            run.console.detail(run.ports.engine.check())
    assembly = Path()
    deploys = [step for step in steps if isinstance(step, DeployStack)]
    if deploys:
        synthesis = _synthesis(run, planned)
        assembly = synthesis.assembly
        revision = run.ports.revision()
        recorded = {
            step.stack: recording(step, synthesis, planned.observed.stacks[step.stack], revision) for step in deploys
        }
        run.ports.deployer.check(assembly, list(recorded.values()))
        steps = tuple(recorded[step.stack] if isinstance(step, DeployStack) else step for step in steps)
    for step in steps:
        match step:
            case BuildAndPush():
                _build(run, step, planned.inputs[step.image])
            case DeployStack():
                _deploy(run, step, assembly)
            case WaitForStack():
                raise AssertionError("settle() leaves no waits")
            case _:
                assert_never(step)


def _synthesis(run: Context, planned: Planned) -> Synthesis:
    """The synth that the plan stood on, else the kept one of these very inputs, else a new one."""
    if planned.synthesis is not None:
        return planned.synthesis
    if planned.wanted.infrastructure is None:
        raise AssertionError("stacks are planned with the fingerprint of their infrastructure")
    found = kept(run.ports.synthesiser, planned.wanted.infrastructure, planned.identity, run.scratch() / "cdk.out")
    return found or _synthesise(run, planned.wanted.infrastructure, planned.identity)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """A pool that nobody waits for when something failed: a hanging call must not delay the error or the Ctrl-C."""
    pool = ThreadPoolExecutor(max_workers=4)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _build(run: Context, step: BuildAndPush, inputs: ImageInputs) -> None:
    repository = inputs.settings.repository
    access = run.ports.registry.push_access(repository)
    bases = base_images(inputs)
    if bases:
        with run.phase("look at base images"):
            for base in bases:
                found_triggers = run.ports.engine.base_triggers(base, inputs.options.platform, access)
                _check_triggers(base, reading_triggers(found_triggers), step)
    with run.phase(f"build and push {step.image}"), build_request(inputs, access.uri) as request:
        run.ports.engine.build_and_push(request, access, lambda event: _tell(run.console, event))
        # The registry is believed, not the exit code.
        found = run.ports.registry.find_image(repository, step.tag)
    match found:
        case ImagePresent(digest=digest):
            run.console.item("✓", f"image {step.image}", f"{request.reference} is {digest}", "green")
        case _:
            raise DeployError(
                "push-not-confirmed", f"the engine said it pushed {step.tag}, but the registry does not have it",
                where=request.reference, hint="run again; if it stays, look at the repository's permissions and events",
            )  # fmt: skip


def _check_triggers(base: str, triggers: Sequence[str], step: BuildAndPush) -> None:
    """What a base image's ONBUILD copies is not in the hash and not in the staged copy: such a build is refused."""
    if triggers:
        raise DeployError(
            "base-has-onbuild", f"the base image {base} reads the build context by ONBUILD",
            where=f"image {step.image}",
            cause="\n".join(triggers), hint="write these instructions into the Dockerfile and use a base without them",
        )  # fmt: skip


def _deploy(run: Context, step: DeployStack, assembly: Path) -> None:
    with run.phase(f"deploy {step.stack}"):
        run.ports.deployer.deploy(step, assembly, run.console.working)
        state = run.ports.reader.observe(step.stack)
    problem = plans.objection(step, state)
    if problem:
        raise DeployError(
            "deploy-not-confirmed", f"cdk said it deployed {step.stack}, but {problem}", where=f"stack {step.stack}",
            hint="look at the stack's events, then run again",
        )  # fmt: skip
    for doubt in unprovable(step, state):
        run.console.item("!", f"stack {step.stack}", doubt, "yellow")
    recorded = ", ".join(f"{key} {plans.short(value)}" for key, value in step.parameters)
    run.console.item("✓", f"stack {step.stack}", f"complete, and it records {recorded}", "green")


def _tell(console: Console, event: BuildEvent) -> None:
    if event.seconds is None:
        console.working(event.name)
    else:
        console.detail(f"{'cached' if event.cached else duration(event.seconds):>7}  {event.name}")


def _wait(run: Context, stack: str, deadline: float) -> None:
    while plans.is_busy(run.ports.reader.describe(stack)):
        if time.monotonic() > deadline:
            raise DeployError(
                "stack-busy", f"another operation on stack {stack} did not end in time", where=f"stack {stack}",
                hint="look who deploys it; run again, or give it longer with --wait",
            )  # fmt: skip
        time.sleep(POLL_SECONDS)


def _stacks(run: Context) -> tuple[str, ...]:
    """The stacks this run is about: all of the settings, or with --image those that no left-out image has for itself.

    A stack that a chosen image shares with others is deployed; the others' tags stay as they are.
    """
    chosen = {image.name for image in run.images}
    own = {image.stack for image in run.images}
    others = {image.stack for image in run.settings.images if image.name not in chosen} - own
    return tuple(stack for stack in run.settings.cdk.stacks if stack not in others)


def _wanted(inputs: ImageInputs) -> WantedImage:
    image = inputs.settings
    return WantedImage(image.name, inputs.fingerprint, image.repository, image.stack, image.parameter)


def _check_account(settings: Settings, who: Identity) -> None:
    if settings.account is not None and settings.account != who.account:
        raise DeployError(
            "wrong-account", f"these credentials are of account {who.account}, not {settings.account}",
            where=f"environments.{settings.environment}.account",
            hint="log in to the right account, or use its --profile",
        )  # fmt: skip
