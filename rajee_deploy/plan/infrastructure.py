"""Whether a stack's infrastructure changed, tier by tier. Pure: facts in, a verdict with its reasons out.

Tier *hash* proves "unchanged" by two equalities: what synth reads now is what it read for the deployment (the recorded
infra hash), and what is deployed now is what that deployment left (the recorded template hash). The first sees every
edit here, the second everybody else: a raw `cdk deploy`, another tool, an edit in the console. It never proves
"changed": other inputs may make the same template.

Tier *synth* compares the template that the app makes now, and all else that `cdk deploy` compares, with what is
deployed. It needs no record and proves both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import TEMPLATE_PARAMETER, InfraCheck
from rajee_deploy.plan.input_changes import because
from rajee_deploy.plan.needs_synth import hash_doubts, image_doubts, recorded_hash, synth_asked
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import Tier
from rajee_deploy.plan.template_differences import differences, differs_in_text_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.plan.state import StackContent, StackState, Synthesised, Wanted


@dataclass(frozen=True, slots=True)
class InfrastructureVerdict:
    """What is known of one stack's infrastructure, and the tier of the evidence for it.

    `differences` are reasons to deploy. `synth_reasons` are why a synth has to decide (`needs_synth`); while there are
    any, the rest means nothing. `proof` says in words why nothing differs, `but` what does all the same.
    """

    tier: Tier
    differences: tuple[str, ...] = ()
    synth_reasons: tuple[str, ...] = ()
    proof: str = ""
    but: str = ""


def judge(stack: str, state: StackPresent, wanted: Wanted) -> InfrastructureVerdict:
    """The verdict on a stack that is settled. `wanted.check` says which tiers may be used."""
    content = state.content
    if content is None:
        return InfrastructureVerdict(Tier.DEPLOY, ("what is deployed cannot be read",))
    if state.volatile:
        looked_up = ", ".join(state.volatile)
        return InfrastructureVerdict(
            Tier.DEPLOY, (f"its parameter {looked_up} is looked up in SSM at each deployment",)
        )
    synthesised = wanted.synthesised.get(stack)
    if synthesised is not None:
        found = _differences(stack, state, synthesised, wanted)
        but = _but(synthesised, content)
        proof = f"infrastructure unchanged by a synth: it makes what is deployed{but and f', but {but}'}"
        return InfrastructureVerdict(Tier.SYNTH, found, proof=proof, but=but)
    if wanted.check_of(stack) is InfraCheck.SYNTH:
        return InfrastructureVerdict(Tier.SYNTH, synth_reasons=(synth_asked(wanted),))
    return _by_hash(stack, state, content, wanted)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Stacks that hashes alone would have called unchanged, by what a synth said of them: the same, or another thing,
    so that to skip it would have been wrong."""

    agreed: tuple[str, ...] = ()
    disagreed: tuple[str, ...] = ()


def agreement(by_hash: Wanted, by_synth: Wanted, stacks: Mapping[str, StackState]) -> Agreement:
    """How a synth that was made stands to what hashes said before it. Decides nothing: reports count it."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for stack, synthesised in by_synth.synthesised.items():
        state = stacks.get(stack)
        if not isinstance(state, StackPresent) or state.content is None or state.volatile:
            continue
        if not hash_doubts(stack, state, state.content, by_hash):
            found[not _differences(stack, state, synthesised, by_synth)].append(stack)
    return Agreement(tuple(found[True]), tuple(found[False]))


def _by_hash(stack: str, state: StackPresent, content: StackContent, wanted: Wanted) -> InfrastructureVerdict:
    doubts = hash_doubts(stack, state, content, wanted)
    if not doubts:
        return InfrastructureVerdict(Tier.HASH, proof="infrastructure unchanged by its hash")
    remembered = wanted.remembered.get(stack)
    if remembered is not None and not wanted.impurities_of(stack) and not image_doubts(remembered, state):
        found = _differences(stack, state, remembered, wanted)
        but = _but(remembered, content)
        proof = "infrastructure unchanged: an earlier synth from the same inputs made what is deployed"
        return InfrastructureVerdict(Tier.HASH, found, proof=proof + (but and f", but {but}"), but=but)
    if stack in wanted.proven and not wanted.impurities_of(stack) and not state.images:
        return InfrastructureVerdict(
            Tier.HASH, proof="infrastructure unchanged: a synth elsewhere proved that these inputs make it"
        )
    return (
        InfrastructureVerdict(Tier.SYNTH, synth_reasons=doubts)
        if wanted.check_of(stack) is InfraCheck.AUTO
        else InfrastructureVerdict(Tier.HASH, doubts)
    )


def _differences(stack: str, state: StackPresent, synthesised: Synthesised, wanted: Wanted) -> tuple[str, ...]:
    """What differs between a synth's stack and the deployed one, and which inputs moved, as far as that is known."""
    if state.content is None:
        raise AssertionError("judge has looked")
    found = differences(synthesised, state.content, state.parameters.get(TEMPLATE_PARAMETER, ""))
    changes = wanted.input_changes.get(stack)
    if found and changes:
        since = "" if recorded_hash(state) else " since the last synth here"
        found = (*found, f"{because(changes)}{since}")
    return found


def _but(synthesised: Synthesised, content: StackContent) -> str:
    alone = "for its Description or Metadata, which CloudFormation changes only along with something else"
    return alone if differs_in_text_alone(synthesised, content) else ""
