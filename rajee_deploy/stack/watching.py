"""What goes on in a stack while it is deployed: CloudFormation's events, its ECS services and functions. Reads only.

Must never decide whether a deployment arrived: `rollout.verdict` does. Absence is believed only where AWS says so;
an answer without what was asked for is unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from rajee_deploy.aws import pages, unknown
from rajee_deploy.rollout import Message, Service, StoppedContainer, StoppedTask
from rajee_deploy.rollout.declared import SERVICE_TYPE
from rajee_deploy.stack.function_records import function_of, gone, is_of_image, no_function
from rajee_deploy.stack.service_records import cluster_of, service_of, task_sets
from rajee_deploy.stack.services import stack_resources
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.rollout import ResourceEvent, RolloutSettings, Targets

_STOPPED_SHOWN = 100  # one page: more are never asked for
_STARTING = {"initial", "unavailable", "unused"}


class StackWatcher(Protocol):
    """What the tool asks while a stack is deployed, and once it is."""

    def events(self, stack: str, since: float) -> tuple[ResourceEvent, ...]:
        """The stack's events since a moment (seconds since the epoch), oldest first; none for a stack that is not. A
        nested stack goes by its ARN."""
        ...

    def services(self, stack: str) -> tuple[str, ...]:
        """The ARNs of the ECS services that the stack holds by now."""
        ...

    def service(self, arn: str) -> Service:
        """A service as it is. DeployError `unknown-answer` when ECS does not tell."""
        ...

    def function(self, stack: str, name: str) -> Service | None:
        """A Lambda function of a stack as it is; None for one not made of an image. DeployErrors as `service`."""
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
        for answer in pages(self._aws, "cloudformation", "describe_stack_events", {"StackName": stack}, _no_stack):
            if not isinstance(answer, dict):
                return ()
            page = [_event(record) for record in answer.get("StackEvents", ())]
            found += [event for event in page if event.at >= since]
            if any(event.at < since for event in page):
                break
        return tuple(reversed(found))

    def services(self, stack: str) -> tuple[str, ...]:
        """See StackWatcher."""
        resources = stack_resources(self._aws, stack)
        return tuple(each["PhysicalResourceId"] for each in resources if each.get("ResourceType") == SERVICE_TYPE)

    def service(self, arn: str) -> Service:
        """See StackWatcher."""
        answer = self._aws.ask("ecs", "describe_services", {"services": [arn], "cluster": cluster_of(arn)})
        if any(one.get("arn") == arn and one.get("reason") == "MISSING" for one in answer.get("failures", ())):
            return Service(arn.rpartition("/")[2], (), status="MISSING")
        record = _service_named(answer, arn)
        cluster = record.get("clusterArn", "")
        return replace(
            service_of(record),
            messages=tuple(
                Message(one["id"], _at(one["createdAt"]), one["message"]) for one in record.get("events", ())
            ),
            targets=self._targets(record),
            stopped=self._stopped(cluster, record["serviceName"]),
        )

    def function(self, stack: str, name: str) -> Service | None:  # noqa: ARG002 -- of one place: see `located`
        """See StackWatcher."""
        answer = self._aws.ask("lambda", "get_function", {"FunctionName": name}, no_function)
        if not isinstance(answer, dict):
            return gone(name)
        is_zip = (answer.get("Configuration") or {}).get("PackageType") == "Zip" and not is_of_image(answer)
        return None if is_zip else function_of(name, answer)

    def images(self, task_definition: str) -> tuple[str, ...]:
        """See StackWatcher."""
        containers = self._task_definition(task_definition).get("containerDefinitions")
        if not containers or not all(container.get("image") for container in containers):
            raise unknown(f"ecs:DescribeTaskDefinition {task_definition}", "the answer names no image")
        return tuple(container["image"] for container in containers)

    def settings(self, arn: str) -> RolloutSettings:
        """See StackWatcher."""
        from rajee_deploy.rollout import RolloutSettings

        answer = self._aws.ask("ecs", "describe_services", {"services": [arn], "cluster": cluster_of(arn)})
        record = _service_named(answer, arn)
        configuration = record.get("deploymentConfiguration") or {}
        groups = list(_target_groups(record))
        interval = delay = None
        if groups:
            found = self._aws.ask("elbv2", "describe_target_groups", {"TargetGroupArns": groups})
            interval = max(
                (g.get("HealthCheckIntervalSeconds", 0) for g in found.get("TargetGroups", ())), default=None
            )
            delay = max((self._deregistration_delay(group) for group in groups), default=None)
        runs = record.get("taskDefinition") or next((one.get("taskDefinition") for one in task_sets(record)), None)
        containers = self._task_definition(runs).get("containerDefinitions", ()) if runs else ()
        stops = [container["stopTimeout"] for container in containers if container.get("stopTimeout") is not None]
        return RolloutSettings(
            interval,
            delay,
            max(stops, default=None),
            configuration.get("minimumHealthyPercent"),
            configuration.get("maximumPercent"),
        )

    def _task_definition(self, arn: str) -> dict[str, Any]:
        answer = self._aws.ask("ecs", "describe_task_definition", {"taskDefinition": arn})
        found: dict[str, Any] = answer.get("taskDefinition", {})
        return found

    def _deregistration_delay(self, group: str) -> int:
        answer = self._aws.ask("elbv2", "describe_target_group_attributes", {"TargetGroupArn": group})
        values = {one.get("Key"): one.get("Value", "") for one in answer.get("Attributes", ())}
        text = values.get("deregistration_delay.timeout_seconds", "")
        return whole(text) or 0

    def _targets(self, record: Mapping[str, Any]) -> Targets | None:
        balancers = list(_balancers(record))
        if not balancers:
            return None
        from rajee_deploy.rollout import Targets

        states = [[state for group in groups for state in self._states(group)] for groups in balancers]
        every = [state for each in states for state in each]
        return Targets(
            every.count("healthy"),
            sum(state in _STARTING for state in every),
            every.count("unhealthy"),
            every.count("draining"),
            min(each.count("healthy") for each in states),
        )

    def _states(self, group: str) -> list[str]:
        answer = self._aws.ask("elbv2", "describe_target_health", {"TargetGroupArn": group})
        return [one["TargetHealth"]["State"] for one in answer.get("TargetHealthDescriptions", ())]

    def _stopped(self, cluster: str, service: str) -> tuple[StoppedTask, ...]:
        """The service's last tasks that stopped; ECS remembers them for an hour or so."""
        which = {"cluster": cluster, "serviceName": service, "desiredStatus": "STOPPED", "maxResults": _STOPPED_SHOWN}
        arns = self._aws.ask("ecs", "list_tasks", which).get("taskArns", ())
        if not arns:
            return ()
        answer = self._aws.ask("ecs", "describe_tasks", {"cluster": cluster, "tasks": list(arns)})
        return tuple(
            StoppedTask(
                task.get("taskArn", ""),
                task.get("startedBy", ""),
                task.get("stopCode", ""),
                tuple(_reasons(task)),
                tuple(each["exitCode"] for each in task.get("containers", ()) if each.get("exitCode") is not None),
                _at(task["stoppedAt"]) if task.get("stoppedAt") is not None else 0.0,
                task.get("taskDefinitionArn", ""),
                tuple(
                    StoppedContainer(each.get("name", "?"), each.get("exitCode"), each.get("reason", ""))
                    for each in task.get("containers", ())
                ),
            )
            for task in answer.get("tasks", ())
        )


def _service_named(answer: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """The service that was asked for."""
    record = next((one for one in answer.get("services", ()) if one.get("serviceArn") == arn), None)
    if record is None:
        raise unknown(f"ecs:DescribeServices {arn}", "the answer lacks the service that was asked for")
    return dict(record)


def _no_stack(code: str, message: str) -> tuple[()] | None:
    return () if code == "ValidationError" and message.endswith("does not exist") else None


def _event(record: Mapping[str, Any]) -> ResourceEvent:
    from rajee_deploy.rollout import ResourceEvent

    return ResourceEvent(
        record["EventId"],
        _at(record["Timestamp"]),
        record.get("LogicalResourceId", ""),
        record.get("ResourceType", ""),
        record.get("ResourceStatus", ""),
        record.get("ResourceStatusReason", ""),
        record.get("PhysicalResourceId", ""),
    )


def _balancers(record: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The target groups of each load balancer: two where ECS shifts between them by itself.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html"""
    balancers = [each for part in (record, *task_sets(record)) for each in part.get("loadBalancers") or ()]
    groups = [
        (each.get("targetGroupArn"), (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn"))
        for each in balancers
    ]
    yield from dict.fromkeys(tuple(filter(None, each)) for each in groups if any(each))


def _target_groups(record: Mapping[str, Any]) -> Iterator[str]:
    yield from dict.fromkeys(group for groups in _balancers(record) for group in groups)


def _reasons(task: Mapping[str, Any]) -> Iterable[str]:
    """Why a task stopped, and which container made it stop."""
    if task.get("stoppedReason"):
        yield task["stoppedReason"]
    for container in task.get("containers", ()):
        if container.get("exitCode"):
            yield f"container {container.get('name', '?')} ended with exit code {container['exitCode']}"
        elif container.get("reason"):
            yield f"container {container.get('name', '?')}: {container['reason']}"


def _at(moment: datetime) -> float:
    return moment.timestamp()
