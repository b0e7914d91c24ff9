"""Whether what was deployed runs: asked strictly, and of ECS and Lambda themselves.

CloudFormation's word is not enough: ECS may have rolled back by itself, and a task that dies after a second is "1 of 1
running" for that second. So a deployment is confirmed by two looks, some seconds apart. It waits and asks; it must
never decide what an answer means: `rollout` does.
"""

from __future__ import annotations

import time
from collections import Counter
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING

from rajee_deploy.actions.failed_rollout import tell_tasks
from rajee_deploy.actions.observe import with_rollback
from rajee_deploy.actions.stack_images import FunctionImages
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.plan import after_step
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.rollout.sentences import service_lines
from rajee_deploy.rollout.verdict import RolloutVerdict, own_stops, uses, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.stack_images import StackImages
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.function_images import ImageDigests
    from rajee_deploy.rollout.standing import StackService

WAIT_SECONDS = 3600.0  # as long as CloudFormation itself waits for an ECS service, and some
POLL_SECONDS = 2.5
APART_SECONDS = 3.0  # the two looks
# What stops so often by its own fault while it is looked at is no accident: as ECS's own circuit breaker counts.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
STOPS_TOO_MANY = 3
_AGAIN = (
    "once the cause is gone, rajee-deploy up --repair-drift deploys it once more; otherwise deploy a corrected version"
)


@dataclass(frozen=True, slots=True)
class _Look:
    """One service at one look."""

    service: Service
    verdict: RolloutVerdict


@dataclass(frozen=True, slots=True)
class Sight:
    """How the services of a stack are looked at: which there are, one of them as it is, the images of a task
    definition, and what a function is to run."""

    services: Callable[[], Sequence[StackService]]
    service: Callable[[StackService], Service]
    images: Callable[[str], tuple[str, ...]]
    deployed: Callable[[Service], ImageDigests | None]


def confirm_arrival(
    run: CurrentRun,
    stack: str,
    state: StackState,
    images: StackImages,
    before: Mapping[StackService, str],
) -> list[Service]:
    """After a deployment, `confirm_services` where the stack has any at all."""
    if isinstance(state, StackPresent) and state.services is not None and not state.services.is_empty:
        return confirm_services(run, stack, state, images, before)
    return []


def confirm_services(
    run: CurrentRun,
    stack: str,
    state: StackPresent,
    images: StackImages,
    before: Mapping[StackService, str],
    wait_seconds: float = WAIT_SECONDS,
) -> list[Service]:
    """Where ECS or Lambda runs what a stack says, CloudFormation's word is not enough. Returns what was looked at, as
    it was at last.

    DeployErrors `rollout-not-confirmed`; `stack-changed` where somebody deployed the stack meanwhile.
    """
    ports = run.ports

    def service(one: StackService) -> Service:
        if one.is_function:
            return ports.services.services([one])[one.arn]
        return with_rollback(ports.services, one, ports.watcher.service(one.arn))

    deployed = FunctionImages(ports.registry, images).find
    sight = Sight(lambda: ports.services.services_of(stack, state), service, ports.watcher.images, deployed)
    seen: list[Service] = []

    def note(services: Sequence[Service]) -> None:
        seen[:] = services
        run.console.board([line for one in services for line in service_lines(one)])

    with run.phase(f"look at what {stack} runs"):
        problem = arrival(sight, images.references, wait_seconds, before, run.apart_seconds, note)
    if problem:
        if after_step.has_moved(state, ports.reader.describe(stack)):
            raise DeployError(
                "stack-changed",
                f"somebody else changed stack {stack} while its services were looked at",
                where=f"stack {stack}",
                hint="run again: it is planned from what is deployed now",
            )
        error = DeployError(
            "rollout-not-confirmed",
            f"CloudFormation deployed {stack}, but {problem}",
            where=f"stack {stack}",
            hint="\n".join((*_where_to_look(state, sight.services()), _AGAIN)),
        )
        tell_tasks(run, error, seen)
        raise error
    return seen


def _where_to_look(state: StackPresent, services: Sequence[StackService]) -> Iterator[str]:
    """Commands that show more of a service, or of a function."""
    found = state.services
    if found is not None and found.functions and not (found.services or found.nested):
        yield "look at the function in Lambda and at its log group:"
        yield from (f"aws logs tail /aws/lambda/{quote(one.arn)} --since 1h" for one in services[:1] if one.is_function)
        return
    yield "look at the service's events in ECS and at its tasks' logs:"
    for one in services[:1]:
        parts = one.arn.split(":")
        cluster = f" --cluster {quote(parts[-1].split('/')[1])}" if parts[-1].count("/") > 1 else ""
        name, region = quote(one.arn.rpartition("/")[2]), f" --region {parts[3]}" if parts[3:] else ""
        yield f"aws ecs describe-services{cluster} --services {name}{region} --query 'services[].events[:5].message'"


def arrival(
    sight: Sight,
    wanted: Mapping[str, tuple[str, ...]],
    wait_seconds: float,
    before: Mapping[StackService, str] = MappingProxyType({}),
    apart_seconds: float = APART_SECONDS,
    on_look: Callable[[Sequence[Service]], None] = lambda _services: None,
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
        on_look([look.service for look in looks.values()])
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


def _looks(sight: Sight, wanted: Mapping[str, tuple[str, ...]], before: Mapping[StackService, str]) -> dict[str, _Look]:
    looks = {}
    for one in sight.services():
        service = sight.service(one)
        primary = service.primary
        if one.task_definition and one in before and before[one] == (primary.id if primary is not None else ""):
            continue
        images = sight.images(primary.task_definition) if primary is not None and not one.is_function else ()
        is_ours = bool(one.task_definition) or not images or any(uses(images, repository) for repository in wanted)
        if is_ours:
            is_given = one not in before or not one.task_definition  # it may have got its image just now
            deployed = sight.deployed(service) if is_given else None
            looks[one.arn] = _Look(service, verdict(one, service, images, wanted, deployed))
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
