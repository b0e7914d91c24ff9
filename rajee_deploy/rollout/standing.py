"""How a service stands to what its stack says, by ECS's own answer and by one look. Pure.

CloudFormation is the truth of what is wanted, ECS of what runs. No history is asked: whoever deployed, and whatever
became of that run, ECS knows whether its deployment was completed.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.rollout import rollout_state

if TYPE_CHECKING:
    from rajee_deploy.rollout import Deployment, Service


@dataclass(frozen=True, slots=True)
class StackService:
    """A service that a stack holds: its ARN, the ARN of the stack's own task definition ("" where the template does not
    tell), and how many tasks the template asks for (None likewise).

    A Lambda function made of an image is one, too (`is_function`): by its name, with its image in the place of the task
    definition, or as much of the end of its address as the template tells.
    """

    arn: str
    task_definition: str = ""
    desired: int | None = None
    is_function: bool = False
    cluster: str = ""  # as the template tells it, for an ARN that does not: "" for the default one
    stack: str = ""  # that holds it, where stacks live in several places


@dataclass(frozen=True, slots=True)
class Running:
    """A service that a stack holds, as ECS shows it. `images` are those of task definitions (by ARN) that had to be
    looked at."""

    own: StackService
    service: Service
    images: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def task_definition(self) -> str:
        """The ARN of what it runs, or is about to run; "" for a service without deployments."""
        primary = self.service.primary
        return primary.task_definition if primary is not None else ""


class Standing(Enum):
    """How a service stands to its stack."""

    RUNS = "it runs what the stack says"
    MOVING = "its rollout is not over"
    FAILED = "its rollout failed"
    ROLLED_BACK = "ECS rolled it back by itself"
    OTHER = "it runs something else"
    GONE = "there is no such service"
    NOT_JUDGED = "ECS does not report its rollouts"
    UNKNOWN = "it is in a state that this version does not know"


UNCONFIRMED = (
    Standing.MOVING,
    Standing.FAILED,
    Standing.ROLLED_BACK,
    Standing.UNKNOWN,
)  # the stack's own deployment, and no end of it


def standing(own: StackService, service: Service) -> Standing:
    """How a service stands to what its stack says."""
    if not rollout_state.is_there(service.status):
        return Standing.GONE if rollout_state.is_gone(service.status) else Standing.UNKNOWN
    primary = service.primary
    if service.controller != "ECS" or primary is None:
        return Standing.NOT_JUDGED
    if own.task_definition and primary.task_definition != own.task_definition:
        return Standing.ROLLED_BACK if _is_rolled_back(own, service, primary) else Standing.OTHER
    return _of_own(service, primary)


def _of_own(service: Service, primary: Deployment) -> Standing:
    """How a service stands whose newest deployment is the stack's own."""
    if not rollout_state.is_known(primary.state):
        return Standing.UNKNOWN
    if rollout_state.has_failed(primary.state):
        return Standing.FAILED
    return Standing.RUNS if is_over(service) else Standing.MOVING


def is_over(service: Service) -> bool:
    """Whether the newest deployment has come to its end. ECS tells no state of those behind a Classic Load Balancer:
    of them the counts tell. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html"""
    primary = service.primary
    if primary is None:
        return False
    if primary.state != rollout_state.UNTOLD:
        return rollout_state.is_over(primary.state)
    return len(service.deployments) == 1 and primary.running >= primary.desired


def _is_rolled_back(own: StackService, service: Service, primary: Deployment) -> bool:
    """ECS lists the deployment that failed only for a while, and while it rolls back says so of the new one."""
    has_failed = any(
        one.task_definition == own.task_definition and rollout_state.has_failed(one.state)
        for one in service.deployments
    )
    return has_failed or "rolling back to" in primary.reason or service.rolled_back == own.task_definition


def failure(own: StackService, service: Service) -> str:
    """Why the stack's own deployment failed, in ECS's words; "" where it says none."""
    return next(
        (
            one.reason
            for one in service.deployments
            if rollout_state.has_failed(one.state) and own.task_definition in ("", one.task_definition)
        ),
        "",
    )
