"""Did the deployment arrive? What CloudFormation calls complete is believed only when ECS, or Lambda, runs it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rajee_deploy.dataclass import dataclass
from rajee_deploy.rollout import rollout_state
from rajee_deploy.rollout.function_images import ANY_TAG, function_objection
from rajee_deploy.rollout.image_address import split_address
from rajee_deploy.rollout.remedy import remedy
from rajee_deploy.rollout.standing import Standing, failure, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.function_images import ImageDigests
    from rajee_deploy.rollout.standing import StackService


def is_stable(service: Service) -> bool:
    """Whether nothing moves any more: one deployment, with all of its tasks running and its rollout completed."""
    primary = service.primary
    return (
        primary is not None
        and len(service.deployments) == 1
        and primary.pending == 0
        and primary.running == primary.desired
        and (primary.state == rollout_state.UNTOLD or rollout_state.has_arrived(primary.state))
    )


def uses(images: Iterable[str], repository: str) -> bool:
    """Whether a task definition takes an image of the repository (its name, without a registry's host)."""
    return any(split_address(image)[0] == repository for image in images)


@dataclass(frozen=True, slots=True)
class RolloutVerdict:
    """What speaks against believing that a service runs what was deployed ("" for nothing), and whether that may still
    change by itself."""

    problem: str = ""
    is_moving: bool = False


def verdict(
    own: StackService,
    service: Service,
    images: Iterable[str],
    wanted: Mapping[str, tuple[str, ...]],
    deployed: ImageDigests | None = None,
) -> RolloutVerdict:
    """The verdict of one look.

    `images` are those of the primary deployment's task definition, `wanted` says of a repository which tags and digests
    are what was deployed. Images of other repositories are nobody's concern here. `deployed` is what a function is to
    run, where this deployment gave it another image.
    """
    stands = standing(own, service)
    match stands:
        case Standing.NOT_JUDGED:
            return RolloutVerdict()
        case Standing.GONE | Standing.FAILED | Standing.ROLLED_BACK | Standing.OTHER | Standing.UNKNOWN:
            return RolloutVerdict(objection(stands, own, service))
        case Standing.MOVING:
            if own.is_function:
                return RolloutVerdict(objection(stands, own, service), is_moving=True)
            return _of_own(service, images, wanted)
        case Standing.RUNS:
            if own.is_function:
                return RolloutVerdict(function_objection(own, service, wanted, deployed))
            return _of_own(service, images, wanted)
        case _:
            assert_never(stands)


def objection(stands: Standing, own: StackService, service: Service) -> str:  # noqa: PLR0911 -- one return for each kind
    """In words, what a service does that is not what its stack says; "" for one that does."""
    primary = service.primary
    runs = short(primary.task_definition) if primary is not None else "nothing"
    what = "the function" if own.is_function else "the service"
    why = failure(own, service)
    because = f": {why}" if why else ""
    match stands:
        case Standing.FAILED if own.is_function and primary is not None:
            code = f" ({primary.code})" if primary.code else ""
            helps = remedy(primary.code, primary.reason)
            return f"Lambda could not update {service.name}{code}{because}" + (f"; {helps}" if helps else "")
        case Standing.FAILED:
            return f"the rollout of {service.name} failed{because}"
        case Standing.ROLLED_BACK:
            return f"ECS rolled {service.name} back by itself, to {runs}{because}"
        case Standing.OTHER:
            return f"{what} {service.name} runs {runs}, and its stack says {short(own.task_definition)}"
        case Standing.MOVING if own.is_function:
            return f"Lambda has not updated {service.name} yet"
        case Standing.MOVING:
            return f"the rollout of {service.name} is not over"
        case Standing.UNKNOWN:
            state = primary.state if primary is not None and rollout_state.is_there(service.status) else service.status
            return f"{what} {service.name} is {state}, which this version does not know: a newer one may"
        case Standing.GONE:
            return f"there is no {what.removeprefix('the ')} {service.name} any more"
        case Standing.RUNS | Standing.NOT_JUDGED:
            return ""
        case _:
            assert_never(stands)


def short(task_definition: str) -> str:
    """A task definition's family and revision."""
    return task_definition.rpartition("/")[2]


def _of_own(service: Service, images: Iterable[str], wanted: Mapping[str, tuple[str, ...]]) -> RolloutVerdict:
    """Of a service whose newest deployment is the stack's own."""
    for image in images:
        repository, tag, digest = split_address(image)
        if repository in wanted and {tag, digest, ANY_TAG}.isdisjoint(wanted[repository]):
            return RolloutVerdict(f"the service {service.name} runs {image}")
    primary = service.primary
    if primary is None or not is_stable(service):
        running = f": {primary.running} of {primary.desired} tasks run" if primary is not None else ""
        return RolloutVerdict(f"the service {service.name} is not stable{running}", is_moving=True)
    targets = service.targets
    if targets is not None and targets.served < primary.desired:
        return RolloutVerdict(
            f"the service {service.name} has {targets.served} healthy targets for {primary.desired} tasks",
            is_moving=True,
        )
    return RolloutVerdict()


def own_stops(service: Service) -> frozenset[str]:
    """The tasks of the newest deployment that stopped by their own fault."""
    primary = service.primary
    return frozenset(
        task.id
        for task in service.stopped
        if primary is not None and task.deployment == primary.id and task.is_own_fault
    )
