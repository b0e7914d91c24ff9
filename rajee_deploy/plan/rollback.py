"""The way back of images, as a plan: which stacks are updated, what is built for it, which tags move. Pure.

A rollback wishes for another tag of an image and for nothing else, so every stack keeps its template (but for the tags
in it, where the app itself declares the image): CloudFormation updates it alone. What is decided of images, tags and
services is decided as for every other plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import stack_status
from rajee_deploy.model.names import (
    IMAGES_PARAMETER,
    INFRA_PARAMETER,
    NOT_RECORDED,
    REVISION_PARAMETER,
    TEMPLATE_PARAMETER,
    DeployBy,
    Drift,
)
from rajee_deploy.model.revision import commit_of
from rajee_deploy.plan import planner, retention, stack_step
from rajee_deploy.plan.service_drift import drift_cautions, drift_steps
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import BuildAndPush, DeployStack, Plan, Skip, StackChange, Step, Via
from rajee_deploy.plan.tagged_templates import encode_images, succeed
from rajee_deploy.plan.tags import records_text
from rajee_deploy.plan.template_differences import record_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.model import Notice
    from rajee_deploy.plan.state import Observed, WantedImage
    from rajee_deploy.plan.steps import Caution


@dataclass(frozen=True, slots=True)
class Target:
    """The tag that an image goes back to, and how it is known."""

    tag: str
    why: str


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of one image: as it is to be, what its stack says of it now, where it goes back to, and of which
    revision that was made ("-" where nobody recorded it; with `-dirty` behind it where tracked files differed)."""

    wanted: WantedImage
    target: Target
    before: str
    revision: str


def plan_rollback(ways: Sequence[Way], observed: Observed) -> Plan:
    """Decide. The stacks are there, and take updates. DeployErrors of `plan`: `no-repository`, and of `image_check`."""
    images = [way.wanted for way in ways]
    skipped: list[Skip] = []
    notices: list[tuple[str, Notice]] = []
    cautions: list[Caution] = []
    late: list[Step] = []
    steps: list[Step] = [_from_revision(step, ways) for step in planner.image_steps(images, observed, skipped)]
    for image in images:
        notices += retention.expiry_notices(image, observed)
    for stack in dict.fromkeys(image.stack for image in images):
        mine = [way for way in ways if way.wanted.stack == stack]
        received = [way.wanted for way in mine]
        step = _stack_step(stack, mine, observed)
        if isinstance(step, Skip):
            skipped.append(step)
            for image in received:
                steps += retention.live(image, observed, notices, deploys=False)
            more, known = drift_steps(stack, observed, Drift.LEAVE)
            late += more
            cautions += known
        else:
            steps.append(planner.shield(step, received, observed, notices))
            cautions += drift_cautions(stack, observed, Drift.LEAVE)
    steps += late
    planner.check_repositories(images, observed, steps)
    return Plan(tuple(steps), tuple(skipped), tuple(notices), tuple(cautions))


def _from_revision(step: Step, ways: Sequence[Way]) -> Step:
    """The build of what the registry lost, with the revision that it is built from."""
    if not isinstance(step, BuildAndPush):
        return step
    way = next(way for way in ways if way.wanted.name == step.image)
    return BuildAndPush(step.image, step.tag, f"{way.wanted.repository} lost it; from {way.revision}")


def _stack_step(stack: str, ways: Sequence[Way], observed: Observed) -> DeployStack | Skip:
    """The update of the images' parameters alone, and of the revision where the stack has a place for it."""
    state = observed.stacks[stack]
    assert isinstance(state, StackPresent)  # noqa: S101 -- for the type checker: a stack that goes back is there
    tags = {way.wanted.parameter: stack_step.parameter_of(way.wanted, observed) for way in ways}
    why = [(StackChange.TAG, text) for text in stack_step.differences(state, tags)]
    revision = {REVISION_PARAMETER: revision_of(ways)} if why and REVISION_PARAMETER in state.parameters else {}
    if stack_status.is_undone(state.status):
        # It shows what it runs only once CloudFormation itself has compared.
        because = f": {state.reason}" if state.reason else ""
        why = [(StackChange.ROLLED_BACK, f"the last update was rolled back ({state.status}{because})"), *why]
    if not why:
        return Skip(f"stack {stack}", f"{state.status}, and it records {records_text(tags)} already")
    records = _asset_records(ways, state) if why else {}
    return DeployStack(
        stack,
        (*tags.items(), *revision.items(), *records.items()),
        "; ".join(text for _, text in why),
        tuple(dict.fromkeys(change for change, _ in why)),
        digests=tuple(
            (way.wanted.parameter, way.wanted.repository, way.wanted.tag)
            for way in ways
            if way.wanted.deploy_by is DeployBy.DIGEST and retention.wanted_digest(way.wanted, observed) is None
        ),
        via=Via.CLOUDFORMATION,
        why=tuple(why),
        otherwise=_by_the_cdk(ways),
    )


def _asset_records(ways: Sequence[Way], state: StackPresent) -> dict[str, str]:
    """What the stack is to record where the app declares images that go back: those, with what its record of the
    template says of them, and that nothing proves the infrastructure unchanged. What such an image is made of is part
    of what the recorded hash stands for, so that hash would let the next `up` find nothing to do."""
    tags = {way.wanted.parameter: way.wanted.tag for way in ways if way.wanted.is_asset}
    if not tags:
        return {}
    now = [replace(each, tag=tags.get(each.parameter, each.tag)) for each in state.images]
    images = encode_images(succeed(now, state.images))
    return {
        IMAGES_PARAMETER: images,
        INFRA_PARAMETER: NOT_RECORDED,
        TEMPLATE_PARAMETER: _template_record(state, images),
    }


def _template_record(state: StackPresent, images: str) -> str:
    recorded = state.parameters.get(TEMPLATE_PARAMETER, NOT_RECORDED)
    return record_with(recorded, state.content, images) if state.content is not None else recorded


def revision_of(ways: Sequence[Way]) -> str:
    """What the stack is to record: the one revision that all of its images were built of, else none."""
    found = {way.revision for way in ways}
    return found.pop() if len(found) == 1 else NOT_RECORDED


def _by_the_cdk(ways: Sequence[Way]) -> str:
    return f"the CDK CLI can do it instead: {by_the_cdk(revision_of(ways))}"


def by_the_cdk(revision: str) -> str:
    """How the CDK CLI deploys a revision ("-" for one that nobody recorded) in the place of a newer one."""
    if revision == NOT_RECORDED:
        return "git checkout the commit of that image, then rajee-deploy up --allow-rollback"
    return f"git checkout {commit_of(revision)} && rajee-deploy up --allow-rollback"
