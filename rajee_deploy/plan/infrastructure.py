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
from rajee_deploy.model.names import INFRA_PARAMETER, NOT_RECORDED, REVISION_PARAMETER, TEMPLATE_PARAMETER, InfraCheck
from rajee_deploy.plan.input_changes import in_words, unknown_here
from rajee_deploy.plan.steps import Tier
from rajee_deploy.plan.tags import short_digest
from rajee_deploy.plan.template_differences import differences, differs_in_text_alone, is_recorded

if TYPE_CHECKING:
    from rajee_deploy.plan.input_changes import InputChange
    from rajee_deploy.plan.state import StackContent, StackPresent, Synthesised, Wanted


_ASKED = "a synth is asked for (infra-check)"
_NO_RECORD = "in production a hash decides only under a whole record of a synth, and there is none"


@dataclass(frozen=True, slots=True)
class InfrastructureVerdict:
    """What is known of one stack's infrastructure, and the tier of the evidence for it.

    `differences` are reasons to deploy. `open` are reasons why a synth has to decide; while there are any, the rest
    means nothing. `proof` says in words why nothing differs.
    """

    tier: Tier
    differences: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    proof: str = ""


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
        proof = f"infrastructure unchanged by a synth: it makes what is deployed{_but(synthesised, content)}"
        return InfrastructureVerdict(Tier.SYNTH, found, proof=proof)
    if wanted.check_of(stack) is InfraCheck.SYNTH:
        return InfrastructureVerdict(Tier.SYNTH, open=(_ASKED if not wanted.is_record_enough else _NO_RECORD,))
    return _by_hash(stack, state, content, wanted)


def _by_hash(stack: str, state: StackPresent, content: StackContent, wanted: Wanted) -> InfrastructureVerdict:
    doubts = _doubts(stack, state, content, wanted)
    if not doubts:
        return InfrastructureVerdict(Tier.HASH, proof="infrastructure unchanged by its hash")
    remembered = wanted.remembered.get(stack)
    if remembered is not None and not wanted.impurities_of(stack):
        found = _differences(stack, state, remembered, wanted)
        proof = "infrastructure unchanged: an earlier synth from the same inputs made what is deployed"
        proof += _but(remembered, content)
        return InfrastructureVerdict(Tier.HASH, found, proof=proof)
    if stack in wanted.proven and not wanted.impurities_of(stack):
        return InfrastructureVerdict(
            Tier.HASH, proof="infrastructure unchanged: a synth elsewhere proved that these inputs make it"
        )
    return (
        InfrastructureVerdict(Tier.SYNTH, open=doubts)
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
        since = "" if _recorded_hash(state) else " since the last synth here"
        found = (*found, f"of the infrastructure's inputs changed{since}: {in_words(changes)}")
    return found


def _doubts(stack: str, state: StackPresent, content: StackContent, wanted: Wanted) -> tuple[str, ...]:
    """Why hashes do not prove that nothing changed, the plainest reason first; empty when they do."""
    found = []
    recorded, now = _recorded_hash(state), str(wanted.infrastructure_of(stack).digest)
    if not recorded:
        changes = wanted.input_changes.get(stack)
        since = f"; changed since the last synth here: {in_words(changes)}" if changes else ""
        found.append(f"the infrastructure changed, or never was recorded: the stack records no infra hash{since}")
    elif recorded != now:
        which = _which(wanted.input_changes.get(stack), state)
        found.append(f"the infrastructure's inputs changed: {short_digest(recorded)} → {short_digest(now)}{which}")
    deployed = state.parameters.get(TEMPLATE_PARAMETER, NOT_RECORDED)
    if deployed in ("", NOT_RECORDED):
        found.append("the stack does not record what was deployed")
    elif not is_recorded(deployed, content):
        found.append("what is deployed is not what was recorded: somebody else changed it")
    return (*found, *(f"file hashes cannot prove that nothing changed: {call}" for call in wanted.impurities_of(stack)))


def _recorded_hash(state: StackPresent) -> str:
    """The infrastructure hash that the stack records; "" for none."""
    recorded = state.parameters.get(INFRA_PARAMETER, NOT_RECORDED)
    return "" if recorded == NOT_RECORDED else recorded


def _which(changes: tuple[InputChange, ...] | None, state: StackPresent) -> str:
    if changes is None:
        return f"; {unknown_here(state.parameters.get(REVISION_PARAMETER, NOT_RECORDED))}"
    return f": {in_words(changes)}" if changes else ""


def _but(synthesised: Synthesised, content: StackContent) -> str:
    alone = ", but for its Description or Metadata, which CloudFormation changes only along with something else"
    return alone if differs_in_text_alone(synthesised, content) else ""
