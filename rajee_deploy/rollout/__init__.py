"""A deployment as it goes on: what CloudFormation's events, ECS and Lambda tell of it. Pure values; `stack` reads them.

Times are seconds since the epoch, as AWS's own clock stamped them, so that nothing here depends on when we looked.
Rooms inside: spans (where the time went), advice (which settings would make it faster), remedy (what helps a function
that Lambda does not update), task_failures (why tasks stop), declared (what a template says of services),
rollout_state (what each state means), standing (how a service stands to its stack), verdict (did a deployment
arrive).
"""

from __future__ import annotations

from rajee_deploy.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """One event of a stack. `status` is CloudFormation's ResourceStatus; the stack itself has events too, of the type
    AWS::CloudFormation::Stack. `physical` is the resource's own name, "" where it has none yet."""

    id: str
    at: float
    resource: str
    type: str
    status: str
    reason: str = ""
    physical: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of an ECS service: `status` is PRIMARY, ACTIVE or INACTIVE, `state` the rollout's
    (COMPLETED, IN_PROGRESS, FAILED; "" for services that ECS does not roll out by itself). Of those it is a task set,
    which is PRIMARY, ACTIVE or DRAINING."""

    id: str
    status: str
    task_definition: str
    desired: int
    pending: int
    running: int
    failed: int = 0
    state: str = ""
    reason: str = ""
    began: float = 0.0  # when it was made
    code: str = ""  # Lambda's word for the reason; ECS has none


@dataclass(frozen=True, slots=True)
class Message:
    """What ECS says of a service, in its own words."""

    id: str
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets of a service's load balancers, by state. `fewest_healthy` are the healthy ones of that load balancer
    which has the fewest (of both its target groups, where ECS shifts between two); None where there is but one."""

    healthy: int = 0
    starting: int = 0
    unhealthy: int = 0
    draining: int = 0
    fewest_healthy: int | None = None

    @property
    def served(self) -> int:
        """How many tasks every load balancer finds healthy."""
        return self.healthy if self.fewest_healthy is None else self.fewest_healthy


@dataclass(frozen=True, slots=True)
class StoppedContainer:
    """A container of a task that stopped: its exit code (None where ECS tells none), and what ECS says of it."""

    name: str
    exit: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StoppedTask:
    """A task that stopped: by which deployment it was started, ECS's word for why (its StopCode), what it and its
    containers say, and the exit codes of these, as far as they are told; when, and of which task definition."""

    id: str
    deployment: str
    code: str = ""
    reasons: tuple[str, ...] = ()
    exits: tuple[int, ...] = ()
    at: float = 0.0
    definition: str = ""
    containers: tuple[StoppedContainer, ...] = ()

    @property
    def is_own_fault(self) -> bool:
        """Whether the task, and nobody else, made it stop, and not because its work was done.
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (stopCode)"""
        is_done = bool(self.exits) and not any(self.exits)
        return self.code == "TaskFailedToStart" or (self.code == "EssentialContainerExited" and not is_done)


@dataclass(frozen=True, slots=True)
class FunctionImage:
    """The image of a Lambda function: its address as it was given to Lambda, the address with the digest that Lambda
    found there ("" where it does not say), and the machine that the function runs on (x86_64, arm64)."""

    address: str
    resolved: str = ""
    architecture: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """An ECS service at one moment. `messages` are the newest first, as ECS gives them; `targets` is None where no load
    balancer stands before it; `stopped` are its last tasks that stopped. `status` is ECS's (ACTIVE, DRAINING,
    INACTIVE), or MISSING where ECS says that there is no such service. `controller` is who rolls it out: ECS,
    CODE_DEPLOY or EXTERNAL; for others than ECS nobody but them knows whether a rollout arrived, and `deployments` are
    its task sets."""

    name: str
    deployments: tuple[Deployment, ...]
    messages: tuple[Message, ...] = ()
    targets: Targets | None = None
    stopped: tuple[StoppedTask, ...] = ()
    status: str = "ACTIVE"
    controller: str = "ECS"
    rolled_back: str = ""  # the task definition that ECS last rolled back from, where it was asked for that
    image: FunctionImage | None = None  # of a Lambda function made of an image, which is a service with one deployment

    @property
    def is_by_ecs(self) -> bool:
        """Whether ECS rolls it out by itself."""
        return self.controller == "ECS"

    @property
    def primary(self) -> Deployment | None:
        """The newest deployment, the one that is wanted."""
        return next((one for one in self.deployments if one.status == "PRIMARY"), None)


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """The settings of a service that decide how long a rollout takes, in seconds and percent; None: not told."""

    health_check_interval: int | None = None
    deregistration_delay: int | None = None
    stop_timeout: int | None = None
    minimum_healthy_percent: int | None = None
    maximum_percent: int | None = None
