"""Every "is it needed?": what is wanted and what was observed → the steps to do and the things to leave, with reasons.

Pure. It performs nothing and prints nothing; `up` executes what it returns and `plan` shows it, so the two cannot
disagree. What a stack's status allows is answered in `stack_status`; one that is not known there stops the run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import stack_status
from rajee_deploy.model.names import INFRA_PARAMETER, RECORDS, DeployBy, InfraCheck
from rajee_deploy.model.stack_status import Answer
from rajee_deploy.plan import image_check as trust
from rajee_deploy.plan import retention
from rajee_deploy.plan.drift import drift_cautions, drift_steps
from rajee_deploy.plan.infrastructure import InfrastructureVerdict, judge
from rajee_deploy.plan.parameter_changes import decide, unknown_parameter
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
    StackChange,
    Step,
    Tier,
    Via,
    WaitForStack,
)
from rajee_deploy.plan.tags import short_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.model import Notice, Repository
    from rajee_deploy.plan.parameter_changes import ParameterOutcome
    from rajee_deploy.plan.state import Observed, StackState, Wanted, WantedImage
    from rajee_deploy.plan.steps import Caution


def make_plan(wanted: Wanted, observed: Observed) -> Plan:
    """Decide. DeployError where the world forbids to go on (see the codes raised below)."""
    busy = waits(wanted.stacks, observed.stacks)
    if busy:
        # What is seen while an operation runs proves nothing: everything is observed again after it.
        return Plan(busy, ())
    steps: list[Step] = []
    skipped: list[Skip] = []
    notices: list[tuple[str, Notice]] = []
    outcomes: list[ParameterOutcome] = []
    builds = image_steps(wanted.images, observed, skipped)
    _check_tags(wanted.images)
    for image in wanted.images:
        notices += retention.expired(image, observed)
        notices += retention.leftover(image, observed)
        builds += retention.additional(image, observed)
    cautions: list[Caution] = []
    late: list[Step] = []
    for stack in wanted.stacks:
        received = [image for image in wanted.images if image.stack == stack]
        if received:
            # All builds come before the first stack that takes a tag: nothing is deployed unless every image is there.
            steps += builds
            builds = []
        step, outcome = _stack_step(stack, received, wanted, observed)
        outcomes.append(outcome)
        if isinstance(step, Skip):
            skipped.append(step)
            for image in received:
                steps += retention.live(image, observed, notices, deploys=False)
            more, known = drift_steps(stack, observed, wanted.drift)
            late += more
            cautions += known
        else:
            steps.append(shielded(step, received, observed, notices))
            cautions += drift_cautions(stack, observed, wanted.drift)
    steps += builds
    steps += late  # what one stack deploys may be what another's services wait for
    check_repositories(wanted.images, observed, steps)
    _check_flags(outcomes)
    cautions += [caution for each in outcomes for caution in each.cautions]
    return Plan(tuple(steps), tuple(skipped), tuple(notices), tuple(cautions))


def synth_reasons(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Why the app has to be synthesised before `make_plan` can decide; empty when it can decide already."""
    if waits(wanted.stacks, observed.stacks):
        return ()
    return tuple(
        f"{stack}: {reason}"
        for stack, state in _settled(wanted, observed)
        for reason in judge(stack, state, wanted).open
    )


def undecided(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """The stacks that are settled, and that hashes and what is remembered here do not decide, where hashes may."""
    by_hash = replace(wanted, check=InfraCheck.AUTO, synthesised={})
    return tuple(
        stack
        for stack, state in _settled(wanted, observed)
        if wanted.check_of(stack) is not InfraCheck.SYNTH and judge(stack, state, by_hash).open
    )


def proven(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """The stacks that stay as they are because the app is known to make them, though their record is another one."""
    found = []
    for stack, state in _settled(wanted, observed):
        made = wanted.synthesised.get(stack) or wanted.remembered.get(stack)
        known = replace(wanted, synthesised={stack: made}) if made is not None else None
        recorded = state.parameters.get(INFRA_PARAMETER) == str(wanted.infrastructure_of(stack).digest)
        if known is not None and not recorded and not wanted.impurities_of(stack):
            verdict = judge(stack, state, known)
            found += [stack] if verdict.tier is Tier.SYNTH and not verdict.differences else []
    return tuple(found)


def _settled(wanted: Wanted, observed: Observed) -> Iterator[tuple[str, StackPresent]]:
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


def has_moved(planned: StackState, now: StackState) -> bool:
    """Whether somebody changed a stack since it was planned, also in what its template alone says: CloudFormation tells
    when it did."""
    if isinstance(planned, StackAbsent) or isinstance(now, StackAbsent):
        return planned != now
    return (planned.status, planned.parameters, planned.since) != (now.status, now.parameters, now.since)


def objection(step: DeployStack, state: StackState) -> str:
    """What speaks against believing that the step was done; empty when the stack is complete and records it.

    A stack that was rolled back keeps that status when nothing is left to update (the step is forced, so CloudFormation
    itself has compared); then what it records decides.
    """
    match state:
        case StackAbsent():
            return "there is no such stack"
        case StackPresent(status=status):
            answer = stack_status.answer(status)
            is_settled = answer is Answer.COMPARE or (
                answer is Answer.DEPLOY and step.changes == (StackChange.ROLLED_BACK,)
            )
            if not is_settled:
                return f"the stack is {status}" + (f": {state.reason}" if state.reason else "")
            return "; ".join(differences(state, dict(step.declared)))
        case _:
            assert_never(state)


def as_built(step: DeployStack, state: StackState | None) -> DeployStack:
    """The step once the digests of what was built are known: they may be those that the stack has, and then no tag is a
    change."""
    if not step.digests or not isinstance(state, StackPresent):
        return step
    given = {key: value for key, value in step.declared if key not in RECORDS}
    if differences(state, given):
        return step
    return replace(step, changes=tuple(change for change in step.changes if change is not StackChange.TAG))


def is_undone(step: DeployStack, state: StackState) -> bool:
    """Whether a deploy that failed left the stack with what it ran before, so that its shields can go back there.

    Not while an operation is under way, nor after one that ended halfway: then either image may run.
    """
    match state:
        case StackAbsent():
            return False
        case StackPresent(status=status):
            answer = stack_status.answer(status)
            same = not differences(state, dict(step.declared))
            return answer is Answer.DEPLOY or (answer is Answer.COMPARE and not same)
        case _:
            assert_never(state)


def shielded(
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
    """The builds of what is not there; what is there is skipped. DeployErrors of `trust`."""
    steps: list[Step] = []
    for image in images:
        state = observed.images[image.name]
        match state:
            case ImagePresent(digest=digest):
                skipped.append(Skip(f"image {image.name}", f"{image.tag} is in {image.repository} as {digest}"))
            case ImageAbsent():
                steps.append(BuildAndPush(image.name, image.tag, f"{image.repository} has no image {image.tag}"))
            case RepositoryAbsent():
                steps.append(
                    BuildAndPush(image.name, image.tag, f"the repository {image.repository} does not exist yet")
                )
            case ImageInaccessible() | ImageForeign() | ImageOfOtherPlatform():
                error = trust.refused(image, state)
                assert error is not None  # noqa: S101 -- for the type checker: these are what it refuses
                raise error
            case _:
                assert_never(state)
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


def _previous(state: StackState) -> StackPresent | None:
    """The stack whose parameters stay as they are; None where it is made anew."""
    return state if isinstance(state, StackPresent) and not stack_status.is_made_anew(state.status) else None


def _stack_step(
    stack: str, received: Sequence[WantedImage], wanted: Wanted, observed: Observed
) -> tuple[DeployStack | Skip, ParameterOutcome]:
    tags = {image.parameter: parameter_of(image, observed) for image in received}
    state = observed.stacks[stack]
    tier = Tier.DEPLOY
    match state:
        case StackAbsent():
            _check_name(stack, wanted)
            outcome = decide(stack, None, wanted, observed, None, tags)
            why = [(StackChange.FIRST, "the stack does not exist")]
        case StackPresent():
            verdict = judge(stack, state, wanted)
            outcome = decide(stack, _previous(state), wanted, observed, verdict, tags)
            why = _reasons(stack, state, tags, (verdict, _id(stack, wanted)), outcome)
            tier = verdict.tier
            if not why:
                shown = ", ".join(f"{key} {short_digest(value)}" for key, value in tags.items())
                records = f", and it records {shown}" if shown else ""
                return Skip(f"stack {stack}", f"{state.status}{records}; {verdict.proof}", tier), outcome
        case _:
            assert_never(state)
    # Of the infrastructure there may be many.
    reasons = tuple(text for _, text in sorted(why, key=lambda one: one[0] is StackChange.INFRASTRUCTURE))
    # A repository that outlived its stack (retained on delete) would make a plain create fail.
    retained = any(not isinstance(observed.images[image.name], RepositoryAbsent) for image in wanted.images)
    step = DeployStack(
        stack,
        (*tags.items(), (INFRA_PARAMETER, str(wanted.infrastructure_of(stack).digest))),
        "; ".join(text for _, text in why),
        tuple(dict.fromkeys(change for change, _ in why)),
        adopt=why[0][0] is StackChange.FIRST and not received and retained,
        digests=tuple(
            (image.parameter, image.repository, image.tag)
            for image in received
            if image.deploy_by is DeployBy.DIGEST and retention.wanted_digest(image, observed) is None
        ),
        tier=Tier.DEPLOY if why[0][0] in (StackChange.FIRST, StackChange.ROLLED_BACK) else tier,
        via=Via.CLOUDFORMATION
        if wanted.by_cloudformation and {change for change, _ in why} <= {StackChange.TAG, StackChange.PARAMETER}
        else Via.CDK,
        reasons=reasons,
        by_change_set=isinstance(state, StackPresent) and stack_status.answer(state.status) is Answer.CREATE,
        values=outcome.values,
        parameter_changes=outcome.changes,
    )
    return step, outcome


def _check_name(stack: str, wanted: Wanted) -> None:
    """A stack that does not exist must be one that the app makes, where a synth of these very inputs is known."""
    known = wanted.synthesised or wanted.remembered
    if known and stack not in known:
        raise ConfigurationError(
            "no-such-stack",
            f"the CDK app has no stack {stack}",
            where="cdk.stacks of the settings",
            hint="it has: " + ", ".join(sorted(known)),
        )


def parameter_of(image: WantedImage, observed: Observed) -> str:
    """What the stack is to be told of the image. A digest that is only known after the build equals none recorded."""
    match image.deploy_by:
        case DeployBy.TAG:
            return image.tag
        case DeployBy.DIGEST:
            digest = retention.wanted_digest(image, observed)
            return str(digest) if digest is not None else f"the digest of {image.tag}"
        case _:
            assert_never(image.deploy_by)


def _id(stack: str, wanted: Wanted) -> str:
    """What the CDK calls a stack, where that is known."""
    made = wanted.synthesised.get(stack) or wanted.remembered.get(stack)
    return made.place.id if made is not None and made.place is not None else stack


def _reasons(
    stack: str,
    state: StackPresent,
    tags: Mapping[str, str],
    known: tuple[InfrastructureVerdict, str],
    outcome: ParameterOutcome,
) -> list[tuple[StackChange, str]]:
    verdict, name = known
    answer = stack_status.answer(state.status)
    # What a synth should have decided and did not is acted on.
    infrastructure = verdict.differences or verdict.open
    differing = [
        *((StackChange.INFRASTRUCTURE, text) for text in infrastructure),
        *((StackChange.TAG, text) for text in differences(state, tags)),
        *((StackChange.PARAMETER, text) for _, text in outcome.changes),
    ]
    match answer:
        case Answer.COMPARE:
            return differing
        case Answer.CREATE:
            return [(StackChange.FIRST, f"the stack has no resources yet ({state.status})")]
        case Answer.RECREATE:
            return [
                (
                    StackChange.FIRST,
                    f"the stack was never created ({state.status}): cdk deletes it and creates it again",
                )
            ]
        case Answer.DEPLOY:
            because = f": {state.reason}" if state.reason else ""
            undone = (StackChange.ROLLED_BACK, f"the last update was rolled back ({state.status}{because})")
            return [undone, *differing]
        case Answer.ROLL_BACK:
            raise DeployError(
                "stack-needs-rollback",
                f"stack {stack} is {state.status} and cannot be deployed",
                where=f"stack {stack}",
                cause=state.reason,
                hint=f"npx cdk rollback {name} (in the directory of cdk.json), then run again",
            )
        case Answer.STOP | Answer.WAIT:
            raise DeployError(
                "stack-not-deployable",
                f"stack {stack} is {state.status}",
                where=f"stack {stack}",
                cause=state.reason,
                hint="look at its events in the CloudFormation console, resolve it there, then run again",
            )
        case _:
            assert_never(answer)


def differences(state: StackPresent, parameters: Mapping[str, str]) -> list[str]:
    """What a stack is told otherwise than it is deployed with, in words."""
    found = []
    for key, value in parameters.items():
        deployed = state.parameters.get(key)
        if deployed == value:
            continue
        subject = "what the infrastructure records differs" if key in RECORDS else "the image changed"
        before = "none recorded" if deployed in (None, "", "-") else short_digest(deployed or "")
        found.append(f"{subject} ({key}): {before} → {short_digest(value)}")
    return found


def check_repositories(images: Sequence[WantedImage], observed: Observed, steps: Sequence[Step]) -> None:
    """A repository that is absent must come from a stack that is deployed before the build that needs it."""
    for image in images:
        if not isinstance(observed.images[image.name], RepositoryAbsent):
            continue
        build = next(i for i, step in enumerate(steps) if isinstance(step, BuildAndPush) and step.image == image.name)
        if not any(isinstance(step, DeployStack) for step in steps[:build]):
            raise DeployError(
                "no-repository",
                f"the repository {image.repository} does not exist and no stack is about to make it",
                where=f"image {image.name}",
                hint=_for_a_repository(image.repository),
            )


def _for_a_repository(repository: Repository) -> str:
    place, _, rest = repository.name.partition("/")
    if rest and not repository.host and not {".", ":"}.isdisjoint(place):
        return f"{place} is looked for in ECR, to which images are pushed: name a repository of it, like {rest}"
    make = (
        "" if repository.host else f"\nwithout such a stack: aws ecr create-repository --repository-name {repository}"
    )
    return f"check images.*.repository and the region; a stack that makes it must come first in cdk.stacks{make}"
