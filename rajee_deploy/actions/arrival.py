"""Whether what was deployed runs: asked strictly, and of ECS itself.

CloudFormation's word is not enough: ECS may have rolled back by itself, and a task that dies after a second is "1 of 1
running" for that second. So a deployment is confirmed by two looks, some seconds apart. It waits and asks; what an
answer means is decided in `rollout`.
"""

from __future__ import annotations

import time
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.rollout.verdict import RolloutVerdict, own_stops, uses, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.standing import Held

POLL_SECONDS = 2.5
APART_SECONDS = 3.0  # the two looks
# What stops so often by its own fault while it is looked at is no accident: as ECS's own circuit breaker counts.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
STOPS_TOO_MANY = 3


@dataclass(frozen=True, slots=True)
class _Look:
    """One service at one look."""

    service: Service
    verdict: RolloutVerdict


@dataclass(frozen=True, slots=True)
class Sight:
    """How the services of a stack are looked at: which there are, one of them as it is, and the images of a task
    definition."""

    held: Callable[[], Sequence[Held]]
    service: Callable[[Held], Service]
    images: Callable[[str], tuple[str, ...]]


def arrival(
    sight: Sight,
    wanted: Mapping[str, tuple[str, ...]],
    wait_seconds: float,
    before: Mapping[Held, str] = MappingProxyType({}),
    apart_seconds: float = APART_SECONDS,
) -> str:
    """What speaks against the services of a stack running what was deployed; "" when nothing does.

    `wanted` says of each repository which tags and digests are what was deployed. A service that is still moving is
    waited for; one whose task definition the stack does not tell, and that runs other repositories' images, is not
    looked at. Neither is one that is as it was `before`, with the same newest deployment (its id): then this deployment
    did not change what it runs. DeployError when AWS does not tell.
    """
    deadline = time.monotonic() + wait_seconds
    first: dict[str, _Look] | None = None
    seen: dict[str, frozenset[str]] = {}  # tasks that stopped by their own fault, by service
    stops: Counter[str] = Counter()
    while True:
        looks = _looks(sight, wanted, before)
        fresh = {arn: own_stops(look.service) - seen.get(arn, own_stops(look.service)) for arn, look in looks.items()}
        seen = {arn: own_stops(look.service) for arn, look in looks.items()}
        stops.update({arn: len(tasks) for arn, tasks in fresh.items()})
        crashing = [look for arn, look in looks.items() if stops[arn] >= _too_many(look.service)]
        if crashing:
            return "; ".join(map(_crash, crashing))
        problems = [look.verdict for look in looks.values() if look.verdict.problem]
        if not problems and first is not None and not any(fresh.values()) and _same(first, looks):
            return ""
        is_late = time.monotonic() > deadline
        if problems and (is_late or not all(each.is_moving for each in problems)):
            return "; ".join(each.problem for each in problems)
        if not problems and not any(look.service.deployments for look in looks.values()):
            return ""  # nothing is there that could stop
        if first is not None and is_late:
            return "its services keep changing"
        first = looks if not problems else None
        time.sleep(apart_seconds if first is not None else POLL_SECONDS)


def _looks(sight: Sight, wanted: Mapping[str, tuple[str, ...]], before: Mapping[Held, str]) -> dict[str, _Look]:
    looks = {}
    for one in sight.held():
        service = sight.service(one)
        primary = service.primary
        if one.task_definition and one in before and before[one] == (primary.id if primary is not None else ""):
            continue
        images = sight.images(primary.task_definition) if primary is not None and not one.is_function else ()
        is_ours = bool(one.task_definition) or not images or any(uses(images, repository) for repository in wanted)
        if is_ours:
            looks[one.arn] = _Look(service, verdict(one, service, images, wanted))
    return looks


def _same(first: Mapping[str, _Look], looks: Mapping[str, _Look]) -> bool:
    """Whether two looks saw the same deployments, with no task more that ECS counts as failed."""

    def seen(look: _Look) -> tuple[str, int]:
        primary = look.service.primary
        return (primary.id, primary.failed) if primary is not None else ("", 0)

    return {arn: seen(look) for arn, look in first.items()} == {arn: seen(look) for arn, look in looks.items()}


def _too_many(service: Service) -> int:
    primary = service.primary
    return max(STOPS_TOO_MANY, primary.desired // 2 if primary is not None else 0)


def _crash(look: _Look) -> str:
    own = own_stops(look.service)
    reasons = dict.fromkeys(reason for task in look.service.stopped if task.id in own for reason in task.reasons)
    return f"tasks of {look.service.name} stop by themselves: {'; '.join(reasons)}"
