"""Which resources the steps of a plan change: the deployed template beside the one that is to be deployed.

It reads templates where a plan deploys something, and asks nobody. It must never fail a plan, nor decide anything of
it: what cannot be compared is not known, and that is said.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.adopted import assets_of_stack
from rajee_deploy.actions.nested_resources import TemplateComparison
from rajee_deploy.actions.synthesise import find_kept
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import ASSET_PREFIX, IMAGES_PARAMETER, RECORDS
from rajee_deploy.plan.carried import without_carried
from rajee_deploy.plan.parameters import HIDDEN, is_masked, slots_of
from rajee_deploy.plan.replacement import Replacement
from rajee_deploy.plan.resource_changes import (
    Action,
    ResourceChange,
    Side,
    StackChanges,
)
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import Caution, DeployStack, StackChange, Via
from rajee_deploy.plan.tagged_templates import placeholder, replace_texts
from rajee_deploy.rollout.declared import pseudo_parameters
from rajee_deploy.synth.assembly import stacks_of
from rajee_deploy.text.hiding import hider_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.actions.planned import P, Planned
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.synth.assembly import StackArtifact

_RECORDS = {*RECORDS, IMAGES_PARAMETER}
_ANOTHER = f"{HIDDEN} (another)"
_BY_TEMPLATE = {StackChange.FIRST, StackChange.INFRASTRUCTURE}


def with_changed_resources(planned: P) -> P:
    """The plan with what becomes of the resources of each stack that it deploys, and with what speaks against it."""
    steps = [step for step in planned.plan.steps if isinstance(step, DeployStack)]
    if not steps:
        return planned
    made = _made(planned) if any(_is_by_template(step) for step in steps) else {}
    found = {step.stack: _of_step(planned, step, made.get(step.stack)) for step in steps}
    changes = {stack: each for stack, each in found.items() if each is not None}
    cautions = [caution for stack, each in changes.items() for caution in _cautions(stack, each)]
    plan = replace(planned.plan, cautions=(*planned.plan.cautions, *cautions))
    return replace(planned, plan=plan, resources=changes)


def _is_by_template(step: DeployStack) -> bool:
    return step.via is Via.CDK and not _BY_TEMPLATE.isdisjoint(step.changes)


def _of_step(planned: Planned, step: DeployStack, made: StackArtifact | None) -> StackChanges | None:
    """None where it is not known which template is to be deployed: no synth was made for it, or is kept."""
    state, ports = planned.observed.stacks[step.stack], planned.run.ports
    deployed = {} if StackChange.FIRST in step.changes else state.template if isinstance(state, StackPresent) else None
    source = made if _is_by_template(step) else None
    template = deployed if not _is_by_template(step) else _template_of(source) if source is not None else None
    if template is None or deployed is None:
        return None
    tags = _tags(planned, step, state)
    comparison = TemplateComparison(
        _unspecified if {*step.changes} <= {StackChange.TAG} else ports.specification,
        partial(ports.nested_template, step.stack),
        hider_of(value.value for value in step.values if value.variable),
        planned.run.settings.place_of(step.stack).id,
        source.directory if source is not None else None,
        tags[1],
    )
    sides = replace_texts(without_carried(deployed), tags[0]), replace_texts(without_carried(template), tags[1])
    filled = _filled(step, state, *sides)
    found = comparison.changes(*filled)
    if all(each.replacement is not Replacement.UNKNOWN for each in found.resources):
        return found
    return replace(comparison, specification=ports.specification).changes(*filled)


def _unspecified(_types: object) -> None:
    """What an image alone changes is mostly known without a list."""


def _template_of(made: StackArtifact) -> Any | None:
    """None for one that cannot be read: who deploys it says what is wrong with it."""
    try:
        return made.template()
    except (OSError, ValueError, LookupError):
        return None


def _tags(planned: Planned, step: DeployStack, state: StackState) -> tuple[dict[str, str], dict[str, str]]:
    """The tags of images that the app declares, before and after, by their placeholders."""
    recorded = {placeholder(each.name): each.tag for each in (state.images if isinstance(state, StackPresent) else ())}
    wanted = {
        placeholder(each.parameter.removeprefix(ASSET_PREFIX)): each.tag
        for each in assets_of_stack(planned, step.stack)
    }
    return recorded, {**recorded, **wanted}


def _filled(step: DeployStack, state: StackState, before: Any, after: Any) -> tuple[Side, Side]:
    """Both templates, with the values of their parameters."""
    has = state if isinstance(state, StackPresent) else None
    values = _values(step, has.parameters if has else {}, before, after)
    known = pseudo_parameters(has.identifier) if has else {}
    return Side(before, {**known, **values[0]}), Side(after, {**known, **values[1]})


def _values(
    step: DeployStack, deployed: Mapping[str, str], before: Any, after: Any
) -> tuple[dict[str, str], dict[str, str]]:
    """The values of the parameters before and after. Of hidden ones only whether they change."""
    slots, given = {**slots_of(before), **slots_of(after)}, {value.name: value for value in step.values}
    told = {**dict(step.parameters), **{name: value.value for name, value in given.items()}}
    changed = {name for name, _ in step.parameter_changes}
    olds: dict[str, str] = {}
    news: dict[str, str] = {}
    for name, slot in slots.items():
        old = deployed.get(name)
        new = told.get(name, old if old is not None else slot.get("Default"))
        if name in _RECORDS or new is None or str(slot.get("Type", "")).startswith("AWS::SSM::"):
            continue
        is_hidden = (name in given and bool(given[name].variable)) or is_masked(old or "") or _is_secret(slot)
        if is_hidden and name not in changed:
            continue
        olds |= {name: HIDDEN if is_hidden else old} if old is not None else {}
        news[name] = _ANOTHER if is_hidden else str(new)
    return olds, news


def _is_secret(slot: Mapping[str, Any]) -> bool:
    return str(slot.get("NoEcho", "")).lower() == "true"


def _made(planned: Planned) -> dict[str, StackArtifact]:
    """By stack, what the synth that the plan stands on made, else the kept one of these very inputs."""
    run, synthesis = planned.run, planned.synthesis
    try:
        if synthesis is None and planned.wanted.remembered:
            into = run.scratch() / "cdk.out"
            synthesis = find_kept(run.ports.synthesiser, planned.wanted, run.lists, planned.identity, into, whole=False)
        if synthesis is None:
            return {}
        ids = {each.place.id: each for each in stacks_of(synthesis.assembly)}
    except DeployError:
        return {}  # as above
    wanted = {stack: run.settings.place_of(stack).id for stack in planned.wanted.stacks}
    return {stack: ids[name] for stack, name in wanted.items() if name in ids}


def _cautions(stack: str, changes: StackChanges) -> Iterator[Caution]:
    """What somebody may lose, and what nobody knows."""
    subject = f"stack {stack}"
    for each in changes.resources:
        if each.is_stateful and (text := _loss(each)):
            yield Caution("data-at-risk", subject, f"{each.name} ({each.type}) {text}")
    unknown = [each.name for each in changes.resources if each.replacement is Replacement.UNKNOWN]
    if unknown:
        text = f"whether it replaces {', '.join(unknown[:3])}{' and others' if unknown[3:] else ''} is not known"
        yield Caution("replacement-unknown", subject, f"{text}: the CDK CLI here has no list that tells")


def _loss(change: ResourceChange) -> str:
    old = "the old one is removed with what is in it"
    if change.keeps_old:
        old = "the old one stays, without the stack"
    elif change.keeps_snapshot:
        old = "a snapshot of the old one stays"
    match change.action:
        case Action.REMOVE:
            return "is removed; a snapshot of it stays" if change.keeps_snapshot else "is removed, with what is in it"
        case Action.REPLACE:
            return f"is replaced by an empty one; {old}"
        case Action.MAY_REPLACE:
            return f"may be replaced by an empty one; then {old}"
        case _:
            return ""
