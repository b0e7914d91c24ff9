"""The last words of a container that stopped, from the log group that its task definition names. Reads only.

A courtesy for whoever reads why a rollout failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.rollout import StoppedTask

MOST = 20  # lines


@dataclass(frozen=True, slots=True)
class TaskLog:
    """Where a container's log is, and its last lines; none where this role may not read them."""

    group: str
    stream: str
    lines: tuple[str, ...] = ()


class TaskLogs:
    """Logs of tasks; `at` says by an ARN who is to be asked."""

    def __init__(self, at: Callable[[str], Asks]) -> None:
        self._at = at

    def find(self, task: StoppedTask, container: str) -> TaskLog | None:
        """The log of a container; None where CloudWatch does not have it. DeployErrors of `aws`."""
        if not (task.definition and container):
            return None
        aws = self._at(task.id)
        answer = aws.ask("ecs", "describe_task_definition", {"taskDefinition": task.definition})
        containers = (answer.get("taskDefinition") or {}).get("containerDefinitions") or ()
        found: Mapping[str, Any] = next((one for one in containers if one.get("name") == container), {})
        place = log_stream(found, container, task.id)
        return TaskLog(*place, last_lines(aws, *place)) if place is not None else None


def last_lines(aws: Asks, group: str, stream: str) -> tuple[str, ...]:
    """The last lines of a stream; none where it is not there, or not for this role to read."""
    asked = {"logGroupName": group, "logStreamName": stream, "limit": MOST, "startFromHead": False}
    try:
        events = aws.ask("logs", "get_log_events", asked, _no_log).get("events", ())
    except DeployError as error:
        if error.code != "access-denied":
            raise
        return ()
    return tuple(line for event in events for line in lines_of(event.get("message", "")))[-MOST:]


def log_stream(container: Mapping[str, Any], name: str, task: str) -> tuple[str, str] | None:
    """The group and the stream of a container's log; None where it has none that can be asked for.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html"""
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if configuration.get("logDriver") != "awslogs" or not (group and prefix):
        return None
    return group, f"{prefix}/{name}/{task.rpartition('/')[2]}"


def _no_log(code: str, _message: str) -> dict[str, Any] | None:
    return {} if code == "ResourceNotFoundException" else None
