"""What `up` would refuse before it changes anything: `plan` asks the same, so that a preview promises nothing that is
refused. It needs no engine, and nothing is written but this run's own private directory.

What only the machine that builds has (the sources of secrets) forbids no plan elsewhere: there it is told. What stacks
are to record is said here, since their templates are checked for just that. It must never decide what is needed, nor
check for one verb alone: a preview would promise what is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.actions.adopted import assets_of_stack, recorded_images
from rajee_deploy.actions.planned import open_inputs
from rajee_deploy.actions.synthesise import find_kept
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import (
    IMAGES_PARAMETER,
    INFRA_PARAMETER,
    NOT_RECORDED,
    RECORDS,
    REVISION_PARAMETER,
    TEMPLATE_PARAMETER,
)
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import BuildAndPush, Caution, DeployStack, Via
from rajee_deploy.plan.tagged_templates import encode_images
from rajee_deploy.plan.template_differences import expected_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.actions.planned import P, Planned
    from rajee_deploy.actions.synthesise import Synthesis
    from rajee_deploy.plan.parameters import Declared
    from rajee_deploy.plan.state import StackState, WantedImage
    from rajee_deploy.settings import ImageSettings


def preflight(planned: P) -> P:
    """The plan with what is missing on this machine. DeployError and ConfigurationError: what carrying it out would end
    with, as far as that is known without a synth that the plan did not need."""
    with open_inputs(planned) as whole:
        cautions = [*planned.plan.cautions, *_missing_here(whole)]
        images = whole.wanted.images
    synthesis = (planned.synthesis or _look_at_kept(planned)) if _by_cdk(planned) else None
    if synthesis is not None:
        try:
            _check_templates(planned, synthesis)
        except DeployError as error:
            if error.code != "access-denied":
                raise
            text = f"whether the account is bootstrapped is not known, since this role may not ask: {error}"
            cautions.append(Caution("bootstrap-unknown", "cdk", text))
    return replace(
        planned, plan=replace(planned.plan, cautions=tuple(cautions)), wanted=replace(planned.wanted, images=images)
    )


def check_ready(planned: Planned) -> dict[str, DeployStack]:
    """What must be there before anything is begun: secrets, the CDK CLI, templates that take what they are given. The
    steps of the CDK CLI with what their stacks are to record. DeployErrors `secret-missing`, `node-missing`,
    `cdk-missing`, `cdk-version`, and those of the deployer's check."""
    for _, error in _missing_secrets(planned):
        raise error
    if not _by_cdk(planned):
        return {}
    planned.run.ports.check_cli()
    if planned.synthesis is None:
        raise AssertionError("what the CDK CLI deploys was synthesised or kept")
    return _check_templates(planned, planned.synthesis)


def _check_templates(planned: Planned, synthesis: Synthesis) -> dict[str, DeployStack]:
    """The steps of the CDK CLI with what the stacks are to record, once the templates were found to take all of it, and
    the accounts to be bootstrapped."""
    states, revision = planned.observed.stacks, planned.revision or NOT_RECORDED
    recorded = {
        step.stack: _recording(step, synthesis, states[step.stack], revision, assets_of_stack(planned, step.stack))
        for step in _by_cdk(planned)
    }
    planned.run.ports.deployer.check(synthesis.assembly, list(recorded.values()), planned.identity)
    return recorded


def _recording(
    step: DeployStack, synthesis: Synthesis, state: StackState, revision: str, assets: Sequence[WantedImage]
) -> DeployStack:
    """The step with what the stack is to record, as far as its template takes it: fingerprint, content, revision."""
    stack = synthesis.stacks.get(step.stack)
    if stack is None:
        return step  # the deployer's check tells that the app has no such stack
    deployed, has = (state.content, state.parameters) if isinstance(state, StackPresent) else (None, {})
    tags = encode_images(recorded_images(assets, state))
    own = tags if tags != NOT_RECORDED else ""
    records = {
        INFRA_PARAMETER: str(synthesis.fingerprint.digest),
        TEMPLATE_PARAMETER: expected_record(stack, deployed, has.get(TEMPLATE_PARAMETER, ""), own),
        REVISION_PARAMETER: revision,
        IMAGES_PARAMETER: tags,
    }
    images = tuple((key, value) for key, value in step.parameters if key not in RECORDS)
    taken = tuple((key, value) for key, value in records.items() if key in stack.parameters)
    values = tuple(
        value._replace(is_secret=stack.declared[value.name].is_secret)  # a first plan knew no template
        for value in step.values
        if value.name in stack.declared
    )
    return replace(
        step, parameters=(*images, *taken), values=values, parameter_changes=approval_changes(step, stack.declared)
    )


def approval_changes(step: DeployStack, slots: Mapping[str, Declared]) -> tuple[tuple[str, str], ...]:
    """The changes of parameters that are worth a question: those that may allow something to somebody."""
    return tuple((name, text) for name, text in step.parameter_changes if name not in slots or slots[name].may_permit)


def _look_at_kept(planned: Planned) -> Synthesis | None:
    """The kept synth of what was planned, as far as a look at its templates takes it."""
    run, into = planned.run, planned.run.scratch() / "cdk.out"
    return find_kept(run.ports.synthesiser, planned.wanted, run.lists, planned.identity, into, whole=False)


def _by_cdk(planned: Planned) -> list[DeployStack]:
    return [step for step in planned.plan.steps if isinstance(step, DeployStack) and step.via is Via.CDK]


def _images_to_build(planned: Planned) -> list[ImageSettings]:
    built = [step.image for step in planned.plan.steps if isinstance(step, BuildAndPush)]
    return [planned.inputs[name].settings for name in built]


def _missing_secrets(planned: Planned) -> Iterator[tuple[ImageSettings, DeployError]]:
    for image in _images_to_build(planned):
        if image.build.secrets:
            from rajee_deploy.engine.secrets import find_missing  # of the images that have any

            for error in find_missing(image.build.secrets):
                yield image, error


def _missing_here(planned: Planned) -> Iterator[Caution]:
    """What `up` would miss on this machine; it may be there on the one that deploys."""
    for image, error in _missing_secrets(planned):
        yield Caution(error.code, f"image {image.name}", f"{error.problem}; up needs it where it builds")
    if _by_cdk(planned):
        try:
            planned.run.ports.check_cli()
        except DeployError as error:
            yield Caution(error.code, "cdk", f"{error.problem}; up needs it where it deploys")
