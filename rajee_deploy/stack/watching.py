"""What goes on in a stack while it is deployed: CloudFormation's events and the ECS services that it holds. Reads only.

Must never decide whether a deployment arrived: `rollout.verdict` does. Absence is believed only where AWS says so;
an answer without what was asked for is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from rajee_deploy.aws import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.rollout import Deployment, ResourceEvent, RolloutSettings, Service, Targets

_STOPPED_SHOWN = 3
_STARTING = {"initial", "unavailable", "unused"}


class StackWatcher(Protocol):
    """What the tool asks while a stack is deployed, and once it is."""

    def events(self, stack: str, since: float) -> tuple[ResourceEvent, ...]:
        """The stack's events since a moment (seconds since the epoch), oldest first; none for a stack that is not."""
        ...

    def services(self, stack: str) -> tuple[str, ...]:
        """The ARNs of the ECS services that the stack holds by now."""
        ...

    def service(self, arn: str) -> Service:
        """A service as it is. DeployError `unknown-answer` when ECS does not tell."""
        ...

    def images(self, task_definition: str) -> tuple[str, ...]:
        """The images of a task definition's containers."""
        ...

    def settings(self, arn: str) -> RolloutSettings:
        """What decides how long a rollout of the service takes."""
        ...


class Watching:
    """The StackWatcher of one account and region."""

    def __init__(self, aws: Asks) -> None:
        self._aws = aws

    def events(self, stack: str, since: float) -> tuple[ResourceEvent, ...]:
        """See StackWatcher. Events come newest first in pages: no page is asked for that can only be older."""
        found: list[ResourceEvent] = []
        arguments: dict[str, Any] = {"StackName": stack}
        while True:
            answer = self._aws.ask("cloudformation", "describe_stack_events", arguments, _no_stack)
            if not isinstance(answer, dict):
                return ()
            page = [_event(record) for record in answer.get("StackEvents", ())]
            found += [event for event in page if event.at >= since]
            if not answer.get("NextToken") or any(event.at < since for event in page):
                return tuple(reversed(found))
            arguments["NextToken"] = answer["NextToken"]

    def services(self, stack: str) -> tuple[str, ...]:
        """See StackWatcher. ListStackResources, since DescribeStackResources tells of the first hundred alone."""
        found: list[dict[str, Any]] = []
        arguments: dict[str, Any] = {"StackName": stack}
        while True:
            answer = self._aws.ask("cloudformation", "list_stack_resources", arguments, _no_stack)
            if not isinstance(answer, dict):
                return ()
            page = answer.get("StackResourceSummaries")
            if not page:
                raise unknown(f"cloudformation:ListStackResources {stack}", "the answer lists no resource")
            found += page
            if not answer.get("NextToken"):
                break
            arguments["NextToken"] = answer["NextToken"]
        return tuple(
            resource["PhysicalResourceId"]
            for resource in found
            if resource.get("ResourceType") == "AWS::ECS::Service"
            and resource.get("PhysicalResourceId")
            and not resource.get("ResourceStatus", "").startswith("DELETE")
        )

    def service(self, arn: str) -> Service:
        """See StackWatcher."""
        from rajee_deploy.rollout import Message, Service

        record = self._service(arn)
        cluster = record.get("clusterArn", "")
        return Service(
            record["serviceName"],
            tuple(_deployment(one) for one in record.get("deployments", ())),
            tuple(Message(one["id"], _at(one["createdAt"]), one["message"]) for one in record.get("events", ())),
            self._targets(record),
            self._stopped(cluster, record["serviceName"]),
        )

    def images(self, task_definition: str) -> tuple[str, ...]:
        """See StackWatcher."""
        containers = self._task_definition(task_definition).get("containerDefinitions")
        if not containers or not all(container.get("image") for container in containers):
            raise unknown(f"ecs:DescribeTaskDefinition {task_definition}", "the answer names no image")
        return tuple(container["image"] for container in containers)

    def settings(self, arn: str) -> RolloutSettings:
        """See StackWatcher."""
        from rajee_deploy.rollout import RolloutSettings

        record = self._service(arn)
        configuration = record.get("deploymentConfiguration") or {}
        groups = list(_target_groups(record))
        interval = delay = None
        if groups:
            found = self._aws.ask("elbv2", "describe_target_groups", {"TargetGroupArns": groups})
            interval = max(
                (g.get("HealthCheckIntervalSeconds", 0) for g in found.get("TargetGroups", ())), default=None
            )
            delay = max((self._deregistration_delay(group) for group in groups), default=None)
        containers = self._task_definition(record["taskDefinition"]).get("containerDefinitions", ())
        stops = [container["stopTimeout"] for container in containers if container.get("stopTimeout") is not None]
        return RolloutSettings(
            interval, delay, max(stops, default=None),
            configuration.get("minimumHealthyPercent"), configuration.get("maximumPercent"),
        )  # fmt: skip

    def _service(self, arn: str) -> dict[str, Any]:
        arguments = {"services": [arn], "cluster": _cluster_of(arn)}
        answer = self._aws.ask("ecs", "describe_services", arguments)
        record = next((one for one in answer.get("services", ()) if one.get("serviceArn") == arn), None)
        if record is None or not record.get("deployments") or not record.get("taskDefinition"):
            raise unknown(f"ecs:DescribeServices {arn}", "the answer lacks the service that was asked for")
        return dict(record)

    def _task_definition(self, arn: str) -> dict[str, Any]:
        answer = self._aws.ask("ecs", "describe_task_definition", {"taskDefinition": arn})
        found: dict[str, Any] = answer.get("taskDefinition", {})
        return found

    def _deregistration_delay(self, group: str) -> int:
        answer = self._aws.ask("elbv2", "describe_target_group_attributes", {"TargetGroupArn": group})
        values = {one.get("Key"): one.get("Value", "") for one in answer.get("Attributes", ())}
        text = values.get("deregistration_delay.timeout_seconds", "")
        return int(text) if text.isdecimal() else 0

    def _targets(self, record: Mapping[str, Any]) -> Targets | None:
        groups = list(_target_groups(record))
        if not groups:
            return None
        from rajee_deploy.rollout import Targets

        states: list[str] = []
        for group in groups:
            answer = self._aws.ask("elbv2", "describe_target_health", {"TargetGroupArn": group})
            states += [one["TargetHealth"]["State"] for one in answer.get("TargetHealthDescriptions", ())]
        return Targets(
            states.count("healthy"), sum(state in _STARTING for state in states),
            states.count("unhealthy"), states.count("draining"),
        )  # fmt: skip

    def _stopped(self, cluster: str, service: str) -> tuple[str, ...]:
        """Why the service's last tasks stopped; ECS remembers them for an hour or so."""
        which = {"cluster": cluster, "serviceName": service, "desiredStatus": "STOPPED", "maxResults": _STOPPED_SHOWN}
        arns = self._aws.ask("ecs", "list_tasks", which).get("taskArns", ())
        if not arns:
            return ()
        answer = self._aws.ask("ecs", "describe_tasks", {"cluster": cluster, "tasks": list(arns)})
        return tuple(reason for task in answer.get("tasks", ()) for reason in _reasons(task))


def _no_stack(code: str, message: str) -> tuple[()] | None:
    return () if code == "ValidationError" and message.endswith("does not exist") else None


def _event(record: Mapping[str, Any]) -> ResourceEvent:
    from rajee_deploy.rollout import ResourceEvent

    return ResourceEvent(
        record["EventId"], _at(record["Timestamp"]), record.get("LogicalResourceId", ""),
        record.get("ResourceType", ""), record.get("ResourceStatus", ""), record.get("ResourceStatusReason", ""),
    )  # fmt: skip


def _deployment(record: Mapping[str, Any]) -> Deployment:
    from rajee_deploy.rollout import Deployment

    return Deployment(
        record["id"], record["status"], record.get("taskDefinition", ""), record.get("desiredCount", 0),
        record.get("pendingCount", 0), record.get("runningCount", 0), record.get("failedTasks", 0),
        record.get("rolloutState", ""), record.get("rolloutStateReason", ""),
    )  # fmt: skip


def _target_groups(record: Mapping[str, Any]) -> Iterator[str]:
    for balancer in record.get("loadBalancers") or ():
        if balancer.get("targetGroupArn"):
            yield balancer["targetGroupArn"]


def _reasons(task: Mapping[str, Any]) -> Iterable[str]:
    """Why a task stopped, and which container made it stop."""
    if task.get("stoppedReason"):
        yield task["stoppedReason"]
    for container in task.get("containers", ()):
        if container.get("exitCode"):
            yield f"container {container.get('name', '?')} ended with exit code {container['exitCode']}"
        elif container.get("reason"):
            yield f"container {container.get('name', '?')}: {container['reason']}"


def _cluster_of(arn: str) -> str:
    """The cluster in a service's ARN: …:service/CLUSTER/SERVICE; the old form without one means the default cluster."""
    parts = arn.rpartition(":service/")[2].split("/")
    return parts[0] if len(parts) > 1 else "default"


def _at(moment: datetime) -> float:
    return moment.timestamp()
