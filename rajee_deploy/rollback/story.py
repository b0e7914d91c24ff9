"""What a rollback asks before it is planned, and its wish for the pipeline that carries plans out (see `converge`).

It asks and changes nothing. Which image is another room's (target), and so is what is done (plan).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy import plan as plans
from rajee_deploy import retention, stack_status, trust
from rajee_deploy.converge import Wish, converge
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.facts import (
    ImageOfOtherPlatform,
    ImagePresent,
    Observed,
    RepositoryAbsent,
    StackPresent,
    Tagged,
    Wanted,
    WantedImage,
)
from rajee_deploy.fingerprint import SCHEME, TAG_HEX, TAG_PREFIX, Fingerprint
from rajee_deploy.foreseen import foresee
from rajee_deploy.keepers import former_keeper_of, keeper_of
from rajee_deploy.model import Digest
from rajee_deploy.names import DeployBy
from rajee_deploy.observe import observe, observe_services, with_services
from rajee_deploy.planning import Materials, Planned, check_account
from rajee_deploy.report.history import History
from rajee_deploy.rollback import Return, Target
from rajee_deploy.rollback.past import check_recorded, inputs_of_tag, recorded_revision
from rajee_deploy.rollback.plan import Way, make_plan
from rajee_deploy.rollback.stacks import locate
from rajee_deploy.rollback.target import check_asked, fingerprint_of, for_other_platforms, previous
from rajee_deploy.screen import show_plan
from rajee_deploy.stack.how_to import cdk_command, declaring
from rajee_deploy.steps import BuildAndPush, DeployStack, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.aws import Identity
    from rajee_deploy.facts import ImageState, StackState
    from rajee_deploy.ports import Context
    from rajee_deploy.report.history import Run
    from rajee_deploy.rollback import Asked
    from rajee_deploy.rollback.past import Recorded
    from rajee_deploy.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class PlannedReturn(Planned):
    """A plan with the ways that its images go; as long as somebody is waited for, those that were known before."""

    ways: tuple[Way, ...] = field(default=())

    @property
    def returns(self) -> list[Return]:
        """The same by image, for people: what was needed, and whether anything was."""
        built = {step.image for step in self.plan.steps if isinstance(step, BuildAndPush)}
        deployed = {step.stack for step in self.plan.steps if isinstance(step, DeployStack)}
        return [
            Return(
                way.wanted.name, way.wanted.stack, way.before, way.target, way.revision, way.wanted.name in built,
                way.wanted.stack not in deployed,
            )
            for way in self.ways
        ]  # fmt: skip


def roll_back(run: Context, asked: Asked) -> list[Return]:
    """Make the stacks run what they ran before, or the tag that was asked for. Whether anything was to be done is in
    what it returns.

    DeployErrors `not-deployed`, `no-previous`, `unknown-revision`, `revision-differs`, `stack-busy`,
    `stack-not-updatable`, and all of building and deploying.
    """
    return converge(run, _wish(run, asked), asked.wait_seconds, lambda _planned: None).returns


def preview(run: Context, asked: Asked) -> PlannedReturn:
    """What `roll_back` would do, or the DeployError that it would end with. Nothing is changed."""
    return foresee(run, _wish(run, asked).plan(None))


def show(run: Context, planned: PlannedReturn) -> None:
    """Say where each image goes back to, then the plan."""
    for way in planned.ways:
        run.console.item("→", f"image {way.wanted.name}", f"{way.target.tag}: {way.target.why}", "cyan")
        if not way.revision.strip("-"):
            run.console.warn(f"image {way.wanted.name}", "nothing tells which revision it was built of")
    show_plan(run, planned)


def _wish(run: Context, asked: Asked) -> Wish[PlannedReturn]:
    check_asked(asked)
    who = run.ports.identity()
    check_account(run.settings, who)
    asked = replace(asked, images=locate(run, who, asked.images))
    return Wish(
        plan=partial(_plan, run, asked, who), show=lambda planned: show(run, planned), poll_seconds=asked.poll_seconds
    )


def _plan(run: Context, asked: Asked, who: Identity, before: PlannedReturn | None) -> PlannedReturn:
    """Observe and decide. Where the images go back to is decided once: what ran before is another image as soon as
    somebody else deployed, or this very run has moved its tags."""
    names = tuple(dict.fromkeys(image.stack for image in asked.images))
    known = {way.wanted.name: way for way in before.ways} if before else {}
    with run.phase("look for the image"):
        states = {stack: run.ports.reader.observe(stack) for stack in names}
        waits = plans.waits(names, states)
        if waits:
            ways = before.ways if before else ()
            return PlannedReturn(
                Plan(waits, ()), Wanted((), names), {}, who, Observed({}, states), is_of_checkout=False, ways=ways
            )  # fmt: skip
        settled = {stack: _updatable(run, stack, state) for stack, state in states.items()}
        found = [_way(run, asked, image, settled[image.stack], who, known.get(image.name)) for image in asked.images]
        images = tuple(each.way.wanted for each in found)
        observed = observe(run.ports.registry, images, states)
        observed = with_services(observed, observe_services(run.ports.services, run.ports.watcher, states))
        for each in found:
            _check_image(each, observed.images[each.settings.name])
            if asked.tag is None and each.settings.name in known:
                _check_same(each.way, settled[each.settings.stack], observed)
    ways = tuple(each.way for each in found)
    past = {
        each.settings.name: partial(_materials, run, each, asked)
        for each in found
        if not isinstance(observed.images[each.settings.name], ImagePresent)
    }
    return PlannedReturn(
        make_plan(ways, observed), Wanted(images, names), {}, who, observed, past=past, is_of_checkout=False, ways=ways
    )  # fmt: skip


def _updatable(run: Context, stack: str, state: StackState) -> StackPresent:
    """The stack, if it is there and takes updates."""
    if not isinstance(state, StackPresent):
        raise DeployError(
            "not-deployed", f"there is no stack {stack} to roll back", where=f"stack {stack}",
            hint="check the environment, the region and the profile; rajee-deploy up deploys it first",
        )  # fmt: skip
    if not stack_status.is_updatable(state.status):
        raise DeployError(
            "stack-not-updatable", f"stack {stack} is {state.status}, which takes no update",
            where=f"stack {stack}", cause=state.reason,
            hint=f"{cdk_command(run.settings.cdk.app, 'rollback', run.settings.place_of(stack).id)}\n"
            "or look at its events in the CloudFormation console; then run again",
        )  # fmt: skip
    return state


@dataclass(frozen=True, slots=True)
class _Found:
    """A way with what is needed where the image has to be built; whether the image says itself that it is it."""

    way: Way
    settings: ImageSettings
    recorded: Recorded
    is_labelled: bool


def _way(
    run: Context, asked: Asked, image: ImageSettings, state: StackPresent, who: Identity, known: Way | None
) -> _Found:
    before = _deployed(run, image, state)
    # As the stack has it, whatever the settings say by now: its template takes one of the two.
    by = DeployBy.DIGEST if before.startswith("sha256:") else DeployBy.TAG
    wanted = WantedImage(
        image.name, _named(asked.tag or ""), image.repository, image.stack, image.parameter, image.platforms, by,
        keeper_of(run.settings, image, who), former_keeper=former_keeper_of(run.settings, image, who),
    )  # fmt: skip
    if known is not None:
        target = known.target
    elif asked.tag is not None:
        target = Target(asked.tag, "it was asked for")
    else:
        deployed = retention.deployed_reference(wanted, state)
        target = previous(run.ports.registry, wanted, deployed, _past_runs(run), run.settings)
    there = _fingerprint_there(run, wanted, target.tag)
    wanted = replace(wanted, fingerprint=there or _named(target.tag))
    recorded = recorded_revision(run.ports.contents(), image, target.tag)
    way = Way(wanted, target, known.before if known else before, recorded.revision)
    return _Found(way, image, recorded, is_labelled=there is not None)


def _deployed(run: Context, image: ImageSettings, state: StackPresent) -> str:
    """What the stack says that it runs. ConfigurationError and DeployError `no-parameter` where it cannot be told
    another."""
    if image.context_key:
        raise ConfigurationError(
            "no-parameter", f"the tag of {image.name} lies in the template of {image.stack}, which a rollback keeps",
            where=f"images.{image.name}.context-key",
            hint="check out the former revision, then: rajee-deploy up --allow-rollback; or give the stack a parameter",
        )  # fmt: skip
    before = state.parameters.get(image.parameter, "")
    if not before:
        raise DeployError(
            "no-parameter", f"stack {image.stack} has no parameter {image.parameter} for the image {image.name}",
            where=f"stack {image.stack}",
            hint=f"{declaring(run.settings.cdk.app, [image.parameter])}; then rajee-deploy up deploys it",
        )  # fmt: skip
    return before


def _check_image(found: _Found, state: ImageState) -> None:
    """What is there must be what its tag says; what is not there must be known to be of a revision."""
    if found.is_labelled and isinstance(state, ImageOfOtherPlatform):
        raise for_other_platforms(found.way.wanted, state.platforms)
    problem = trust.refused(found.way.wanted, state)
    if problem is not None:
        raise problem
    if not isinstance(state, ImagePresent | RepositoryAbsent):
        check_recorded(found.settings, found.way.target.tag, found.recorded)


def _check_same(way: Way, state: StackPresent, observed: Observed) -> None:
    """That nobody deployed a third image since the one before was asked for: it may be the very repair. DeployError
    `stack-changed`."""
    image, now = way.wanted, state.parameters.get(way.wanted.parameter, "")
    if now not in (way.before, plans.parameter_of(image, observed)):
        raise DeployError(
            "stack-changed", f"somebody else deployed {plans.short(now)} just now, in the place of the image that was "
            f"to go back ({plans.short(way.before)})", where=f"stack {image.stack}",
            hint="rajee-deploy status shows what it runs; where it is to go back all the same: "
            f"rajee-deploy rollback {way.target.tag} --image {quote(image.name)}",
        )  # fmt: skip


def _past_runs(run: Context) -> tuple[Run, ...]:
    """The runs of this machine's history; none, with a word, where it cannot be read."""
    try:
        return History().runs()[0]
    except DeployError as error:
        run.console.say(f"{error.problem} ({error.where}: {error.cause}), so nothing is known from it", "yellow")
        return ()


def _named(tag: str) -> Fingerprint:
    """As much of a fingerprint as a tag tells: no image's label equals it."""
    return Fingerprint(SCHEME, Digest("sha256", tag.removeprefix(TAG_PREFIX)[:TAG_HEX]), ())


def _fingerprint_there(run: Context, image: WantedImage, tag: str) -> Fingerprint | None:
    """The fingerprint in the label of the image that has the tag, where that is a fingerprint of this tag."""
    found = run.ports.registry.find(image.repository, [tag])
    state = found[tag] if not isinstance(found, RepositoryAbsent) else None
    if not isinstance(state, Tagged):
        return None
    content = run.ports.registry.read_content(image.repository, state.digest, image.platforms[0])
    fingerprint = fingerprint_of(content.fingerprint)
    return fingerprint if fingerprint is not None and fingerprint.tag == tag else None


@contextmanager
def _materials(run: Context, found: _Found, asked: Asked) -> Iterator[Materials]:
    """What the image is built of: the files of the revision that it was built of, as long as they give its tag."""
    image, tag = found.settings, found.way.target.tag
    with ExitStack() as checkout:
        with run.phase(f"check out {found.recorded.revision[:12]} for {image.name}"):
            inputs, labels = checkout.enter_context(inputs_of_tag(image, tag, found.recorded, asked.origin))
        its = inputs.settings.platforms
        if not {*found.way.wanted.platforms} <= {*its}:
            raise for_other_platforms(found.way.wanted, ", ".join(map(str, its)))
        yield Materials(replace(inputs, settings=replace(inputs.settings, repository=image.repository)), labels)
