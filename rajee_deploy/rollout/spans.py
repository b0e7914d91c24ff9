"""Events → where the time went, resource by resource and phase by phase. Pure.

A phase of an ECS rollout is read off ECS's own messages, that of a function off CloudFormation's events and the moment
at which Lambda took the change: all are stamped by AWS, so slow polling does not bend them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.stack_status import action_of, goes_on, is_failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.rollout import Message, ResourceEvent

STACK_TYPE = "AWS::CloudFormation::Stack"
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


@dataclass(frozen=True, slots=True)
class Span:
    """A named piece of time: when it began (seconds since the epoch) and how long it took (seconds)."""

    name: str
    start: float
    seconds: float


def resource_spans(events: Iterable[ResourceEvent]) -> tuple[Span, ...]:
    """How long CloudFormation worked on each resource, the longest first; the stack itself is left out.

    A resource that is replaced and cleaned up afterwards has one span for each.
    """
    began: dict[tuple[str, str], float] = {}
    spans = []
    for event in sorted(events, key=lambda one: one.at):
        if event.type == STACK_TYPE:
            continue
        action = action_of(event.status)
        key = event.resource, action
        if goes_on(event.status):
            began.setdefault(key, event.at)
        elif key in began:
            start = began.pop(key)
            name = event.resource if action in {"CREATE", "UPDATE"} else f"{event.resource} ({action.lower()})"
            spans.append(Span(name, start, event.at - start))
    return tuple(sorted(spans, key=lambda span: (-span.seconds, span.start)))


def first_failure(events: Iterable[ResourceEvent]) -> ResourceEvent | None:
    """The event that made an operation fail; what CloudFormation cancelled because of it is no cause."""
    failed = (event for event in sorted(events, key=lambda one: one.at) if is_failure(event.status))
    causes = [event for event in failed if not event.reason.startswith(_CANCELLED)]
    # A resource says why; the stack's own event only says that its resources failed.
    return next((event for event in causes if event.type != STACK_TYPE), causes[0] if causes else None)


# What ECS says when a phase ends, in the order of a rollout behind a load balancer.
_MARKS = (
    ("start tasks", ") registered "),  # not "deregistered"
    ("health checks", "has begun draining connections"),
    ("draining", "has stopped "),
    ("settling", "deployment completed"),
)
TAKE_OVER = "Lambda takes the image over"  # LastUpdateStatus is InProgress, or State is Pending
_DONE = ("deployment completed", "has reached a steady state")


def rollout_phases(messages: Sequence[Message], start: float) -> tuple[Span, ...]:
    """The phases of a rollout that began at `start`: tasks start and are registered, health checks pass, the former
    tasks are drained, the service settles. A phase that the messages do not show is part of the next one."""
    later = sorted((one for one in messages if one.at >= start), key=lambda one: one.at)
    end = next((one.at for one in reversed(later) if any(done in one.text for done in _DONE)), None)
    if end is None:
        return ()
    spans: list[Span] = []
    begin = start
    for name, mark in _MARKS:
        at = end if name == "settling" else _last_before(later, mark, begin, end)
        if at is not None:
            spans.append(Span(name, begin, at - begin))
            begin = at
    return tuple(spans)


def function_phases(events: Iterable[ResourceEvent], name: str, changed: float) -> tuple[Span, ...]:
    """What became of the time that CloudFormation worked on the function of this name: until it told Lambda of the
    image, at `changed`, and until Lambda had it (CloudFormation looks every few seconds, so this span ends a little
    late). None where Lambda was told nothing meanwhile."""
    begin: float | None = None
    for event in sorted((event for event in events if event.physical == name), key=lambda one: one.at):
        if goes_on(event.status):
            begin = event.at if begin is None else begin
        elif begin is not None:
            if begin <= changed <= event.at:
                return Span("until Lambda is told", begin, changed - begin), Span(
                    TAKE_OVER, changed, event.at - changed
                )
            begin = None  # what comes is another operation, such as a rollback
    return ()


def _last_before(messages: Iterable[Message], mark: str, begin: float, end: float) -> float | None:
    """When a mark was last seen: with several tasks, a phase lasts until its last one has passed it."""
    return max((one.at for one in messages if mark in one.text and begin <= one.at <= end), default=None)
