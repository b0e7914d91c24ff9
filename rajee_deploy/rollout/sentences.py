"""How a service stands while it is rolled out, and once it arrived, as one reads it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.rollout import rollout_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.rollout import Deployment, RolloutSettings, Service

_HASHED = re.compile(r"(?<=.)[0-9A-F]{8}$")
_MADE = re.compile(r".+-([A-Z][A-Za-z0-9]*)-(?=[A-Za-z]*[A-Z0-9])[A-Za-z0-9]{11,13}")
_ROUTINE = (
    "has started ",
    "registered ",  # and deregistered
    "has begun draining connections",
    "has stopped ",
    "deployment completed",
    "has reached a steady state",
)


def service_lines(service: Service, settings: RolloutSettings | None = None) -> list[tuple[str, str]]:
    """The service with how it stands; and, without a name, what it waits for, where it does."""
    if service.image is not None:
        return [(own_name(service), _function_text(service))]
    if not service.is_by_ecs:
        return [(own_name(service), "; ".join(map(_task_set_text, service.deployments)) or "nothing runs yet")]
    texts = [(own_name(service), _service_text(service))]
    return [*texts, *(("", text) for text in _waits(service, settings))]


def arrived_text(services: Sequence[Service]) -> str:
    """How much runs of what was deployed: `2 of 2 tasks`, of several services `3 services, 6 of 6 tasks`."""
    primaries = [one.primary for one in services if one.image is None and one.is_by_ecs and one.primary is not None]
    functions = [own_name(one) for one in services if one.image is not None]
    parts = []
    if primaries:
        running, desired = sum(one.running for one in primaries), sum(one.desired for one in primaries)
        tasks = f"{running} of {desired} task{'' if desired == 1 else 's'}"
        parts.append(f"{len(primaries)} services, {tasks}" if len(primaries) > 1 else tasks)
    if functions:
        parts.append(f"{len(functions)} functions" if len(functions) > 1 else functions[0])
    return " and ".join(parts)


def resource_name(logical: str) -> str:
    """A resource as its app calls it: the CDK ends logical ids with eight digits of a hash."""
    return _HASHED.sub("", logical)


def own_name(service: Service) -> str:
    """A service as its app calls it, also where CloudFormation has made its name of that, the stack's and chance."""
    made = _MADE.fullmatch(service.name)
    return resource_name(made[1]) if made else service.name


def is_routine(message: str) -> bool:
    """Whether ECS says it of every rollout that goes well."""
    return any(words in message for words in _ROUTINE)


def _function_text(service: Service) -> str:
    state = service.primary.state if service.primary is not None else ""
    tag = service.image.address.rpartition("/")[2] if service.image is not None else ""
    return tag if rollout_state.has_arrived(state) else f"{tag}, {state.lower().replace('_', ' ')}"


def _task_set_text(one: Deployment) -> str:
    """Of those that somebody else rolls out: a task set that is not yet the primary one may well be the new one."""
    return f"{one.status.lower()} {one.running} of {one.desired} tasks run{_troubles(one)}"


def _service_text(service: Service) -> str:
    primary = service.primary
    if primary is None:
        return "nothing runs yet"
    former = sum(one.running for one in service.deployments if one is not primary)
    new = "new " if former or not rollout_state.has_arrived(primary.state) else ""
    if primary.running == primary.desired:
        tasks = f"{_count(primary.running, f'{new}task')} {'runs' if primary.running == 1 else 'run'}"
    else:
        tasks = f"{primary.running} of {_count(primary.desired, f'{new}task')} run"
    targets = service.targets
    healthy = f", {targets.healthy} of {primary.desired} healthy" if targets is not None and targets.starting else ""
    return f"{tasks}{_troubles(primary)}{healthy}" + (f", and {former} former" if former else "")


def _troubles(one: Deployment) -> str:
    pending = f", {one.pending} pending" if one.pending else ""
    return pending + (f", {one.failed} failed" if one.failed else "")


def _waits(service: Service, settings: RolloutSettings | None) -> Iterator[str]:
    primary, targets = service.primary, service.targets
    if primary is None or rollout_state.has_arrived(primary.state):
        return
    interval = settings.health_check_interval if settings is not None else None
    delay = settings.deregistration_delay if settings is not None else None
    if primary.running < primary.desired:
        yield "waiting for new tasks to start"
    elif targets is not None and targets.starting:
        yield "waiting for the load balancer's checks" + (f" (every {interval} s)" if interval else "")
    elif targets is not None and targets.draining:
        yield "waiting for former connections to end" + (f" (at most {delay} s)" if delay else "")
    elif len(service.deployments) > 1:
        yield "waiting for the former tasks to stop"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
