"""By which list a stack is judged: this machine's own, or the one that its deployed template carries.

The stacks of one app may come from different synths, and a machine that never ran one has no list. A carried list may
be anybody's (see `carried`): it gives a fingerprint to compare and to look up, and never one to record. What a stack
records was made with the list of the very synth that it stands for, and so were the keys of what is remembered; equal
to either can only be a fingerprint under that same list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.synthesise import find_remembered
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import INFRA_PARAMETER
from rajee_deploy.plan.carried import encode
from rajee_deploy.plan.state import StackPresent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rajee_deploy.actions.synthesise import Synthesiser
    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.plan.state import StackState, Synthesised


def by_their_lists(
    states: Mapping[str, StackState],
    local: Fingerprint,
    hashed: Callable[[Mapping[str, object]], Fingerprint],
    own: Callable[[], Mapping[str, object] | None] = lambda: None,
) -> dict[str, Fingerprint]:
    """The fingerprint of each stack whose carried list says something else than the local one, by stack.

    `hashed` is called once for each list, and not at all where the local fingerprint is the recorded one, or where the
    list is `own`: this machine knows more of it than what travelled. A list whose entries cannot be hashed here decides
    nothing.
    """
    made: dict[str, Fingerprint | None] = {}
    found = {}
    for stack, state in states.items():
        if not isinstance(state, StackPresent) or state.carried is None or _is_recorded(state, local):
            continue
        if not made:
            made |= dict.fromkeys(_encoded_own(own))
        key = encode(state.carried)
        if key not in made:
            made[key] = _hashed_by(state.carried, hashed)
        fingerprint = made[key]
        if fingerprint is not None and fingerprint.digest != local.digest:
            found[stack] = fingerprint
    return found


def what_is_remembered(
    by: Synthesiser,
    local: Fingerprint,
    own: Mapping[str, Fingerprint],
    states: Mapping[str, StackState],
    who: Identity,
) -> tuple[dict[str, Fingerprint], dict[str, Synthesised]]:
    """What this machine remembers of synths of these inputs, by stack; and the stacks' own fingerprints, less those
    whose stack is known under the local one alone: a verdict and the fingerprint that goes with it belong together."""
    known = dict(find_remembered(by, local, who))
    kept = dict(own)
    for stack, fingerprint in own.items():
        made = find_remembered(by, fingerprint, who).get(stack)
        if made is not None:
            known[stack] = made
        elif _is_recorded(states[stack], fingerprint):
            known.pop(stack, None)
        elif stack in known:
            del kept[stack]
    return kept, known


def _encoded_own(own: Callable[[], Mapping[str, object] | None]) -> list[str]:
    try:
        document = own()
        return [encode(document)] if document is not None else []
    except (DeployError, ValueError):
        return []


def _hashed_by(
    document: Mapping[str, object], hashed: Callable[[Mapping[str, object]], Fingerprint]
) -> Fingerprint | None:
    try:
        return hashed(document)
    except DeployError:
        return None


def _is_recorded(state: StackState, fingerprint: Fingerprint) -> bool:
    return isinstance(state, StackPresent) and state.parameters.get(INFRA_PARAMETER) == str(fingerprint.digest)
