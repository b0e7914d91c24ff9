"""The deployments of a plan, made ready: what each stack is given and is to record, checked before anything is begun.

A `Job` is what `deploy` takes. It must never decide whether a stack is deployed, nor deploy one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.adopted import assets_of_stack, put_in_tags, recorded_images
from rajee_deploy.actions.confirm import as_before
from rajee_deploy.actions.deploy import Job
from rajee_deploy.actions.preflight import approval_changes, check_ready
from rajee_deploy.model.names import IMAGES_PARAMETER, NOT_RECORDED, RECORDS, REVISION_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import DeployStack, RepairService
from rajee_deploy.plan.tagged_templates import encode_images
from rajee_deploy.plan.template_differences import expected_record, record_with
from rajee_deploy.stack.deployment_record import StackRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.synthesise import Synthesis
    from rajee_deploy.plan.state import StackState, WantedImage
    from rajee_deploy.rollout.standing import StackService

_RECORDS = (*RECORDS, IMAGES_PARAMETER)
# By stack: the infra hash that it records, with its list that its template cannot carry.
Uncarried = Mapping[str, tuple[str, Mapping[str, Any]]]


def make_jobs(planned: Planned) -> tuple[dict[str, Job], Uncarried]:
    """The deployments by stack, with what the stacks are to record, and the lists that their templates cannot carry;
    the assembly is there when one of them needs it. DeployErrors of `check_ready`, before anything is begun."""
    by_cdk = check_ready(planned)
    steps = [step for step in planned.plan.steps if isinstance(step, DeployStack)]
    revision = planned.revision or NOT_RECORDED
    states, images = planned.observed.stacks, planned.wanted.images
    recorded = {step.stack: step for step in steps}
    if planned.is_of_checkout:
        recorded = {step.stack: _keeping(planned, step, revision) for step in steps}
    assembly, records, uncarried = Path(), {}, {}
    synthesis = planned.synthesis
    if by_cdk and synthesis is not None:
        assembly = synthesis.assembly
        recorded |= by_cdk
        uncarried = _carry(planned.run, synthesis, [*by_cdk])
        put_in_tags(planned, assembly)
        records = {
            stack: _record_of_deployment(step, synthesis, states[stack], images, revision)
            for stack, step in by_cdk.items()
        }
    jobs = {
        step.stack: Job(
            recorded[step.stack],
            assembly,
            images_of(planned, step.stack),
            records.get(step.stack),
            states[step.stack],
            services_before(planned, step.stack),
        )
        for step in steps
    }
    return jobs, uncarried


def _keeping(planned: Planned, step: DeployStack, revision: str) -> DeployStack:
    """The step for CloudFormation alone, whose template stays, but for tags of assets: of the records, only those that
    the stack has are given, and what the template's digest says stays true, but for what it says of those tags."""
    state, assets = planned.observed.stacks[step.stack], assets_of_stack(planned, step.stack)
    has = state.parameters if isinstance(state, StackPresent) else {}
    records = {**dict(step.parameters), REVISION_PARAMETER: revision}
    if assets and isinstance(state, StackPresent) and state.content is not None:
        tags, made = encode_images(recorded_images(assets, state)), planned.wanted.synthesised.get(step.stack)
        recorded = has.get(TEMPLATE_PARAMETER, NOT_RECORDED)
        template = (
            expected_record(made, state.content, recorded, tags)  # whatever it records: a synth makes what is deployed
            if made is not None
            else record_with(recorded, state.content, tags)
        )
        records |= {IMAGES_PARAMETER: tags, TEMPLATE_PARAMETER: template}
    given = tuple((key, value) for key, value in records.items() if key not in _RECORDS or key in has)
    slots = state.declared if isinstance(state, StackPresent) else {}
    return replace(step, parameters=given, parameter_changes=approval_changes(step, slots))


def _record_of_deployment(
    step: DeployStack, synthesis: Synthesis, state: StackState, images: Sequence[WantedImage], revision: str
) -> StackRecord | None:
    """What is recorded outside of the stack once its deployment is confirmed; None where parameters take all tags."""
    tags = {image.name: image.tag for image in images if image.stack == step.stack and image.context_key}
    made = synthesis.stacks.get(step.stack)
    if not tags or made is None:
        return None
    deployed = state.content if isinstance(state, StackPresent) else None
    # Characters that CloudFormation does not give back are in a record alone, and this one may be older than the
    # deployment: then nothing is proved by it, and CloudFormation compares each time.
    own = dict(step.parameters).get(IMAGES_PARAMETER, NOT_RECORDED)
    template = NOT_RECORDED if made.sent else expected_record(made, deployed, images="" if own == NOT_RECORDED else own)
    return StackRecord(tags, str(synthesis.fingerprint.digest), template, revision)


def _carry(run: CurrentRun, synthesis: Synthesis, stacks: Sequence[str]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Have the templates carry the list of what was read, so that any machine can judge the stacks by it; what they
    cannot carry is returned, to be kept elsewhere. The assembly is this run's own; what is kept of it stays as it was
    made."""
    if synthesis.document is None:
        return {}
    from rajee_deploy.synth.carried import carry, is_list

    if not is_list(synthesis.document):
        text = (
            "the list of what synth reads has a name in it that no other machine would take: they synthesise to decide"
        )
        run.console.warn("cdk", text)
        return {}

    ids = {run.settings.place_of(stack).id: stack for stack in stacks}
    carried = {ids[each] for each in carry(synthesis.assembly, synthesis.document, ids)}
    digest = str(synthesis.fingerprint.digest)
    return {stack: (digest, synthesis.document) for stack in stacks if stack not in carried}


def images_of(planned: Planned, stack: str) -> list[WantedImage]:
    """The images whose tags the stack receives."""
    return [image for image in planned.wanted.images if image.stack == stack]


def services_before(planned: Planned, stack: str) -> dict[StackService, str]:
    """The stack's services as they are, but for those that this run puts back."""
    repaired = {step.own for step in planned.plan.steps if isinstance(step, RepairService)}
    return {own: newest for own, newest in as_before(stack, planned.observed).items() if own not in repaired}
