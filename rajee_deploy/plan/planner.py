"""Every "is it needed?": what is wanted and what was observed → the steps to do and the things to leave, with reasons.

Pure. It performs nothing and prints nothing; `execute` does what it returns and `render` shows it, so the two cannot
disagree. What a stack's status allows is answered in `stack_status`; one that is not known there stops the run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import stack_status
from rajee_deploy.model.names import INFRA_PARAMETER, InfraCheck
from rajee_deploy.plan import image_check, retention
from rajee_deploy.plan.infrastructure import judge
from rajee_deploy.plan.needs_synth import gone_images
from rajee_deploy.plan.parameter_changes import unknown_parameter
from rajee_deploy.plan.service_drift import drift_cautions, drift_steps
from rajee_deploy.plan.stack_step import stack_step, way_cautions
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImageForeign,
    ImageInaccessible,
    ImageOfOtherPlatform,
    ImagePresent,
    RepositoryAbsent,
    StackAbsent,
    StackPresent,
)
from rajee_deploy.plan.steps import (
    BuildAndPush,
    DeployStack,
    MoveTag,
    Plan,
    Skip,
    Step,
    Tier,
    WaitForStack,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.model import Notice
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.parameter_changes import ParameterOutcome
    from rajee_deploy.plan.state import Observed, StackState, Wanted, WantedImage
    from rajee_deploy.plan.steps import Caution


@dataclass(frozen=True, slots=True)
class SynthNeeded:
    """Only a synth can decide, and why."""

    reasons: tuple[str, ...]


def decide(wanted: Wanted, observed: Observed) -> Plan | SynthNeeded:
    """The plan, or why the app has to be synthesised first. DeployErrors of `make_plan`."""
    reasons = synth_reasons(wanted, observed)
    return SynthNeeded(reasons) if reasons else make_plan(wanted, observed)


def make_plan(wanted: Wanted, observed: Observed) -> Plan:
    """The plan, by what is known: where a synth is needed and there is none, it acts. DeployError where the world
    forbids to go on (see the codes raised below)."""
    busy = waits(wanted.stacks, observed.stacks)
    if busy:
        # What is seen while an operation runs proves nothing: everything is observed again after it.
        return Plan(busy, ())
    steps: list[Step] = []
    skipped: list[Skip] = []
    notices: list[tuple[str, Notice]] = []
    outcomes: list[ParameterOutcome] = []
    builds = _builds(wanted, observed, skipped, notices)
    cautions: list[Caution] = []
    late: list[Step] = []
    for stack in wanted.stacks:
        received = [image for image in wanted.images if image.stack == stack]
        if received:
            # All builds come before the first stack that takes a tag: nothing is deployed unless every image is there.
            steps += builds
            builds = []
        step, outcome = stack_step(stack, received, wanted, observed)
        outcomes.append(outcome)
        if isinstance(step, Skip):
            skipped.append(step)
            for image in received:
                steps += retention.live(image, observed, notices, deploys=False)
            more, known = drift_steps(stack, observed, wanted.drift)
            late += more
            cautions += known
        else:
            steps.append(shield(step, received, observed, notices))
            cautions += way_cautions(step, received, wanted, observed)
            cautions += drift_cautions(stack, observed, wanted.drift)
    steps += builds
    steps += late  # what one stack deploys may be what another's services wait for
    check_repositories(wanted.images, observed, steps)
    _check_flags(outcomes)
    cautions += [caution for each in outcomes for caution in each.cautions]
    return Plan(tuple(steps), tuple(skipped), tuple(notices), tuple(cautions))


def _builds(wanted: Wanted, observed: Observed, skipped: list[Skip], notices: list[tuple[str, Notice]]) -> list[Step]:
    """The builds, and the additional tags of what is there."""
    builds = image_steps(wanted.images, observed, skipped)
    _check_tags(wanted.images)
    for image in wanted.images:
        notices += retention.expiry_notices(image, observed)
        notices += retention.leftover(image, observed)
        notices += retention.version_notices(image, observed)
        builds += retention.additional(image, observed)
    return builds


def synth_reasons(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Why the app has to be synthesised before `make_plan` can decide; empty when it can decide already."""
    if waits(wanted.stacks, observed.stacks):
        return ()
    return tuple(
        f"{stack}: {reason}"
        for stack, state in _settled_stacks(wanted, observed)
        for reason in (*judge(stack, state, wanted).synth_reasons, *_lost_images(stack, state, wanted, observed))
    )


def _lost_images(stack: str, state: StackPresent, wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Images that only an assembly can make again, as long as there is none."""
    is_known = stack in wanted.synthesised or wanted.check_of(stack) is InfraCheck.HASH
    return () if is_known else gone_images(state, observed)


def undecided_stacks(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """The stacks that are settled, and that hashes and what is remembered here do not decide, where hashes may."""
    by_hash = replace(wanted, check=InfraCheck.AUTO, synthesised={})
    return tuple(
        stack
        for stack, state in _settled_stacks(wanted, observed)
        if wanted.check_of(stack) is not InfraCheck.SYNTH and judge(stack, state, by_hash).synth_reasons
    )


def proven(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """The stacks that stay as they are because the app is known to make them, though their record is another one."""
    found = []
    for stack, state in _settled_stacks(wanted, observed):
        made = wanted.synthesised.get(stack) or wanted.remembered.get(stack)
        known = replace(wanted, synthesised={stack: made}) if made is not None else None
        recorded = state.parameters.get(INFRA_PARAMETER) == str(wanted.infrastructure_of(stack).digest)
        # What is proved of templates says nothing of images that the app declares: their tags are no part of them.
        has_images = bool(state.images) or (made is not None and bool(made.images))
        if known is not None and not recorded and not wanted.impurities_of(stack) and not has_images:
            verdict = judge(stack, state, known)
            found += [stack] if verdict.tier is Tier.SYNTH and not verdict.differences else []
    return tuple(found)


def _settled_stacks(wanted: Wanted, observed: Observed) -> Iterator[tuple[str, StackPresent]]:
    for stack in wanted.stacks:
        state = observed.stacks[stack]
        if is_settled(state) and isinstance(state, StackPresent):
            yield stack, state


def is_settled(state: StackState) -> bool:
    """Whether a stack stands still after an operation that succeeded."""
    return isinstance(state, StackPresent) and stack_status.is_settled(state.status)


def is_busy(state: StackState) -> bool:
    """Whether an operation on the stack is under way that has to end before anything can be decided."""
    match state:
        case StackPresent(status=status):
            return stack_status.is_busy(status)
        case StackAbsent():
            return False
        case _:
            assert_never(state)


def shield(
    step: DeployStack, received: Sequence[WantedImage], observed: Observed, notices: list[tuple[str, Notice]]
) -> DeployStack:
    """The step with the tags that shield what runs and what will run."""
    before: list[MoveTag] = []
    undo: list[MoveTag] = []
    for image in received:
        before += retention.prev(image, observed, notices)
        before += retention.live(image, observed, notices)
        if retention.deployed_digest(image, observed) != retention.wanted_digest(image, observed):
            undo += retention.put_back(image, observed)
    return replace(step, before=tuple(before), undo=tuple(undo))


def _check_tags(images: Sequence[WantedImage]) -> None:
    """Two images cannot share an additional tag of one repository: each run would move it back and forth."""
    taken: dict[tuple[str, str], str] = {}
    for image in images:
        for tag in image.tags:
            other = taken.setdefault((str(image.repository), tag), image.name)
            if other != image.name:
                raise ConfigurationError(
                    "tag-shared",
                    f"the images {other} and {image.name} would share the tag {tag}",
                    where=str(image.repository),
                    hint="tell them apart with {image} in the tag",
                )


def waits(stacks: Sequence[str], states: Mapping[str, StackState]) -> tuple[WaitForStack, ...]:
    """The stacks on which somebody works: what is seen of them proves nothing."""
    return tuple(
        WaitForStack(stack, "another operation is under way on it") for stack in stacks if is_busy(states[stack])
    )


def image_steps(images: Sequence[WantedImage], observed: Observed, skipped: list[Skip]) -> list[Step]:
    """The builds of what is not there; what is there is skipped. DeployErrors of `image_check`."""
    steps: list[Step] = []
    built: dict[tuple[Repository, str], str] = {}
    for image in images:
        state = observed.images[image.name]
        other = built.get((image.repository, image.tag))
        match state:
            case ImageAbsent() | RepositoryAbsent() if other is not None:
                skipped.append(Skip(f"image {image.name}", f"{image.tag} is the image {other}, too"))
                continue
            case ImagePresent(digest=digest):
                skipped.append(Skip(f"image {image.name}", f"{image.tag} is in {image.repository} as {digest}"))
            case ImageAbsent():
                steps.append(BuildAndPush(image.name, image.tag, f"{image.repository} has no image {image.tag}"))
            case RepositoryAbsent():
                steps.append(
                    BuildAndPush(image.name, image.tag, f"the repository {image.repository} does not exist yet")
                )
            case ImageInaccessible() | ImageForeign() | ImageOfOtherPlatform():
                error = image_check.find_refusal(image, state)
                assert error is not None  # noqa: S101 -- for the type checker: these are what it refuses
                raise error
            case _:
                assert_never(state)
        if not isinstance(state, ImagePresent):
            built[image.repository, image.tag] = image.name
    return steps


def _check_flags(outcomes: Sequence[ParameterOutcome]) -> None:
    """A parameter that is given for all stacks is one of some stack at least."""
    nowhere = frozenset.intersection(*(each.absent for each in outcomes)) if outcomes else frozenset()
    if nowhere:
        stacks = [each.stack for each in outcomes]
        subject = (
            f"none of the stacks {', '.join(stacks)} has a" if len(stacks) > 1 else f"the stack {stacks[0]} has no"
        )
        known = {name for each in outcomes for name in each.takes}
        raise unknown_parameter(f"{subject} parameter {min(nowhere)}", known)


def check_repositories(images: Sequence[WantedImage], observed: Observed, steps: Sequence[Step]) -> None:
    """A repository that is absent must come from a stack that is deployed before the build that needs it."""
    for image in images:
        if not isinstance(observed.images[image.name], RepositoryAbsent):
            continue
        named = {each.name for each in images if (each.repository, each.tag) == (image.repository, image.tag)}
        build = next(i for i, step in enumerate(steps) if isinstance(step, BuildAndPush) and step.image in named)
        if not any(isinstance(step, DeployStack) for step in steps[:build]):
            raise DeployError(
                "no-repository",
                f"the repository {image.repository} does not exist and no stack is about to make it",
                where=f"image {image.name}",
                hint=_BOOTSTRAP if image.is_asset else _for_a_repository(image.repository),
            )


# A repository that was made by hand would stand in the way of the bootstrap.
_BOOTSTRAP = (
    "it is where the CDK pushes images that the app declares: npx cdk bootstrap (in the directory of cdk.json) makes it"
    ";\nwhere a stack of the app makes it, that one must come first in cdk.stacks"
)


def _for_a_repository(repository: Repository) -> str:
    place, _, rest = repository.name.partition("/")
    if rest and not repository.host and not {".", ":"}.isdisjoint(place):
        return f"{place} is looked for in ECR, to which images are pushed: name a repository of it, like {rest}"
    make = (
        "" if repository.host else f"\nwithout such a stack: aws ecr create-repository --repository-name {repository}"
    )
    return f"check images.*.repository and the region; a stack that makes it must come first in cdk.stacks{make}"
