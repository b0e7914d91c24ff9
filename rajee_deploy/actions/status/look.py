"""Looking: CloudFormation and ECS are asked while the files are hashed. Changes nothing, and needs neither engine nor
node. What ECS or the files do not tell is a doubt and no failure; what CloudFormation does not tell is one.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.actions import locate
from rajee_deploy.actions.adopted import deployed_images
from rajee_deploy.actions.desired_state import wanted_parameters
from rajee_deploy.actions.lists import by_their_lists, what_is_remembered
from rajee_deploy.actions.observe import check_account, running_services
from rajee_deploy.actions.plan import with_input_changes
from rajee_deploy.actions.share import ask
from rajee_deploy.actions.status.app_images import app_image
from rajee_deploy.actions.status.rows import (
    LAMBDA,
    DeployedImage,
    DeployedParameter,
    DeployedStack,
    RunningService,
    Status,
)
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import with_given
from rajee_deploy.git.revisions import find_subject
from rajee_deploy.image.inputs import read_all_inputs
from rajee_deploy.model import stack_status
from rajee_deploy.model.names import INFRA_PARAMETER, NOT_RECORDED, REVISION_PARAMETER
from rajee_deploy.model.revision import commit_of, is_dirty
from rajee_deploy.plan import planner
from rajee_deploy.plan.infrastructure import judge
from rajee_deploy.plan.parameter_changes import is_hidden
from rajee_deploy.plan.parameters import is_same
from rajee_deploy.plan.service_drift import describe
from rajee_deploy.plan.stack_names import is_plain
from rajee_deploy.plan.state import Observed, RepositoryAbsent, StackAbsent, StackPresent, Tagged, Wanted
from rajee_deploy.rollout.declared import DeclaredServices
from rajee_deploy.rollout.verdict import is_stable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from rajee_deploy.actions.run import CurrentRun, Ports
    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.plan.parameters import WantedParameter
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.rollout.standing import Running
    from rajee_deploy.settings import ImageSettings
    from rajee_deploy.stack import StackReader
    from rajee_deploy.stack.watching import StackWatcher

_AT_ONCE = 8
_MISSPELT = (
    "not deployed yet, or misspelt in the settings: no synth is known here that says which stacks the app has; "
    "rajee-deploy plan makes one"
)
_UNKNOWN = "no synth is known that says whether the app has a stack of this name: rajee-deploy plan makes one"


@dataclass(frozen=True, slots=True)
class _Here:
    """What this checkout makes: tags by image ("" where not known) and what synth reads (None), with the reasons in
    `doubts`; `given` are the context values that synth gets; `own` are the images that the app declares, as its stacks
    record them."""

    tags: Mapping[str, str]
    infrastructure: Fingerprint | None
    doubts: Mapping[str, str]
    given: Mapping[str, str]
    own: Sequence[ImageSettings] = ()


def look(run: CurrentRun) -> Status:
    """DeployError when it is not known what CloudFormation has, or who asks."""
    run = replace(run)
    locate.forget(run)
    ports, names = run.ports, list(filter(is_plain, run.settings.cdk.stacks))
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        identity = pool.submit(ports.identity)
        states = {name: pool.submit(_state, ports.reader, name) for name in names}
        services = {name: pool.submit(_services, ports, name, states[name]) for name in names}
        here = _here(run)
        who = identity.result()
        check_account(run.settings, who)
        is_known = here.infrastructure is not None and locate.look_up(run, here.infrastructure, who)
        known = [name for name in run.settings.cdk.stacks if run.settings.places or is_plain(name)]
        for name in known:
            if name not in states:
                states[name] = pool.submit(_state, ports.reader, name)
                services[name] = pool.submit(_services, ports, name, states[name])
        found = {name: states[name].result() for name in known}
        here = replace(here, own=deployed_images(run, found, who))
        stacks = []
        for name in run.settings.cdk.stacks:
            match found.get(name):
                case None:
                    stacks.append(DeployedStack(name, "", doubts=(_UNKNOWN, *filter(None, [here.doubts.get("", "")]))))
                case StackAbsent():
                    stacks.append(DeployedStack(name, "", doubts=_absence(run, name, is_known=is_known)))
                case StackPresent() as state:
                    stacks.append(_stack(run, name, state, here, services[name].result(), who))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return Status(who.account, who.region, run.settings.environment, tuple(stacks))


def _absence(run: CurrentRun, stack: str, *, is_known: bool) -> tuple[str, ...]:
    """What is said of a stack that CloudFormation does not have: who misspelt its name sees which there are, as far as
    the last synth here tells. `is_known`: it was one of these very inputs."""
    made = run.ports.store.latest()[1]
    if not made:
        return (_MISSPELT,)
    places = {key: one.place for key, one in made.items()}
    if stack in {word for key, place in places.items() for word in (key, *((place.id, place.name) if place else ()))}:
        return () if is_known else ("not deployed yet: the app has it, as of the last synth here",)
    there = ", ".join(sorted(str(place or key) for key, place in places.items()))
    return (f"not deployed yet, or misspelt in the settings: as of the last synth here, the app has {there}",)


def _state(reader: StackReader, stack: str) -> StackState:
    """The stack with its template, where that may be read."""
    try:
        return reader.observe(stack)
    except DeployError as error:
        if error.code != "access-denied":
            raise
    state = reader.describe(stack)
    unread = DeclaredServices(is_readable=False)
    return replace(state, services=unread) if isinstance(state, StackPresent) else state


def _here(run: CurrentRun) -> _Here:
    tags, doubts = {}, {}
    for image in run.images:
        try:
            tags[image.name] = read_all_inputs([image])[image.name].fingerprint.tag
        except DeployError as error:
            tags[image.name], doubts[image.name] = "", str(error)
    given = {image.context_key: tags[image.name] for image in run.images if image.context_key}
    infrastructure = None
    if run.settings.cdk.stacks:
        try:
            infrastructure = with_given(run.ports.infrastructure(None), given)
        except DeployError as error:
            doubts[""] = str(error)
    return _Here(tags, infrastructure, doubts, given)


def _judge(run: CurrentRun, stack: str, state: StackPresent, here: _Here, who: Identity) -> tuple[Wanted, bool]:
    """What this checkout is known to make of a stack's infrastructure, by the list that the stack carries where this
    machine's own does not give what is recorded; and whether that is what is deployed, as a plan would find out without
    a synth."""
    local = here.infrastructure
    wanted = Wanted((), (stack,), local)
    if local is None:
        return wanted, False
    states = {stack: state}

    def hashed(listed: Mapping[str, object]) -> Fingerprint:
        return with_given(run.ports.infrastructure(listed), here.given)

    own = by_their_lists(states, local, hashed, run.ports.publishable)
    own, known = what_is_remembered(run.ports.synthesiser, local, own, states, who)
    wanted = replace(wanted, infrastructures=own, remembered=known)
    observed = Observed({}, states)
    if planner.undecided_stacks(wanted, observed):
        wanted = ask(run, wanted, observed, who)
    wanted = with_input_changes(run, wanted, states)
    verdict = judge(stack, state, wanted)
    return wanted, planner.is_settled(state) and not (verdict.synth_reasons or verdict.differences)


def _services(ports: Ports, stack: str, asked: Future[StackState]) -> tuple[tuple[RunningService, ...], str]:
    """What ECS runs for a stack, and why that is not known ("" when it is)."""
    try:
        state = asked.result()
        if isinstance(state, StackAbsent):
            return (), ""
        running = running_services(ports.services, ports.watcher, stack, state)
        return tuple(_service(ports.watcher, one) for one in running), ""
    except DeployError as error:
        return (), f"what ECS runs is not known: {error}"


def _service(watcher: StackWatcher, one: Running) -> RunningService:
    service, primary = one.service, one.service.primary
    images: tuple[str, ...] = ()
    if service.image is not None:
        images = (service.image.address,)
    elif primary is not None and primary.task_definition:
        images = watcher.images(primary.task_definition)
    running = sum(one.running for one in service.deployments)
    desired = primary.desired if primary else 0
    controller = LAMBDA if one.own.is_function else service.controller
    return RunningService(service.name, running, desired, images, is_stable(service), controller, describe(one))


def _stack(
    run: CurrentRun,
    name: str,
    state: StackPresent,
    here: _Here,
    services: tuple[tuple[RunningService, ...], str],
    who: Identity,
) -> DeployedStack:
    recorded = state.parameters.get(REVISION_PARAMETER, NOT_RECORDED)
    revision = commit_of(recorded) if recorded != NOT_RECORDED else ""
    infrastructure = state.parameters.get(INFRA_PARAMETER, NOT_RECORDED)
    infrastructure = infrastructure if infrastructure != NOT_RECORDED else ""
    wanted, is_made = _judge(run, name, state, here, who)
    ours = str(wanted.infrastructure_of(name).digest) if wanted.infrastructure is not None else ""
    is_known = bool(infrastructure and ours)
    doubts = [*filter(None, (services[1], here.doubts.get("", "")))]
    if planner.is_busy(state):
        doubts.append("an operation is under way: what is recorded may not be what runs yet")
    elif stack_status.has_failed(state.status):
        doubts.append("the last operation failed: what is recorded may not be what runs")
    elif not stack_status.is_known(state.status):
        doubts.append("this version does not know the status: what is recorded may not be what runs")
    return DeployedStack(
        name,
        state.status,
        state.since,
        state.reason,
        revision,
        is_dirty(recorded),
        find_subject(run.settings.root, revision) if revision else "",
        (
            *(_image(run, image, state, here) for image in run.images if image.stack == name),
            *(app_image(run, image, state, wanted, is_made=is_made) for image in here.own if image.stack == name),
        ),
        infrastructure,
        ours,
        is_made or (infrastructure == ours if is_known else None),
        is_made and infrastructure != ours,
        wanted.input_changes.get(name) if infrastructure else None,
        services[0],
        tuple(doubts),
        tuple(_parameters(run, name, state)),
        tuple(state.outputs.items()),
    )


def _parameters(run: CurrentRun, stack: str, state: StackPresent) -> Iterator[DeployedParameter]:
    """Of the app's own parameters those that the settings give a value. What a variable has is shown as little as in a
    plan, and judged as there."""
    for each in wanted_parameters(run.settings.cdk, [stack], os.environ).get(stack, ()):
        deployed, here = state.parameters.get(each.name, ""), "" if each.variable else each.value or ""
        shown = "" if each.variable or is_hidden(each, state) else deployed
        yield DeployedParameter(each.name, shown, here, _is_as_set(run, each, state), each.variable)


def _is_as_set(run: CurrentRun, each: WantedParameter, state: StackPresent) -> bool | None:
    deployed = state.parameters.get(each.name)
    if each.value is None or deployed is None:
        return None if each.variable else False
    if is_hidden(each, state):
        return run.ports.secrets.compare(state, {each.name: each.value}).get(each.name)
    slot = state.declared.get(each.name)
    return is_same(slot.kind if slot is not None else "", deployed, each.value)


def _image(run: CurrentRun, image: ImageSettings, state: StackPresent, here: _Here) -> DeployedImage:
    deployed = state.parameters.get(image.parameter, "")
    deployed = deployed if deployed != NOT_RECORDED else ""
    tag = here.tags[image.name]
    doubt = here.doubts.get(image.name, "") or ("" if deployed else "the stack records no image")
    matches: bool | None = None
    if not doubt:
        if deployed.startswith("sha256:"):
            matches, doubt = _told(lambda: _digest_of(run, image, tag) == deployed)
        else:
            matches = deployed == tag
    return DeployedImage(image.name, image.parameter, deployed, tag, matches, doubt, str(image.repository))


def _told(ask: Callable[[], bool]) -> tuple[bool | None, str]:
    try:
        return ask(), ""
    except DeployError as error:
        return None, str(error)


def _digest_of(run: CurrentRun, image: ImageSettings, tag: str) -> str:
    """The digest of this checkout's image, "" where the registry has none."""
    found = run.ports.registry.find(image.repository, [tag])
    state = found[tag] if not isinstance(found, RepositoryAbsent) else None
    return str(state.digest) if isinstance(state, Tagged) else ""
