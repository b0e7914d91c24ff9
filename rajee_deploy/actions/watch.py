"""Watching one stack while it is deployed: what to say as it goes on, and what to tell of it afterwards.

Watching is a courtesy: when AWS does not answer it says so once and the deployment goes on. Whether the deployment
arrived is asked separately and strictly (see `arrival`). It must never decide what is deployed.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.model.stack_status import begins_operation, goes_on, is_failure
from rajee_deploy.rollout import RolloutSettings
from rajee_deploy.rollout.advice import advice
from rajee_deploy.rollout.declared import FUNCTION_TYPE
from rajee_deploy.rollout.remedy import remedy
from rajee_deploy.rollout.sentences import is_routine
from rajee_deploy.rollout.spans import first_failure, function_phases, resource_spans, rollout_phases
from rajee_deploy.rollout.verdict import is_stable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from rajee_deploy.rollout import ResourceEvent, Service
    from rajee_deploy.rollout.spans import Span
    from rajee_deploy.stack.watching import StackWatcher

POLL_SECONDS = 2.5
# AWS's clock and ours may differ; what was there before the deployment began is left out by its id, not by its time.
_SKEW_SECONDS = 120.0
_STACK = "AWS::CloudFormation::Stack"
_LEFT = "no stack has it, so it may be what a creation that failed left: delete it, or name it otherwise"
_DEEPEST = 5  # nested stacks within one another


@dataclass(frozen=True, slots=True)
class Moment:
    """What is to be seen of a deployment right now: resources that are being worked on (with the seconds so far), the
    services and functions, and what is new since the last look: what is amiss, and in `details` what goes well.
    `names` are the services' own in the stack, `settings` those of services that are waited for."""

    at_work: tuple[tuple[str, float], ...]
    services: tuple[Service, ...]
    news: tuple[str, ...]
    details: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, RolloutSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """What a deployment took: by resource (longest first), by phase of each service and function, and what would make
    it faster. `failure` is the resource that failed and why ("" when none did), `remedy` what helps, where that is
    known. `elsewhere` are the services that ECS does not roll out by itself, each with who does."""

    resources: tuple[Span, ...]
    phases: Mapping[str, tuple[Span, ...]]
    advice: tuple[str, ...]
    failure: str = ""
    elsewhere: tuple[tuple[str, str], ...] = ()
    remedy: str = ""


class Watch:
    """A thread that looks at a stack every few seconds and hands what it sees to `on_moment`."""

    def __init__(
        self,
        watcher: StackWatcher,
        stack: str,
        on_moment: Callable[[Moment], None],
        poll: float = POLL_SECONDS,
        name: str = "",
        on_event: Callable[[ResourceEvent], None] = lambda _event: None,
    ) -> None:
        """`name` is the stack's at CloudFormation, where it goes by another one inside the tool; `on_event` hears each
        event of it once."""
        self._watcher = watcher
        self._stack = stack
        self._name = name or stack
        self._on_moment = on_moment
        self._on_event = on_event
        self._poll = poll
        self._since = time.time() - _SKEW_SECONDS
        self._former: set[str] = set()
        self._events: dict[str, ResourceEvent] = {}
        self._told: set[str] = set()
        self._left_out: set[str] = set()  # functions that are not made of an image, or that this role may not see
        self._settings: dict[str, RolloutSettings | None] = {}
        self._looking = threading.Lock()  # so that each event is heard of once
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {stack}", daemon=True)
        self._is_lost = False

    def __enter__(self) -> Self:
        with suppress(DeployError):
            self._former = {event.id for event in self._watcher.events(self._stack, self._since)}
            # What ECS said before is no news.
            for service in self._services():
                self._told.update(message.id for message in service.messages)
                self._told.update(task.id for task in service.stopped)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(self._poll)

    def time_spent(self) -> TimeSpent:
        """What the deployment took, as AWS tells it now. DeployError when it does not tell."""
        self._look_at_events()
        events = list(self._events.values())
        phases: dict[str, tuple[Span, ...]] = {}
        words: list[str] = []
        elsewhere: list[tuple[str, str]] = []
        start = min((event.at for event in events), default=self._since)
        for arn in self._watcher.services(self._stack):
            service = self._watcher.service(arn)
            elsewhere += [] if service.is_by_ecs else [(service.name, service.controller)]
            found = rollout_phases(service.messages, start)
            if found:
                phases[service.name] = found
                words += advice(found, self._watcher.settings(arn))
        for function in self._functions():
            changed = function.primary.began if function.primary is not None else 0.0
            found = function_phases(events, function.name, changed)
            if found:
                phases[function.name] = found
                words += advice(found, RolloutSettings())
        failed, nested = self._cause(first_failure(events))
        failure = f"{failed.resource} ({failed.type}) {failed.status}: {failed.reason}" if failed else ""
        failure = f"in the nested stack {' / '.join(nested)}: {failure}" if nested else failure
        helps = _remedy(failed) if failed is not None else ""
        return TimeSpent(resource_spans(events), phases, tuple(dict.fromkeys(words)), failure, tuple(elsewhere), helps)

    def _cause(self, failed: ResourceEvent | None) -> tuple[ResourceEvent | None, list[str]]:
        """What failed, and in which nested stacks: such a stack says no more than that something in it did. Where AWS
        does not tell of it (a role may not ask), what is known stands."""
        nested: list[str] = []
        while failed is not None and failed.type == _STACK and failed.physical and len(nested) < _DEEPEST:
            with suppress(DeployError):
                inner = first_failure(self._watcher.events(failed.physical, self._since))
                if inner is not None and inner.physical != failed.physical:
                    nested.append(failed.resource)
                    failed = inner
                    continue
            break
        return failed, nested

    def operations(self) -> int:
        """How many operations on the stack itself began since it is watched; one is ours. DeployError when AWS does not
        tell."""
        self._look_at_events()
        return sum(self._is_own(event) and begins_operation(event.status) for event in self._events.values())

    def _is_own(self, event: ResourceEvent) -> bool:
        """Whether it tells of the stack itself; its events do so under the name that CloudFormation knows."""
        return event.type == _STACK and event.resource == self._name

    def _run(self) -> None:
        while not self._ended.wait(self._poll):
            try:
                self._on_moment(self._look())
                self._is_lost = False
            except DeployError as error:
                if not self._is_lost:
                    self._on_moment(Moment((), (), (f"cannot watch {self._stack}: {error.problem}",)))
                self._is_lost = True

    def _look(self) -> Moment:
        ended = [event for event in self._look_at_events() if not goes_on(event.status)]
        amiss = [f"{event.status} {event.resource}: {event.reason}" for event in ended if is_failure(event.status)]
        well = [f"{event.status} {event.resource}" for event in ended if not is_failure(event.status)]
        found = self._services_by_arn()
        services = tuple(found.values())
        for service in services:
            fresh = [message for message in reversed(service.messages) if message.id not in self._told]
            self._told.update(message.id for message in fresh)
            for message in fresh:
                (well if is_routine(message.text) else amiss).append(message.text)
            stopped = [task for task in service.stopped if self._is_new(task.id)]
            amiss += [f"task stopped: {reason}" for task in stopped for reason in task.reasons]
        services = (*services, *self._functions())
        waited = self._settings_of({arn: each for arn, each in found.items() if not is_stable(each)})
        return Moment(self._at_work(), services, tuple(amiss), tuple(well), self._names(services), waited)

    def _settings_of(self, services: Mapping[str, Service]) -> dict[str, RolloutSettings]:
        """By name; asked once, and left out where nobody tells."""
        for arn, service in services.items():
            if service.name not in self._settings:
                self._settings[service.name] = None
                with suppress(DeployError):
                    self._settings[service.name] = self._watcher.settings(arn)
        return {name: found for name, found in self._settings.items() if found is not None}

    def _names(self, services: Sequence[Service]) -> dict[str, str]:
        """What CloudFormation calls the services: their ARNs end with their names."""
        ids = {event.physical.rpartition("/")[2]: event.resource for event in self._events.values() if event.physical}
        return {one.name: ids[one.name] for one in services if one.name in ids}

    def _is_new(self, key: str) -> bool:
        known = key in self._told
        self._told.add(key)
        return not known

    def _look_at_events(self) -> list[ResourceEvent]:
        """The events that were not seen before, oldest first."""
        with self._looking:
            events = self._watcher.events(self._stack, self._since)
            fresh = [event for event in events if event.id not in self._events and event.id not in self._former]
            self._events.update((event.id, event) for event in fresh)
        for event in fresh:
            self._on_event(event)
        return fresh

    def _at_work(self) -> tuple[tuple[str, float], ...]:
        began: dict[str, float] = {}
        for event in sorted(self._events.values(), key=lambda one: one.at):
            if goes_on(event.status):
                began.setdefault(event.resource, event.at)
            else:
                began.pop(event.resource, None)
        now = time.time()
        return tuple((resource, max(0.0, now - at)) for resource, at in began.items())

    def _functions(self) -> list[Service]:
        """Those made of images that this deployment has worked on, as CloudFormation's events name them."""
        events = [event for event in self._events.values() if event.type == FUNCTION_TYPE and event.physical]
        found = []
        for name in dict.fromkeys(event.physical for event in events if event.physical not in self._left_out):
            function = self._function(name)
            if function is None:
                self._left_out.add(name)
            elif function.image is not None:
                found.append(function)
        return found

    def _function(self, name: str) -> Service | None:
        try:
            return self._watcher.function(self._stack, name)
        except DeployError as error:
            if error.code != "access-denied":  # a role of before there were functions sees all the rest
                raise
            return None

    def _services(self) -> tuple[Service, ...]:
        return tuple(self._services_by_arn().values())

    def _services_by_arn(self) -> dict[str, Service]:
        return {arn: self._watcher.service(arn) for arn in self._watcher.services(self._stack)}


def _remedy(failed: ResourceEvent) -> str:
    if failed.type == FUNCTION_TYPE:
        return remedy("", failed.reason)
    return _LEFT if "already exists" in failed.reason else ""
