"""Why a synth is needed: every reason there is, for stacks and for names. Pure.

A synth takes seconds to minutes, so it is made only where nothing less decides: a hash of what synth reads, or what is
remembered of an earlier synth. Who asks: `infrastructure` of each stack, `locate` of names; `planner.synth_reasons`
gathers what a plan lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.model import stack_status
from rajee_deploy.model.names import INFRA_PARAMETER, NOT_RECORDED, REVISION_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan.input_changes import in_words, unknown_here
from rajee_deploy.plan.stack_names import is_plain
from rajee_deploy.plan.state import ImageAbsent, StackAbsent
from rajee_deploy.plan.tags import short_digest
from rajee_deploy.plan.template_differences import is_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.plan.input_changes import InputChange
    from rajee_deploy.plan.state import Observed, StackContent, StackPresent, StackState, Synthesised, Wanted


def synth_asked(wanted: Wanted) -> str:
    """Why no hash may decide, whatever it is: somebody wants it so."""
    if wanted.is_record_enough:
        return "in production a hash decides only under a whole record of a synth, and there is none"
    return "a synth is asked for (infra-check)"


def hash_doubts(stack: str, state: StackPresent, content: StackContent, wanted: Wanted) -> tuple[str, ...]:
    """Why hashes do not prove that nothing changed, the plainest reason first; empty when they do."""
    found = []
    recorded, now = recorded_hash(state), str(wanted.infrastructure_of(stack).digest)
    if not recorded:
        changes = wanted.input_changes.get(stack)
        since = f"; changed since the last synth here: {in_words(changes)}" if changes else ""
        why = ", as after a rollback of images that the app declares" if state.images else ""
        found.append(f"the infrastructure changed, or never was recorded: the stack records no infra hash{why}{since}")
    elif recorded != now:
        which = _which(wanted.input_changes.get(stack), state) or f": {short_digest(recorded)} → {short_digest(now)}"
        found.append(f"the infrastructure's inputs changed{which}")
    deployed = state.parameters.get(TEMPLATE_PARAMETER, NOT_RECORDED)
    if deployed in ("", NOT_RECORDED):
        found.append("the stack does not record what was deployed")
    elif not is_recorded(deployed, content):
        found.append("what is deployed is not what was recorded: somebody else changed it")
    return (*found, *(f"file hashes cannot prove that nothing changed: {call}" for call in wanted.impurities_of(stack)))


def image_doubts(remembered: Synthesised, state: StackPresent) -> tuple[str, ...]:
    """Why what is remembered of a synth does not prove that the stack runs the app's own images: it makes others. They
    are built from that synth's assembly."""
    recorded = {each.name: each.tag for each in state.images}
    names = sorted(
        name for name in {*recorded, *remembered.images} if recorded.get(name) != remembered.images.get(name)
    )
    return (f"images of the app changed: {', '.join(names)}",) if names else ()


def gone_images(state: StackPresent, observed: Observed) -> tuple[str, ...]:
    """Why an image of the app's own has to be built though nothing changed: its repository lost it."""
    return tuple(
        f"the image {each.name} is gone: {each.repository} has no {each.tag}"
        for each in state.images
        if isinstance(observed.references.get((each.repository, each.tag)), ImageAbsent)
    )


def names_needing_synth(names: Sequence[str], early: Mapping[str, StackState]) -> tuple[str, ...]:
    """Why a synth has to say what names mean, where nothing is known; `early` is what CloudFormation says of those that
    it can be asked about."""
    reasons = []
    for name in names:
        if not is_plain(name):
            reasons.append(f"{name}: no synth of these inputs is known that says which stacks it means")
        elif isinstance(state := early.get(name), StackAbsent):
            reasons.append(f"{name}: it is not deployed yet, and no synth of these inputs is known")
        elif state is not None and not stack_status.is_settled(state.status):
            # It may be another one: an id of ours can be somebody else's name.
            reasons.append(f"{name}: it is {state.status}, and no synth is known that says it is the app's")
    return tuple(reasons)


def recorded_hash(state: StackPresent) -> str:
    """The infrastructure hash that the stack records; "" for none."""
    recorded = state.parameters.get(INFRA_PARAMETER, NOT_RECORDED)
    return "" if recorded == NOT_RECORDED else recorded


def _which(changes: tuple[InputChange, ...] | None, state: StackPresent) -> str:
    if changes is None:
        return f"; {unknown_here(state.parameters.get(REVISION_PARAMETER, NOT_RECORDED))}"
    return f": {in_words(changes)}" if changes else ""
