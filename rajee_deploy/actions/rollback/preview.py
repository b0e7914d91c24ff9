"""What a rollback asks before it is planned, and its wish for the pipeline that carries plans out (see `converge`).

It asks and changes nothing. Which image is another room's (ways, target), and so is what is done (plan).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy.actions.converge import Wish, converge
from rajee_deploy.actions.heading import complete_heading
from rajee_deploy.actions.observe import check_account, observe, observe_services, with_services
from rajee_deploy.actions.planned import Materials, Planned
from rajee_deploy.actions.preflight import preflight
from rajee_deploy.actions.render import show_plan
from rajee_deploy.actions.rollback import Return
from rajee_deploy.actions.rollback.past import inputs_of_tag
from rajee_deploy.actions.rollback.stacks import find_images
from rajee_deploy.actions.rollback.target import check_asked, for_other_platforms
from rajee_deploy.actions.rollback.ways import check_image, check_same, find_way
from rajee_deploy.console.rows import Row
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model import stack_status
from rajee_deploy.model.revision import short_commit
from rajee_deploy.plan import planner, stack_step
from rajee_deploy.plan.rollback import Way, plan_rollback
from rajee_deploy.plan.state import ImagePresent, Observed, StackPresent, Wanted
from rajee_deploy.plan.steps import BuildAndPush, DeployStack, Plan
from rajee_deploy.synth.how_to import cdk_command
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.actions.rollback import Asked
    from rajee_deploy.actions.rollback.ways import FoundWay
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.plan.state import StackState


@dataclass(frozen=True, slots=True)
class PlannedReturn(Planned):
    """A plan with the ways that its images go; as long as somebody is waited for, those that were known before."""

    ways: tuple[Way, ...] = field(default=())

    @property
    def returns(self) -> list[Return]:
        """The same by image, for people: what was needed, and whether anything was."""
        built = {step.image for step in self.plan.steps if isinstance(step, BuildAndPush)}
        return [
            Return(
                way.wanted.name,
                way.wanted.stack,
                way.before,
                way.target,
                way.revision,
                way.wanted.name in built,
                self._was_there(way),
            )
            for way in self.ways
        ]

    def _was_there(self, way: Way) -> bool:
        """Whether the stack ran it when somebody asked; a plan that was made anew may find it there by then."""
        deploys = any(isinstance(step, DeployStack) and step.stack == way.wanted.stack for step in self.plan.steps)
        return not deploys and way.before == stack_step.parameter_of(way.wanted, self.observed)


def roll_back(run: CurrentRun, asked: Asked) -> PlannedReturn:
    """Make the stacks run what they ran before, or the tag that was asked for. Whether anything was to be done is in
    what it returns.

    DeployErrors `not-deployed`, `no-previous`, `unknown-revision`, `revision-differs`, `stack-busy`,
    `stack-not-updatable`, and all of building and deploying.
    """
    return converge(run, _wish(run, asked), asked.wait_seconds, lambda _planned: None)


def preview(run: CurrentRun, asked: Asked) -> PlannedReturn:
    """What `roll_back` would do, or the DeployError that it would end with. Nothing is changed."""
    return preflight(_wish(run, asked).plan(None))


def show(run: CurrentRun, planned: PlannedReturn) -> None:
    """Say where each image goes back to, then the plan."""
    run.console.blank()
    run.console.rows(
        [Row("→", "", way.wanted.name, f"{short(way.target.tag)}: {way.target.why}") for way in planned.ways]
    )
    for way in planned.ways:
        if not way.revision.strip("-"):
            run.console.warn(f"image {way.wanted.name}", "no record says which revision it was built from")
    show_plan(run, planned)


def _wish(run: CurrentRun, asked: Asked) -> Wish[PlannedReturn]:
    if not run.settings.cdk.adopts_images:
        check_asked(asked)
    run = replace(run)  # what its names mean is in the plans alone
    who = run.ports.identity()
    check_account(run.settings, who)
    complete_heading(run, who)
    asked = find_images(run, who, asked)
    check_asked(asked)
    return Wish(
        plan=partial(_plan, run, asked, who), show=lambda planned: show(run, planned), poll_seconds=asked.poll_seconds
    )


def _plan(run: CurrentRun, asked: Asked, who: Identity, before: PlannedReturn | None) -> PlannedReturn:
    """Observe and decide. Where the images go back to is decided once: what ran before is another image as soon as
    somebody else deployed, or this very run has moved its tags."""
    names = tuple(dict.fromkeys(image.stack for image in asked.images))
    known = {way.wanted.name: way for way in before.ways} if before else {}
    with run.phase("look for the image"):
        states = {stack: run.ports.reader.observe(stack) for stack in names}
        waits = planner.waits(names, states)
        if waits:
            ways = before.ways if before else ()
            return PlannedReturn(
                Plan(waits, ()), Wanted((), names), {}, who, Observed({}, states), run, is_of_checkout=False, ways=ways
            )
        settled = {stack: _updatable(run, stack, state) for stack, state in states.items()}
        found = [
            find_way(run, asked, image, settled[image.stack], who, known.get(image.name)) for image in asked.images
        ]
        images = tuple(each.way.wanted for each in found)
        observed = observe(run.ports.registry, images, states)
        observed = with_services(observed, observe_services(run.ports.services, run.ports.watcher, states))
        for each in found:
            check_image(each, observed.images[each.settings.name])
            if asked.tag is None and each.settings.name in known:
                check_same(each.way, settled[each.settings.stack], observed)
    ways = tuple(each.way for each in found)
    past = {
        each.settings.name: partial(_materials, run, each, asked)
        for each in found
        if not isinstance(observed.images[each.settings.name], ImagePresent)
    }
    plan, wanted = plan_rollback(ways, observed), Wanted(images, names)
    return PlannedReturn(plan, wanted, {}, who, observed, run, past=past, is_of_checkout=False, ways=ways)


def _updatable(run: CurrentRun, stack: str, state: StackState) -> StackPresent:
    """The stack, if it is there and takes updates."""
    if not isinstance(state, StackPresent):
        raise DeployError(
            "not-deployed",
            f"there is no stack {stack} to roll back",
            where=f"stack {stack}",
            hint="check the environment, the region and the profile; rajee-deploy up deploys it first",
        )
    if not stack_status.is_updatable(state.status):
        raise DeployError(
            "stack-not-updatable",
            f"stack {stack} is {state.status}, which takes no update",
            where=f"stack {stack}",
            cause=state.reason,
            hint=f"{cdk_command(run.settings.cdk.app, 'rollback', run.settings.place_of(stack).id)}\n"
            "or look at its events in the CloudFormation console; then run again",
        )
    return state


@contextmanager
def _materials(run: CurrentRun, found: FoundWay, asked: Asked) -> Iterator[Materials]:
    """What the image is built of: the files of the revision that it was built of, as long as they give its tag."""
    image, tag = found.settings, found.way.target.tag
    with ExitStack() as checkout:
        with run.phase(f"check out {short_commit(found.recorded.revision)} for {image.name}"):
            inputs, labels = checkout.enter_context(inputs_of_tag(image, tag, found.recorded, asked.origin))
        its = inputs.settings.platforms
        if not {*found.way.wanted.platforms} <= {*its}:
            raise for_other_platforms(found.way.wanted, ", ".join(map(str, its)))
        yield Materials(replace(inputs, settings=replace(inputs.settings, repository=image.repository)), labels)
