"""The last words of a container: where they are, and what is made of CloudWatch's answer."""

from __future__ import annotations

import pytest
from scripted_aws import TASK, ScriptedAws

from rajee_deploy.rollout import StoppedTask
from rajee_deploy.stack.task_logs import TaskLog, TaskLogs, log_stream

OPTIONS = {"awslogs-group": "/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
LOGGED = {"name": "api", "image": "a", "logConfiguration": {"logDriver": "awslogs", "options": OPTIONS}}
STOPPED = StoppedTask("arn:aws:ecs:us-east-1:123456789012:task/main/0f", "d", definition=TASK)
ASKED = {"logGroupName": "/app", "logStreamName": "p/api/0f", "limit": 20, "startFromHead": False}


@pytest.fixture
def aws() -> ScriptedAws:
    answer = {"taskDefinition": {"containerDefinitions": [{"name": "side", "image": "s"}, LOGGED]}}
    return ScriptedAws().answers("ecs", "describe_task_definition", answer, {"taskDefinition": TASK})


def find(aws, task=STOPPED, container="api"):
    return TaskLogs(lambda _arn: aws).find(task, container)


def test_the_last_lines(aws):
    aws.answers("logs", "get_log_events", {"events": [{"message": "a\nb"}, {"message": "c"}]}, ASKED)
    assert find(aws) == TaskLog("/app", "p/api/0f", ("a", "b", "c"))


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_a_log_that_is_not_there_or_not_for_us_still_has_a_place(aws, code):
    aws.stubs["logs"].add_client_error("get_log_events", code, "not authorized", http_status_code=400)
    assert find(aws) == TaskLog("/app", "p/api/0f")


def test_a_container_without_a_log_there(aws):
    assert find(aws, container="side") is None
    assert (find(aws, container=""), find(aws, StoppedTask("t", "d"))) == (None, None)


@pytest.mark.parametrize(
    "configuration",
    [
        None,
        {"logDriver": "awsfirelens", "options": OPTIONS},
        {"logDriver": "awslogs"},
        {"logDriver": "awslogs", "options": {"awslogs-group": "/app"}},
    ],
)
def test_what_has_no_stream(configuration):
    assert log_stream({"logConfiguration": configuration}, "api", "t") is None
