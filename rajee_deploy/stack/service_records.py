"""What ECS answers of services, read: deployments, task sets, clusters. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.rollout import Deployment, Service, rollout_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.rollout.standing import StackService


def service_of(record: Mapping[str, Any]) -> Service:
    """A service of an answer of DescribeServices. DeployError when it lacks what a decision stands on."""
    controller = (record.get("deploymentController") or {}).get("type") or "ECS"
    status = record.get("status") or ""
    if (
        not record.get("serviceName")
        or not status
        or (rollout_state.is_there(status) and controller == "ECS" and not record.get("deployments"))
    ):
        raise unknown(f"ecs:DescribeServices {record.get('serviceArn')}", "the answer lacks the service's deployments")
    deployments = tuple(_deployment(one) for one in record.get("deployments") or ())
    # A service that another controller rolls out has task sets, or none yet, and no deployments.
    deployments = deployments or tuple(_task_set(one) for one in task_sets(record))
    return Service(record["serviceName"], deployments, status=status, controller=controller)


def task_sets(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The task sets of a service that ECS does not roll out by itself, the one that serves first."""
    return sorted(record.get("taskSets") or (), key=lambda one: one.get("status") != "PRIMARY")


def _task_set(record: Mapping[str, Any]) -> Deployment:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html"""
    return Deployment(
        record["id"],
        record.get("status", ""),
        record.get("taskDefinition", ""),
        record.get("computedDesiredCount", 0),
        record.get("pendingCount", 0),
        record.get("runningCount", 0),
        state=rollout_state.IN_PROGRESS if record.get("stabilityStatus") == "STABILIZING" else rollout_state.UNTOLD,
    )


def cluster_of(arn: str) -> str:
    """The cluster in a service's ARN: …:service/CLUSTER/SERVICE; the old form without one means the default cluster."""
    parts = arn.rpartition(":service/")[2].split("/")
    return parts[0] if len(parts) > 1 else "default"


def cluster_named(held: StackService) -> str:
    """Where a service runs: as its ARN says, else as its template does."""
    return cluster_of(held.arn) if held.arn.count("/") > 1 else held.cluster or "default"


def _deployment(record: Mapping[str, Any]) -> Deployment:
    began = record.get("createdAt")
    return Deployment(
        record["id"],
        record["status"],
        record.get("taskDefinition", ""),
        record.get("desiredCount", 0),
        record.get("pendingCount", 0),
        record.get("runningCount", 0),
        record.get("failedTasks", 0),
        record.get("rolloutState", ""),
        record.get("rolloutStateReason", ""),
        began.timestamp() if began is not None else 0.0,
    )
