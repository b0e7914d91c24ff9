"""What a plan says of services, carried out: a rollout is confirmed, or fails the run; a service is put back.

It must never decide that a service needs anything: `service_drift` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.arrival import confirm_services
from rajee_deploy.actions.stack_images import StackImages
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import Observed, StackPresent
from rajee_deploy.rollout.sentences import arrived_text
from rajee_deploy.rollout.standing import UNCONFIRMED, standing
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console.activity_view import StepShown
    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.plan.steps import ConfirmRollout, RepairService
    from rajee_deploy.rollout.standing import StackService


def confirm(
    run: CurrentRun,
    step: ConfirmRollout,
    shown: StepShown,
    images: Sequence[WantedImage],
    before: Mapping[StackService, str],
) -> None:
    """Wait until a stack that stays as it is runs what it says. DeployError `rollout-not-confirmed`."""
    if not run.wait_for_end:
        shown.mark, shown.text = "~", f"not waited for: {step.reason}"
        return
    state = run.ports.reader.observe(step.stack)
    if not isinstance(state, StackPresent):
        raise DeployError(
            "rollout-not-confirmed",
            f"the stack {step.stack} is gone",
            where=f"stack {step.stack}",
            hint="somebody deleted it just now; run again: it is created again",
        )
    its = StackImages(images, state.parameters)
    services = confirm_services(run, step.stack, state, its, before, run.wait_seconds)
    shown.text = " on ".join(filter(None, ("what it says runs", arrived_text(services))))


def repair(run: CurrentRun, step: RepairService) -> str:
    """Put a service back to its stack's own task definition, or a function to its image, and say so; whether it gets
    there is confirmed afterwards."""
    with run.timings.phase(f"repair {step.service}"):
        run.ports.services.run(step.own, step.task_definition)
    return f"is to run {short(step.task_definition.rpartition('/')[2])}"


def as_before(stack: str, observed: Observed) -> dict[StackService, str]:
    """The services of a stack with their newest deployments, but for those of which a rollout of the stack's own is not
    confirmed: what is so afterwards, too, no deployment has touched."""
    return {
        one.own: one.service.primary.id if one.service.primary is not None else ""
        for one in observed.services.get(stack, ())
        if standing(one.own, one.service) not in UNCONFIRMED
    }
