"""What is done about services that do not run what their stack says. Pure.

The stack's own deployment that nobody confirmed is confirmed, or fails the run, whoever made it. What somebody else
made a service run is told and left as it is, since it may be a rollback by hand at night; it is put back where that is
asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import Drift
from rajee_deploy.plan.steps import Caution, ConfirmRollout, RepairService
from rajee_deploy.rollout import rollout_state
from rajee_deploy.rollout.image_address import is_whole
from rajee_deploy.rollout.standing import UNCONFIRMED, Standing, is_over, standing
from rajee_deploy.rollout.verdict import objection, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.plan.state import Observed
    from rajee_deploy.rollout.standing import Running

_WAY = "rajee-deploy up --repair-drift puts it back"
# Of a function of whose image the template does not tell the whole address.
_WAY_BY_HAND = "aws lambda update-function-code puts it back, and so does the next image that is deployed"
_TOO_YOUNG_SECONDS = 3600.0  # of a change that a setting puts back


def drift_steps(
    stack: str, observed: Observed, drift: Drift
) -> tuple[list[ConfirmRollout | RepairService], list[Caution]]:
    """What to do about the services of a stack that is not deployed in this run, and what to know of them.

    DeployError `repair-refused` where a repair is asked for now and cannot be.
    """
    repairs: list[RepairService] = []
    unconfirmed: list[Running] = []
    cautions = list(_unseen(stack, observed))
    for one in observed.services.get(stack, ()):
        stands = standing(one.own, one.service)
        refusal = _refusal(one, stands, drift, observed.at)
        if _is_wanted(drift, stands) and _can_repair(one, stands) and not refusal:
            repairs.append(
                RepairService(
                    stack, one.service.name, one.own, one.task_definition, one.own.task_definition, describe(one)
                )
            )
        elif stands in UNCONFIRMED:
            unconfirmed.append(one)
        is_repaired = bool(repairs) and repairs[-1].own == one.own
        way = f"it is not put back: {refusal}" if refusal else _way(one)
        cautions += _cautions(stack, one, "" if is_repaired else f"; {way}")
    steps: list[ConfirmRollout | RepairService] = list(repairs)
    if unconfirmed or repairs:
        reasons = [describe(one) for one in unconfirmed] or ["what is repaired has to run"]
        steps.append(ConfirmRollout(stack, "; ".join(reasons)))
    return steps, cautions


def drift_cautions(stack: str, observed: Observed, drift: Drift) -> list[Caution]:
    """What to know of the services of a stack that is deployed in this run, which may replace what they run."""
    cautions = list(_unseen(stack, observed))
    way = "this deployment replaces that where the template of the service changes"
    if drift is not Drift.LEAVE:
        way += "; else it is put back by the next run"
    for one in observed.services.get(stack, ()):
        cautions += _cautions(stack, one, f"; {way}")
    return cautions


def describe(one: Running) -> str:
    """What a service does that its stack does not say, with the images of both task definitions."""
    text = objection(standing(one.own, one.service), one.own, one.service)
    images = dict(one.images)
    shown = [
        f"{short(each)} is {', '.join(images[each])}"
        for each in dict.fromkeys((one.task_definition, one.own.task_definition))
        if images.get(each)
    ]
    return f"{text} ({'; '.join(shown)})" if shown else text


def _is_wanted(drift: Drift, stands: Standing) -> bool:
    """Whether a service is to be put back: by a setting only what others changed, since ECS found the stack's own
    deployment to be broken."""
    match drift:
        case Drift.LEAVE:
            return False
        case Drift.REPAIR:
            return stands is Standing.OTHER
        case Drift.REPAIR_NOW:
            return True
        case _:
            assert_never(drift)


def _way(one: Running) -> str:
    return _WAY if not one.own.is_function or is_whole(one.own.task_definition) else _WAY_BY_HAND


def _can_repair(one: Running, stands: Standing) -> bool:
    if one.own.is_function and not is_whole(one.own.task_definition):
        return False
    return bool(one.own.task_definition) and stands in (Standing.OTHER, Standing.ROLLED_BACK, Standing.FAILED)


def _refusal(one: Running, stands: Standing, drift: Drift, now: float) -> str:
    """Why a service that could be repaired is not; "" when nothing speaks against it, or nobody asked for it."""
    if not _is_wanted(drift, stands) or not _can_repair(one, stands):
        return ""
    if not is_over(one.service):
        if drift is Drift.REPAIR_NOW:
            raise DeployError(
                "repair-refused",
                f"{describe(one)}, and a deployment of it is in progress",
                where=f"service {one.service.name}",
                hint="run again when that deployment has ended: rajee-deploy status shows it",
            )
        return "a deployment of it is in progress"
    newest = max((each.began for each in one.service.deployments), default=0.0)
    if drift is Drift.REPAIR and now - newest < _TOO_YOUNG_SECONDS:
        return "the change is younger than an hour"
    return ""


def _unseen(stack: str, observed: Observed) -> Iterator[Caution]:
    if stack in observed.unseen:
        yield Caution("services-not-seen", f"stack {stack}", observed.unseen[stack])


def _cautions(stack: str, one: Running, way: str) -> Sequence[Caution]:
    subject, service = f"stack {stack}", one.service
    stands = standing(one.own, service)
    match stands:
        case Standing.OTHER | Standing.ROLLED_BACK:
            return [Caution("service-drift", subject, describe(one) + way)]
        case Standing.GONE:
            text = (
                f"{describe(one)}; CloudFormation does not see that and creates it again only under another logical id"
            )
            return [Caution("service-gone", subject, text)]
        case Standing.NOT_JUDGED:
            text = (
                f"{service.controller} rolls out {service.name}; whether it runs what its stack says is not known here"
            )
            return [Caution("service-not-judged", subject, text)]
        case Standing.RUNS | Standing.MOVING | Standing.FAILED | Standing.UNKNOWN:
            return _counts(subject, one)


def _counts(subject: str, one: Running) -> Sequence[Caution]:
    """A service that stands still: nobody but who did it knows whether that is meant."""
    primary = one.service.primary
    if primary is None:
        return []
    if primary.desired == 0 and one.own.desired:
        text = f"{one.service.name} is to run no task, and its stack says {one.own.desired}"
        return [Caution("service-stopped", subject, text)]
    if primary.desired and not primary.running and rollout_state.has_arrived(primary.state):
        return [Caution("service-down", subject, f"{one.service.name} runs 0 of {primary.desired} tasks")]
    return []
