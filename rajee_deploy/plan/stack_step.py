"""What one stack needs: the step that deploys it with its reasons, or why it is left as it is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import stack_status
from rajee_deploy.model.names import ASSET_PREFIX, IMAGES_PARAMETER, INFRA_PARAMETER, RECORDS, DeployBy
from rajee_deploy.model.stack_status import Answer
from rajee_deploy.plan import retention
from rajee_deploy.plan.infrastructure import InfrastructureVerdict, judge
from rajee_deploy.plan.needs_synth import gone_images
from rajee_deploy.plan.parameter_changes import decide
from rajee_deploy.plan.retag import too_large
from rajee_deploy.plan.state import (
    RepositoryAbsent,
    StackAbsent,
    StackPresent,
)
from rajee_deploy.plan.steps import (
    Caution,
    DeployStack,
    Skip,
    StackChange,
    Tier,
    Via,
)
from rajee_deploy.plan.tags import parameter_text, records_text, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.parameter_changes import ParameterOutcome
    from rajee_deploy.plan.state import Observed, StackState, Wanted, WantedImage

_RECORDS = (*RECORDS, IMAGES_PARAMETER)


def _previous(state: StackState) -> StackPresent | None:
    """The stack whose parameters stay as they are; None where it is made anew."""
    return state if isinstance(state, StackPresent) and not stack_status.is_made_anew(state.status) else None


def stack_step(
    stack: str, received: Sequence[WantedImage], wanted: Wanted, observed: Observed
) -> tuple[DeployStack | Skip, ParameterOutcome]:
    tags = {image.parameter: parameter_of(image, observed) for image in received}
    state = observed.stacks[stack]
    tier, gone = Tier.DEPLOY, False
    match state:
        case StackAbsent():
            _check_name(stack, wanted)
            outcome = decide(stack, None, wanted, observed, None, tags)
            why = [(StackChange.FIRST, "the stack does not exist")]
        case StackPresent():
            verdict = judge(stack, state, wanted)
            outcome = decide(stack, _previous(state), wanted, observed, verdict, tags)
            why = _reasons(stack, state, tags, (verdict, _id(stack, wanted)), outcome)
            if stack in wanted.synthesised:
                why += [(StackChange.INFRASTRUCTURE, text) for text in _other_records(state, received, tags)]
            lost = gone_images(state, observed) if stack not in wanted.synthesised else ()
            why, gone = [*why, *((StackChange.TAG, text) for text in lost)], bool(lost)
            tier = verdict.tier
            if not why:
                shown = records_text(tags or {each.parameter: each.tag for each in state.images})
                records = f", and it records {shown}" if shown else ""
                return Skip(f"stack {stack}", f"{state.status}{records}; {verdict.proof}", tier, verdict.but), outcome
        case _:
            assert_never(state)
    # A repository that outlived its stack (retained on delete) would make a plain create fail.
    retained = any(not isinstance(observed.images[image.name], RepositoryAbsent) for image in wanted.images)
    return DeployStack(
        stack,
        (*tags.items(), (INFRA_PARAMETER, str(wanted.infrastructure_of(stack).digest))),
        "; ".join(text for _, text in why),
        tuple(dict.fromkeys(change for change, _ in why)),
        imports_existing=why[0][0] is StackChange.FIRST and not received and retained,
        digests=_open_digests(received, observed),
        tier=Tier.DEPLOY if why[0][0] in (StackChange.FIRST, StackChange.ROLLED_BACK) else tier,
        via=Via.CDK if gone else _way(state, wanted, received, {change for change, _ in why}),
        why=tuple(why),
        by_change_set=isinstance(state, StackPresent) and stack_status.answer(state.status) is Answer.CREATE,
        values=outcome.values,
        parameter_changes=outcome.changes,
    ), outcome


def _way(state: StackState, wanted: Wanted, received: Sequence[WantedImage], changes: set[StackChange]) -> Via:
    """Who deploys: CloudFormation alone where the settings let it and the template stays, or can be given with other
    tags where it is the template that names them."""
    is_alone = wanted.by_cloudformation and changes <= {StackChange.TAG, StackChange.PARAMETER}
    return Via.CLOUDFORMATION if is_alone and not way_obstacle(state, received) else Via.CDK


def way_cautions(
    step: DeployStack, received: Sequence[WantedImage], wanted: Wanted, observed: Observed
) -> list[Caution]:
    """Why the CDK CLI deploys what the settings let CloudFormation do alone."""
    is_alone = wanted.by_cloudformation and {*step.changes} <= {StackChange.TAG, StackChange.PARAMETER}
    obstacle = way_obstacle(observed.stacks[step.stack], received) if is_alone and step.via is Via.CDK else ""
    text = f'the CDK CLI deploys it, though tag-only is "cloudformation": {obstacle}'
    return [Caution("tag-only-by-cdk", f"stack {step.stack}", text)] if obstacle else []


def way_obstacle(state: StackState, received: Sequence[WantedImage]) -> str:
    """Why CloudFormation alone cannot have a stack run other images; "" where it can."""
    assets = [image for image in received if image.is_asset]
    if not assets or not isinstance(state, StackPresent):
        return ""
    recorded = {each.parameter: each for each in state.images}
    for image in assets:
        found = recorded.get(image.parameter)
        if found is None or found.repository.name != image.repository.name:
            return f"it does not record the image {image.name}"
    return state.retag_obstacle or too_large(state.template_size)


def _open_digests(received: Sequence[WantedImage], observed: Observed) -> tuple[tuple[str, Repository, str], ...]:
    """The parameters that take a digest that is only known after the build, with the tag that will name it."""
    return tuple(
        (image.parameter, image.repository, image.tag)
        for image in received
        if image.deploy_by is DeployBy.DIGEST and retention.wanted_digest(image, observed) is None
    )


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
    infrastructure = verdict.differences or verdict.synth_reasons
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
            raise _needs_rollback(stack, state, name)
        case Answer.STOP | Answer.WAIT:
            raise _not_deployable(stack, state)
        case _:
            assert_never(answer)


def _other_records(state: StackPresent, received: Sequence[WantedImage], tags: Mapping[str, str]) -> Iterator[str]:
    """What a stack records of images that the app declares and that it does not run so, but for their tags: other
    repositories, and images that it has not. Whoever goes back by the record would go there."""
    recorded = {each.parameter: each.repository.name for each in state.images}
    own = {image.parameter: image.repository.name for image in received if image.is_asset}
    differing = {key for key in {*recorded, *own} if recorded and recorded.get(key) != own.get(key)}
    told = {key for key in differing if key in tags and state.parameters.get(key) != tags[key]}
    names = sorted(key.removeprefix(ASSET_PREFIX) for key in differing - told)
    if names:
        yield f"what it records of its images is not what it runs: {', '.join(names)}"


def _needs_rollback(stack: str, state: StackPresent, name: str) -> DeployError:
    return DeployError(
        "stack-needs-rollback",
        f"stack {stack} is {state.status} and cannot be deployed",
        where=f"stack {stack}",
        cause=state.reason,
        hint=f"npx cdk rollback {name} (in the directory of cdk.json), then run again",
    )


def _not_deployable(stack: str, state: StackPresent) -> DeployError:
    return DeployError(
        "stack-not-deployable",
        f"stack {stack} is {state.status}",
        where=f"stack {stack}",
        cause=state.reason,
        hint="look at its events in the CloudFormation console, resolve it there, then run again",
    )


def differences(state: StackPresent, parameters: Mapping[str, str]) -> list[str]:
    """What a stack is told otherwise than it is deployed with, in words."""
    found = []
    for key, value in parameters.items():
        deployed = state.parameters.get(key)
        if deployed == value:
            continue
        subject = "what the infrastructure records differs" if key in _RECORDS else "the image changed"
        subject = f"{subject} ({key})" if parameter_text(key) == key else f"the {parameter_text(key)} changed"
        before = "none recorded" if deployed in (None, "", "-") else short_digest(deployed or "")
        found.append(f"{subject}: {before} → {short_digest(value)}")
    return found
