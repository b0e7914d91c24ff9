"""Why tasks stop, in one sentence: a table."""

from __future__ import annotations

import pytest

from rajee_deploy.rollout import Service, StoppedContainer, StoppedTask
from rajee_deploy.rollout.task_failures import find_failure

EXITED, FAILED = "EssentialContainerExited", "TaskFailedToStart"


def stopped(number: int, *containers: StoppedContainer, code: str = EXITED, reasons=("it stopped",)) -> StoppedTask:
    exits = tuple(one.exit for one in containers if one.exit is not None)
    return StoppedTask(f"arn:x:task/main/{number}", "d", code, reasons, exits, float(number), "app:1", containers)


ENVOY = StoppedContainer("envoy", 1)
SIDE = StoppedContainer("side", 0)
PULL = StoppedContainer("envoy", None, "CannotPullContainerError: no such tag")
CASES = {
    "once": ([stopped(1, SIDE, ENVOY)], "envoy exited with 1"),
    "twice": ([stopped(1, ENVOY), stopped(2, ENVOY)], "envoy exited with 1, twice"),
    "three times": ([stopped(n, ENVOY) for n in range(3)], "envoy exited with 1, three times"),
    "often": ([stopped(n, ENVOY) for n in range(7)], "envoy exited with 1, 7 times"),
    "the last counts": (
        [stopped(5, ENVOY), *(stopped(n, StoppedContainer("envoy", 2)) for n in (1, 2))],
        "envoy exited with 1",
    ),
    "memory": (
        [stopped(1, StoppedContainer("envoy", 137, "OutOfMemoryError: x"))],
        "envoy was killed (exit code 137): out of memory, as a rule (OutOfMemoryError: x)",
    ),
    "never started": ([stopped(1, PULL, code=FAILED)], "envoy: CannotPullContainerError: no such tag"),
    "says nothing of containers": ([stopped(1, code=FAILED)], "it stopped"),
    "says nothing": ([stopped(1, code=FAILED, reasons=())], "a task stopped, and ECS does not say why"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_sentence(case):
    tasks, sentence = CASES[case]
    found = find_failure([Service("api", (), stopped=tuple(tasks))])
    assert found is not None
    assert found.sentence == sentence


def test_which_task_and_of_which_service():
    api, web = (Service(name, (), stopped=(stopped(n, ENVOY),)) for n, name in ((1, "api"), (2, "web")))
    found = find_failure([web, api])
    assert found is not None
    assert (found.service, found.task_id, found.container) == ("web", "2", "envoy")


def test_who_is_stopped_by_others_did_not_fail():
    scaled = StoppedTask("t", "d", "ServiceSchedulerInitiated", ("scaled in",), (0,))
    done = stopped(1, StoppedContainer("job", 0))
    assert find_failure([Service("api", (), stopped=(scaled, done))]) is None
