"""What a plan says of services, carried out: a rollout is confirmed, or fails the run; a service is put back.

It must never decide that a service needs anything: `service_drift` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.arrival import Sight, arrival
from rajee_deploy.actions.observe import with_rollback
from rajee_deploy.errors import DeployError
from rajee_deploy.plan import after_step
from rajee_deploy.plan.state import Observed, StackPresent
from rajee_deploy.rollout.standing import UNCONFIRMED, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.plan.steps import ConfirmRollout, RepairService
    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.standing import Held

WAIT_SECONDS = 3600.0  # as long as CloudFormation itself waits for an ECS service, and some


def confirm(run: CurrentRun, step: ConfirmRollout, images: Sequence[WantedImage], before: Mapping[Held, str]) -> None:
    """Wait until a stack that stays as it is runs what it says. DeployError `rollout-not-confirmed`."""
    if not run.wait_for_end:
        run.console.item("~", f"stack {step.stack}", f"not waited for: {step.reason}", "yellow")
        return
    state = run.ports.reader.observe(step.stack)
    if not isinstance(state, StackPresent):
        raise DeployError(
            "rollout-not-confirmed",
            f"the stack {step.stack} is gone",
            where=f"stack {step.stack}",
            hint="somebody deleted it just now; run again: it is created again",
        )
    confirm_services(run, step.stack, state, wanted_images(images, state.parameters), before, run.wait_seconds)
    run.console.item("✓", f"stack {step.stack}", "its services run what it says", "green")


def confirm_services(
    run: CurrentRun,
    stack: str,
    state: StackPresent,
    wanted: Mapping[str, tuple[str, ...]],
    before: Mapping[Held, str],
    wait_seconds: float = WAIT_SECONDS,
) -> None:
    """Where ECS runs what a stack says, CloudFormation's word is not enough.

    DeployErrors `rollout-not-confirmed`; `stack-changed` where somebody deployed the stack meanwhile.
    """
    ports = run.ports

    def service(one: Held) -> Service:
        if one.is_function:
            return ports.services.services([one])[one.arn]
        return with_rollback(ports.services, one, ports.watcher.service(one.arn))

    sight = Sight(lambda: ports.services.held(stack, state), service, ports.watcher.images)
    with run.phase(f"look at what {stack} runs"):
        problem = arrival(sight, wanted, wait_seconds, before, run.apart_seconds)
    if problem:
        if after_step.has_moved(state, ports.reader.describe(stack)):
            raise DeployError(
                "stack-changed",
                f"somebody else changed stack {stack} while its services were looked at",
                where=f"stack {stack}",
                hint="run again: it is planned from what is deployed now",
            )
        raise DeployError(
            "rollout-not-confirmed",
            f"CloudFormation deployed {stack}, but {problem}",
            where=f"stack {stack}",
            hint="look at the service's events in ECS and at its tasks' logs; once the cause is gone, "
            "rajee-deploy up --repair-drift deploys it once more; otherwise deploy a corrected version",
        )


def wanted_images(images: Sequence[WantedImage], parameters: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """By repository, the tags and digests that a stack with these parameters runs."""
    wanted: dict[str, tuple[str, ...]] = {}
    for image in images:
        names = wanted.get(image.repository.name, ())
        given = parameters.get(image.parameter, image.tag)
        wanted[image.repository.name] = (*names, image.tag, given)
    return wanted


def repair(run: CurrentRun, step: RepairService) -> None:
    """Put a service back to its stack's own task definition; whether it gets there is confirmed afterwards."""
    with run.phase(f"repair {step.service}"):
        run.ports.services.run(step.held, step.task_definition)
    run.console.item("✓", f"service {step.service}", f"is to run {step.task_definition.rpartition('/')[2]}", "green")


def as_before(stack: str, observed: Observed) -> dict[Held, str]:
    """The services of a stack with their newest deployments, but for those of which a rollout of the stack's own is not
    confirmed: what is so afterwards, too, no deployment has touched."""
    return {
        one.held: one.service.primary.id if one.service.primary is not None else ""
        for one in observed.services.get(stack, ())
        if standing(one.held, one.service) not in UNCONFIRMED
    }
