"""What machines tell each other of an app's synths through the registry (see `proofs`): asked where hashes do not
decide, kept by `up` alone. It never fails: without it each machine synthesises for itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.lists import by_their_lists
from rajee_deploy.build_record.proofs import find_list, list_of, present, proof, tag_of
from rajee_deploy.build_record.proofs import keep as keep_one
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint
from rajee_deploy.model import Digest
from rajee_deploy.model.names import INFRA_PARAMETER, NOT_RECORDED, InfraCheck
from rajee_deploy.plan import planner
from rajee_deploy.plan.carried import is_list
from rajee_deploy.plan.state import StackPresent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.build_record.proofs import Subject
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.state import Observed, Wanted
    from rajee_deploy.settings import Settings

_HOPS = 3  # from the list that a stack carries to another one, and from that to the next


def ask(run: CurrentRun, wanted: Wanted, observed: Observed, who: Identity) -> Wanted:
    """With what other machines found out of the stacks that hashes do not decide. No call where all are decided."""
    for _ in range(_HOPS):
        proven, further = set(wanted.proven), dict(wanted.infrastructures)
        places = _places(run.settings, planner.undecided_stacks(wanted, observed))
        subjects = {stack: _subjects(wanted, observed, who, stack) for stack in places}
        there = _there(run, places, {stack: [*said, *lists] for stack, (said, lists) in subjects.items()})
        for stack, (said, lists) in subjects.items():
            made = _by_list(run, places[stack], [one for one in lists if tag_of(one) in there])
            if any(tag_of(one) in there for one in said):
                proven.add(stack)
            elif made is not None and made.digest != wanted.infrastructure_of(stack).digest:
                further[stack] = made
        if proven == wanted.proven and further == wanted.infrastructures:
            break
        # What is remembered here of another fingerprint says nothing of the new one.
        known = {
            stack: made
            for stack, made in wanted.remembered.items()
            if further.get(stack) == wanted.infrastructures.get(stack)
        }
        wanted = replace(wanted, proven=frozenset(proven), infrastructures=further, remembered=known)
    return wanted


def keep(
    run: CurrentRun,
    wanted: Wanted,
    observed: Observed,
    who: Identity,
    deployed: Collection[str],
    uncarried: Mapping[str, tuple[str, Mapping[str, Any]]],
) -> None:
    """Keep what was proved here of the stacks that stay as they are, and the lists that no template carries."""
    places = _places(run.settings, [each for each in planner.proven(wanted, observed) if each not in deployed])
    said = {stack: _subjects(wanted, observed, who, stack)[0] for stack in places}
    there = _there(run, places, said)
    new = [stack for stack in places if any(tag_of(one) not in there for one in said[stack])]
    for stack in new:
        _keep(run, stack, places[stack], [(one, None) for one in said[stack]])
    document = run.ports.publishable()
    if is_list(document) and document is not None and not document["obstacles"]:
        for stack, by in _astray(run, wanted, observed, who, places).items():
            _keep(run, stack, places[stack], [(list_of(who, stack, by), document)])
    places = _places(run.settings, uncarried)
    for stack, (infrastructure, its) in uncarried.items():
        _keep(run, stack, places.get(stack), [(list_of(who, stack, infrastructure), its)])


def _astray(
    run: CurrentRun, wanted: Wanted, observed: Observed, who: Identity, stacks: Collection[str]
) -> dict[str, str]:
    """Those of the stacks whose proof a machine that knows nothing does not find, since their list leads elsewhere; and
    by which digest it looks for the list that leads on."""
    if not stacks or wanted.infrastructure is None:
        return {}
    nothing = Fingerprint(wanted.infrastructure.scheme, Digest("sha256", "0" * 64), ())
    states = {stack: observed.stacks[stack] for stack in stacks}
    own = by_their_lists(states, nothing, run.infrastructure_by)
    machine = replace(
        wanted,
        stacks=tuple(stacks),
        infrastructure=nothing,
        infrastructures=own,
        check=InfraCheck.AUTO,
        synthesised={},
        remembered={},
        proven=frozenset(),
    )
    machine = ask(run, machine, observed, who)
    open_ = [(stack, states[stack]) for stack in planner.undecided_stacks(machine, observed)]
    found = {stack: _sought(machine, stack, state) for stack, state in open_ if isinstance(state, StackPresent)}
    return {stack: by for stack, by in found.items() if by not in ("", str(nothing.digest))}


def _keep(
    run: CurrentRun,
    stack: str,
    place: Repository | None,
    what: Iterable[tuple[Subject, Mapping[str, Any] | None]],
) -> None:
    store, problem = run.ports.proofs(), "the settings have no image whose repository could keep it"
    if store is not None and place is not None:
        problem = ""
        try:
            with run.phase(f"keep for other machines what is known of {stack}"):
                for subject, document in what:
                    keep_one(store, place, subject, document)
        except DeployError as error:
            problem = str(error)
    if problem:
        text = f"what synth found out could not be kept, so other machines synthesise to decide: {problem}"
        run.console.warn(f"stack {stack}", text)


def _subjects(wanted: Wanted, observed: Observed, who: Identity, stack: str) -> tuple[list[Subject], list[Subject]]:
    """What would prove that the stack is as it should be, and whose list would lead on; one of each at most."""
    state, now = observed.stacks[stack], str(wanted.infrastructure_of(stack).digest)
    if not isinstance(state, StackPresent):
        return [], []
    said = proof(who, stack, now, state) if not wanted.impurities_of(stack) else None
    by = _sought(wanted, stack, state)
    return [said] if said is not None else [], [list_of(who, stack, by)] if by else []


def _sought(wanted: Wanted, stack: str, state: StackPresent) -> str:
    """The digest by which a list is looked for: the one that the last known list gives, the recorded one where none is
    known; "" for neither."""
    is_known = stack in wanted.infrastructures or state.carried is not None
    return str(wanted.infrastructure_of(stack).digest) if is_known else _recorded_digest(state)


def _there(
    run: CurrentRun, places: Mapping[str, Repository], subjects: Mapping[str, Sequence[Subject]]
) -> frozenset[str]:
    """The tags of those that are there; one question for each repository."""
    found: frozenset[str] = frozenset()
    for place in dict.fromkeys(places.values()):
        tags = [tag_of(one) for stack, each in subjects.items() if places[stack] == place for one in each]
        found |= present(run.ports.registry, place, tags) if tags else frozenset()
    return found


def _by_list(run: CurrentRun, place: Repository, subjects: Iterable[Subject]) -> Fingerprint | None:
    """The fingerprint by a list that was kept; None where there is none that can be hashed here."""
    store = run.ports.proofs()
    for subject in subjects:
        document = find_list(store, place, subject) if store is not None else None
        if document is not None:
            with suppress(DeployError):
                return run.infrastructure_by(document)
    return None


def _recorded_digest(state: StackPresent) -> str:
    recorded = state.parameters.get(INFRA_PARAMETER, "")
    return recorded if recorded != NOT_RECORDED else ""


def _places(settings: Settings, stacks: Collection[str]) -> dict[str, Repository]:
    """The repository for what is known of each stack: that of its own image, else of the first image of all. Empty
    where the settings have no image."""
    if not settings.images:
        return {}
    own = {image.stack: image.repository for image in reversed(settings.images)}
    return {stack: own.get(stack, settings.images[0].repository) for stack in stacks}
