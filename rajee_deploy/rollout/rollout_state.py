"""The states of rollouts, and what each means: the one table. No other module names one. Pure.

They are ECS's; Lambda's are told in ECS's words. A state that is not here is unknown: nothing is concluded from it, and
nobody waits for it to end.
"""

from __future__ import annotations

from typing import NamedTuple


class _RolloutState(NamedTuple):
    """Whether a rollout in this state has come to its end, and whether that is the wanted one."""

    is_over: bool
    has_failed: bool = False


# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html (rolloutState)
IN_PROGRESS = "IN_PROGRESS"
UNTOLD = ""  # of services behind a Classic Load Balancer, and of task sets: there the counts of tasks tell
_STATES = {
    "COMPLETED": _RolloutState(is_over=True),
    IN_PROGRESS: _RolloutState(is_over=False),
    "FAILED": _RolloutState(is_over=True, has_failed=True),
}
STATES = frozenset(_STATES)

# https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (LastUpdateStatus)
_OF_UPDATES = {"Successful": "COMPLETED", "InProgress": IN_PROGRESS, "Failed": "FAILED"}
# The same (State), which tells of a function's creation, and goes before what its last update says. Those of which the
# update tells: one that nobody calls for long is Inactive until somebody does.
# https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
_OF_FUNCTIONS = {"Pending": IN_PROGRESS, "Failed": "FAILED"}
_UPDATABLE = ("Active", "Inactive", UNTOLD)

# Of a service itself: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html (status)
ACTIVE, MISSING = "ACTIVE", "MISSING"  # the second is not ECS's own: it says that there is no such service
_GONE = ("DRAINING", "INACTIVE", MISSING)

# How the statuses begin of those deployments of a service that ECS, or somebody by it, put an end to:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html (status)
_UNDONE = ("ROLLBACK_", "STOP")


def is_known(state: str) -> bool:
    """Whether this version knows what the state says, if it says anything."""
    return state == UNTOLD or state in _STATES


def is_over(state: str) -> bool:
    """Whether the rollout has come to an end, be it this or that one."""
    return state in _STATES and _STATES[state].is_over


def has_failed(state: str) -> bool:
    """Whether the rollout came to its end without having arrived."""
    return state in _STATES and _STATES[state].has_failed


def has_arrived(state: str) -> bool:
    """Whether the rollout came to the end that was wanted."""
    return is_over(state) and not has_failed(state)


def of_function(state: str, update: str) -> str:
    """The state that a function's creation or its last update is in; one that nobody knows as Lambda says it."""
    return _OF_UPDATES.get(update, update) if is_updatable(state) else _OF_FUNCTIONS.get(state, state)


def is_updatable(state: str) -> bool:
    """Whether of a function in this state its last update tells, and not the state itself."""
    return state in _UPDATABLE


def is_there(status: str) -> bool:
    """Whether a service of this status is one that runs tasks."""
    return status == ACTIVE


def is_gone(status: str) -> bool:
    """Whether a service of this status is none any more."""
    return status in _GONE


def is_undone(status: str) -> bool:
    """Whether this deployment of a service was ended before it had arrived."""
    return status.startswith(_UNDONE)
