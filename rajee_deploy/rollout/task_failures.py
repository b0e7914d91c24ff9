"""Why tasks of a service stop by their own fault: which container, how it ended, how often. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.rollout import Service, StoppedContainer, StoppedTask

_TIMES = {1: "", 2: ", twice", 3: ", three times"}
_SIGNALS = {137: "was killed (exit code 137): out of memory, as a rule", 139: "crashed (exit code 139)"}


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """The last task of a service that failed, its container ("" where none is told), what happened, and how often."""

    service: str
    task: StoppedTask
    container: str
    happened: str
    count: int

    @property
    def sentence(self) -> str:
        """`envoy exited with 1, three times`."""
        return f"{self.happened}{_TIMES.get(self.count, f', {self.count} times')}"

    @property
    def task_id(self) -> str:
        """As people and logs know it."""
        return self.task.id.rpartition("/")[2]


def find_failure(services: Iterable[Service]) -> TaskFailure | None:
    """What made tasks of these services stop; of several the last one."""
    found = [each for service in services if (each := _of_service(service)) is not None]
    return max(found, key=lambda each: each.task.at, default=None)


def _of_service(service: Service) -> TaskFailure | None:
    failed = [task for task in service.stopped if task.is_own_fault]
    if not failed:
        return None
    last = max(failed, key=lambda task: task.at)
    alike = sum(_what(task) == _what(last) for task in failed)
    container, happened = _what(last)
    return TaskFailure(service.name, last, container, happened, alike)


def _what(task: StoppedTask) -> tuple[str, str]:
    """The container that made a task stop, and how; of a task that never started, why it did not."""
    ended = next((one for one in task.containers if one.exit), None)
    if ended is not None:
        return ended.name, _ended(ended)
    silent = next((one for one in task.containers if one.reason), None)
    if silent is not None:
        return silent.name, f"{silent.name}: {silent.reason}"
    return "", "; ".join(dict.fromkeys(task.reasons)) or "a task stopped, and ECS does not say why"


def _ended(container: StoppedContainer) -> str:
    how = _SIGNALS.get(container.exit or 0, f"exited with {container.exit}")
    return f"{container.name} {how}" + (f" ({container.reason})" if container.reason else "")
