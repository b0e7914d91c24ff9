"""Observing CloudFormation, the registry and ECS: which questions are asked for a plan, and after a push.

One look per repository answers for all images that share it. What an image says of itself is asked only of those that
have one of our tags. It must never decide anything.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.actions.meanings import near
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model.repository import Repository, registry_host
from rajee_deploy.plan import image_check, retention
from rajee_deploy.plan.planner import is_busy
from rajee_deploy.plan.stack_names import StackPlace, is_plain, places_of, resolve
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImageInaccessible,
    Observed,
    RepositoryAbsent,
    StackAbsent,
    StackPresent,
    Tagged,
)
from rajee_deploy.plan.tags import is_version
from rajee_deploy.rollout.standing import Running, Standing, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.plan.expiry import LifecycleRule
    from rajee_deploy.plan.state import ImageState, ReferenceState, StackState, Wanted, WantedImage
    from rajee_deploy.plan.tagged_templates import RecordedImage
    from rajee_deploy.registry import RegistryReader
    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.standing import StackService
    from rajee_deploy.settings import Settings
    from rajee_deploy.stack.secret_values import SecretValues
    from rajee_deploy.stack.services import ServiceDoor
    from rajee_deploy.stack.watching import StackWatcher

_AT_ONCE = 8

Found = RepositoryAbsent | dict[str, "ReferenceState"]


class Early:
    """What is asked for one plan. It begins early, with what CloudFormation is asked while files are hashed and nobody
    knows yet what names mean: of plain names, the stacks of these names where the caller is; where there are others,
    those that the last synth here would say.

    That is a guess at the question. An answer is used only for the very stack that it is about.
    """

    def __init__(self, run: CurrentRun, names: Sequence[str], pool: Executor) -> None:
        self._run = run
        self._pool = pool
        self._plain = [name for name in names if is_plain(name)]
        self._places: Mapping[str, StackPlace] = {}
        self._account = ""
        guess = self._plain
        if len(guess) < len(names):
            account, stacks = run.ports.store.latest()
            places = places_of(stacks)
            with suppress(ConfigurationError):
                guess = list(resolve(names, places))
                self._places, self._account = places, account
                run.ports.bind_names(places, account)
        self._asked = {stack: self._submit(stack) for stack in guess}

    def ask(self, stack: str, place: StackPlace, who: Identity) -> Future[StackState]:
        """The answer about the stack that goes by this now and lives in this place: what was asked already, or asked
        now."""
        then = self._places.get(stack) or StackPlace(stack, stack)
        is_it = self._account in ("", who.account) and _whole(then, who) == _whole(place, who)
        return self._asked[stack] if is_it and stack in self._asked else self._submit(stack)

    def plain(self, who: Identity) -> dict[str, StackState]:
        """What CloudFormation says of the plain names, taken for stacks of these names where the caller is. There the
        guess ends: what of it still waits to be asked would be asked elsewhere by now."""
        if self._places:
            self._places, self._account, self._asked = {}, "", {}
        for name in self._plain:
            self._asked[name] = self.ask(name, StackPlace(name, name), who)
        return {name: _answer_of(self._asked[name]) for name in self._plain}

    def observe_all(
        self, wanted: Wanted, who: Identity, meanwhile: Callable[[Wanted, Mapping[str, StackState]], Wanted]
    ) -> tuple[Wanted, Observed]:
        """Everything that a plan of this is decided by, and what is wanted, with what was found out `meanwhile` on this
        machine of the stacks as they are. The registry is asked after CloudFormation, since it is asked about what the
        stacks run, too."""
        run, ports = self._run, self._run.ports
        states = {stack: self.ask(stack, run.settings.place_of(stack), who) for stack in wanted.stacks}
        places = {stack: run.settings.place_of(stack) for stack in states}
        described = {stack: _located(state.result(), places[stack], who) for stack, state in states.items()}
        asked = self._pool.submit(observe, ports.registry, wanted.images, described)
        running = self._pool.submit(observe_services, ports.services, ports.watcher, described)
        rules = self._pool.submit(observe_lifecycle, ports.lifecycle, wanted.images)
        wanted = meanwhile(wanted, described)
        observed = with_services(_with_secrets(ports.secrets, wanted, asked.result()), running.result())
        return wanted, replace(observed, lifecycle=rules.result())

    def _submit(self, stack: str) -> Future[StackState]:
        return self._pool.submit(self._run.ports.reader.observe, stack)


def _located(state: StackState, place: StackPlace, who: Identity) -> StackState:
    """The state with the repositories of its images as they are called from here, wherever they were recorded from."""
    if not isinstance(state, StackPresent) or not state.images:
        return state
    images = tuple(
        replace(each, repository=_from_here(near(each.repository, place, who), who)) for each in state.images
    )
    return replace(state, images=images)


def _from_here(repository: Repository, who: Identity) -> Repository:
    return Repository(repository.name) if repository.host == registry_host(who.account, who.region) else repository


def _answer_of(asked: Future[StackState]) -> StackState:
    """The answer; of a stack that the role may not ask about, whatever it is, that it is not known here."""
    try:
        return asked.result()
    except DeployError as error:
        if error.code != "access-denied":
            raise
        return StackAbsent()


def _whole(place: StackPlace, who: Identity) -> tuple[str, str, str]:
    return place.name, place.account or who.account, place.region or who.region


def observe(registry: RegistryReader, images: Sequence[WantedImage], stacks: Mapping[str, StackState]) -> Observed:
    """The images, and everything that has to be known of their repositories."""
    recorded = (each.repository for each in _recorded(stacks))
    repositories = tuple(dict.fromkeys([*(image.repository for image in images), *recorded]))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda repository: _find(registry, repository, images, stacks), repositories)
        found = dict(zip(repositories, answers, strict=True))
        judged = pool.map(lambda image: _image_state(registry, image, found[image.repository]), images)
        states = dict(zip((image.name for image in images), judged, strict=True))
    references = {
        (repository, reference): state
        for repository, answer in found.items()
        if not isinstance(answer, RepositoryAbsent)
        for reference, state in answer.items()
    }
    seen = Observed(states, stacks, references)
    return Observed(states, stacks, references, _frozen(registry, images, seen))


@dataclass(frozen=True, slots=True)
class ObservedServices:
    """What ECS runs for stacks on which no operation is under way, why that is not known, and when it was looked at."""

    running: Mapping[str, tuple[Running, ...]]
    unseen: Mapping[str, str]
    at: float


def observe_services(door: ServiceDoor, watcher: StackWatcher, stacks: Mapping[str, StackState]) -> ObservedServices:
    """The services of stacks on which no operation is under way. Whoever may not ask is told so, and no more: the role
    of a pipeline may be older than the question."""
    running: dict[str, tuple[Running, ...]] = {}
    unseen: dict[str, str] = {}
    for stack, state in stacks.items():
        if not isinstance(state, StackPresent) or is_busy(state) or not _may_hold(state):
            continue
        try:
            running[stack] = running_services(door, watcher, stack, state)
        except DeployError as error:
            if error.code != "access-denied":
                raise
            unseen[stack] = f"what its services run is not looked at: {error.cause or error.problem}"
    return ObservedServices(running, unseen, time.time())


def observe_lifecycle(
    ask: Callable[[Repository], tuple[LifecycleRule, ...] | RepositoryAbsent], images: Sequence[WantedImage]
) -> dict[Repository, tuple[LifecycleRule, ...]]:
    """The rules of the repositories in which an image is to have a version as its tag. For a warning alone: whoever may
    not ask learns nothing, and so it is with rules that nobody here can read."""
    found: dict[Repository, tuple[LifecycleRule, ...]] = {}
    for repository in dict.fromkeys(image.repository for image in images if any(map(is_version, image.tags))):
        with suppress(DeployError):
            rules = ask(repository)
            found[repository] = () if isinstance(rules, RepositoryAbsent) else rules
    return found


def with_services(observed: Observed, services: ObservedServices) -> Observed:
    """What was observed, with the services."""
    return replace(observed, services=services.running, unseen=services.unseen, at=services.at)


def _with_secrets(known: SecretValues, wanted: Wanted, observed: Observed) -> Observed:
    """With what this machine knows of the values that come from variables, and that CloudFormation may hide."""
    found: dict[tuple[str, str], bool] = {}
    for stack, parameters in wanted.parameters.items():
        state = observed.stacks[stack]
        values = {each.name: each.value for each in parameters if each.variable and each.value is not None}
        if values and isinstance(state, StackPresent):
            found |= {(stack, name): same for name, same in known.compare(state, values).items()}
    return replace(observed, secrets=found) if found else observed


def _may_hold(state: StackPresent) -> bool:
    return state.services is not None and not state.services.is_empty


def running_services(door: ServiceDoor, watcher: StackWatcher, stack: str, state: StackPresent) -> tuple[Running, ...]:
    """What ECS runs of a stack: as remembered names say; where something is not as it should be, by names that are
    asked for anew."""
    found: list[Running] = []
    for fresh in (False, True):
        own = door.services_of(stack, state, fresh=fresh)
        services = door.services(own)
        found = [Running(one, services[one.arn]) for one in own]
        if all(standing(one.own, one.service) in (Standing.RUNS, Standing.NOT_JUDGED) for one in found):
            return tuple(found)
    found = [replace(one, service=with_rollback(door, one.own, one.service)) for one in found]
    return tuple(replace(one, images=_images(watcher, one)) for one in found)


def with_rollback(door: ServiceDoor, own: StackService, service: Service) -> Service:
    """A service, with whether it was ECS that put it back: asked only where it runs something else, and whoever may not
    ask does not learn it."""
    if own.is_function or standing(own, service) is not Standing.OTHER:
        return service
    try:
        return replace(service, rolled_back=door.rolled_back(own))
    except DeployError as error:
        if error.code != "access-denied":
            raise
        return service


def _images(watcher: StackWatcher, one: Running) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Of both task definitions, where a service runs another one than its stack says; of a function, what Lambda found
    at the address of its image. A courtesy."""
    if standing(one.own, one.service) not in (Standing.OTHER, Standing.ROLLED_BACK):
        return ()
    if one.own.is_function:
        image = one.service.image
        return ((one.task_definition, (image.resolved,)),) if image is not None and image.resolved else ()
    found = []
    for each in (one.task_definition, one.own.task_definition):
        with suppress(DeployError):
            found.append((each, watcher.images(each)))
    return tuple(found)


def image_state(registry: RegistryReader, image: WantedImage) -> ImageState:
    """One image as it is now."""
    found = registry.find(image.repository, [image.tag])
    return _image_state(registry, image, found if isinstance(found, RepositoryAbsent) else dict(found))


def _recorded(stacks: Mapping[str, StackState]) -> list[RecordedImage]:
    """The image assets that stacks record."""
    return [each for state in stacks.values() if isinstance(state, StackPresent) for each in state.images]


def _find(
    registry: RegistryReader, repository: Repository, images: Sequence[WantedImage], stacks: Mapping[str, StackState]
) -> Found:
    wanted = [
        reference
        for image in images
        if image.repository == repository
        for reference in retention.references(image, stacks.get(image.stack))
    ]
    wanted += [each.tag for each in _recorded(stacks) if each.repository == repository and each.tag not in wanted]
    found = registry.find(repository, wanted)
    return found if isinstance(found, RepositoryAbsent) else dict(found)


def _image_state(registry: RegistryReader, image: WantedImage, found: Found) -> ImageState:
    if isinstance(found, RepositoryAbsent):
        return found
    state = found[image.tag]
    match state:
        case Tagged(digest=digest):
            contents = {each: registry.read_content(image.repository, digest, each) for each in image.platforms}
            return image_check.judge_image(digest, contents, image.fingerprint.digest)
        case ImageAbsent():
            return registry.confirm_absent(image.repository, image.tag)
        case ImageInaccessible():
            return state


def _frozen(
    registry: RegistryReader, images: Sequence[WantedImage], seen: Observed
) -> frozenset[tuple[Repository, str]]:
    """Whether tags that have to move can: asked only where one is in the wrong place."""
    wrong: dict[Repository, list[str]] = {}
    for image in images:
        wrong.setdefault(image.repository, []).extend(retention.misplaced_tags(image, seen))
    return frozenset(
        (repository, tag)
        for repository, tags in wrong.items()
        if tags
        for tag in registry.find_frozen(repository, tags)
    )


def check_account(settings: Settings, who: Identity) -> None:
    """DeployError `wrong-account` when the settings name another one."""
    if settings.account is not None and settings.account != who.account:
        raise DeployError(
            "wrong-account",
            f"these credentials are of account {who.account}, not {settings.account}",
            where=f"environments.{settings.environment}.account",
            hint="log in to the right account, or use its --profile",
        )
