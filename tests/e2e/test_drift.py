"""A service that runs something else than its stack says, and a rollout that nobody confirmed: through the shell, with
a gateway that changes what ECS answers where the sandbox's rollouts are over at once.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json

import boto3
import pytest
from gateway import Gateway
from sampled import some

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

DESCRIBE = "ecs:DescribeServices"


@pytest.fixture(scope="module")
def gateway():
    found = Gateway()
    yield found
    found.close()


@pytest.fixture(scope="module")
def watched(synthesised, gateway):
    """The shell, whose AWS is behind the gateway."""
    environment = synthesised.environment
    gateway.server_port = int(environment["AWS_ENDPOINT_URL"].rpartition(":")[2])
    gateway.user = environment["AWS_ACCESS_KEY_ID"]
    environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{gateway.port}"
    return synthesised


@pytest.fixture(scope="module")
def ecs(watched):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    keys = {name.lower(): watched.environment[name] for name in names}
    return boto3.client("ecs", "us-east-1", endpoint_url=watched.environment["AWS_ENDPOINT_URL"], **keys)


def the_service(ecs) -> dict[str, str]:
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (arn,) = ecs.list_services(cluster=cluster)["serviceArns"]
    (found,) = ecs.describe_services(cluster=cluster, services=[arn])["services"]
    return {"cluster": cluster, "service": arn, "taskDefinition": found["taskDefinition"]}


def put_other(ecs) -> str:
    """Somebody has the service run another task definition; its ARN."""
    container = {"name": "other", "image": "nginx:1", "memory": 64}
    made = ecs.register_task_definition(family="other", containerDefinitions=[container])["taskDefinition"]
    ecs.update_service(**{**the_service(ecs), "taskDefinition": made["taskDefinitionArn"]})
    return made["taskDefinitionArn"]


def plan(watched, flags="", code=0):
    return json.loads(watched.run(f"rajee-deploy plan --json --detailed-exitcode {flags}", code=code).stdout)


def test_a_service_that_runs_what_was_deployed_costs_one_look(watched, gateway):
    assert json.loads(watched.run("rajee-deploy up --json").stdout)["kind"] == "first"
    assert plan(watched)["kind"] == "noop"
    gateway.made()
    assert plan(watched)["drift"] == []
    made = gateway.made()
    assert DESCRIBE in made
    assert not made & {"cloudformation:ListStackResources", "ecs:DescribeTaskDefinition", "ecs:ListTasks"}


@pytest.mark.parametrize("tier", some("tiers that see a drift", ["auto", "hash", "synth"], 3))
def test_drift_is_seen_by_all_tiers_and_left(watched, ecs, tier):
    own = the_service(ecs)["taskDefinition"]
    other = put_other(ecs)
    found = plan(watched, f"--infra-check={tier}")
    (drift,) = found["drift"]
    assert (found["kind"], drift["standing"], drift["runs"]) == (
        "noop",
        "other",
        {"task_definition": other, "images": ["nginx:1"]},
    )
    assert drift["stack_says"]["task_definition"] == own
    assert "raja/envoy:" in drift["stack_says"]["images"][0]
    ended = watched.run("rajee-deploy up")
    assert "[service-drift]" in ended.stderr
    assert the_service(ecs)["taskDefinition"] == other
    assert "its stack says" in watched.run("rajee-deploy status").stdout
    ecs.update_service(**{**the_service(ecs), "taskDefinition": own})


@pytest.mark.proof
def test_drift_is_put_back_where_it_is_asked_for(watched, ecs):
    own = the_service(ecs)["taskDefinition"]
    put_other(ecs)
    assert plan(watched, "--repair-drift", code=2)["kind"] == "repair"
    done = json.loads(watched.run("rajee-deploy up --repair-drift --json").stdout)
    assert (done["kind"], [step["step"] for step in done["steps"]]) == ("repair", ["repair", "confirm"])
    assert the_service(ecs)["taskDefinition"] == own
    assert plan(watched)["kind"] == "noop"


def state(**changes):
    """Let the service's newest deployment be so."""

    def change(answer):
        for service in answer.get("services", ()):
            service["deployments"][0].update(changes)

    return change


@pytest.mark.proof
def test_a_rollout_that_is_not_over_is_what_there_is_to_do(watched, gateway):
    left = 3  # looks

    def moves(answer):
        nonlocal left
        if left > 0:
            state(rolloutState="IN_PROGRESS", runningCount=0)(answer)
        left -= 1

    with gateway.saying(DESCRIBE, state(rolloutState="IN_PROGRESS")):
        assert plan(watched, code=2)["kind"] == "confirm"
    with gateway.saying(DESCRIBE, moves):
        assert json.loads(watched.run("rajee-deploy up --json").stdout)["kind"] == "confirm"
    assert plan(watched)["kind"] == "noop"


def test_what_ecs_rolled_back_is_never_nothing_to_do(watched, gateway, ecs):
    own = the_service(ecs)["taskDefinition"]
    other = put_other(ecs)
    failed = {
        "id": "ecs-svc/0",
        "status": "ACTIVE",
        "taskDefinition": own,
        "desiredCount": 0,
        "runningCount": 0,
        "pendingCount": 0,
        "rolloutState": "FAILED",
        "rolloutStateReason": "tasks failed to start",
    }

    def adds(answer):
        for service in answer.get("services", ()):
            if service["taskDefinition"] == other:
                service["deployments"].append(failed)

    with gateway.saying(DESCRIBE, adds):
        for _ in range(2):
            ended = watched.run("rajee-deploy up", code=1)
            assert "explain-error rollout-not-confirmed\n" in ended.stderr
            assert "tasks failed to start" in ended.stderr
            assert "--repair-drift" in ended.stderr
        assert json.loads(watched.run("rajee-deploy up --repair-drift --json").stdout)["kind"] == "repair"
    assert plan(watched)["kind"] == "noop"


# An action, what becomes of the bytes that answer it, with which status, and what the run says then.
ILL = [
    ("ecr:BatchGetImage", lambda data: data.replace(b"c-", b"\xff-"), 0, "unknown-answer"),
    ("ecr:BatchGetImage", lambda data: data[: len(data) // 2], 0, "unknown-answer"),
    ("ecr:BatchGetImage", lambda _: b'{"images": [], "failures": []}', 0, "unknown-answer"),
    ("cloudformation:DescribeStacks", lambda data: data[:-20], 0, "unknown-answer"),
    ("cloudformation:DescribeStacks", lambda _: b"<html>no</html>", 403, "aws-error"),
    ("cloudformation:GetTemplate", lambda _: b"Bad Gateway", 502, "aws-error"),
    ("ecs:DescribeServices", lambda _: b"[" * 100_000, 0, "unknown-answer"),
    ("sts:GetCallerIdentity", lambda data: data.replace(b"Account>", b"Count>"), 0, "unknown-answer"),
]


@pytest.mark.parametrize(
    ("action", "change", "status", "code"), ILL, ids=[f"{number}-{each[0]}" for number, each in enumerate(ILL)]
)
def test_an_answer_that_is_none_is_never_nothing_to_do(watched, gateway, action, change, status, code):
    """A few of the many that tests/proof/test_faults.py and tests/aws/test_foreign_answers.py have."""
    with gateway.sending(action, change, status):
        ended = watched.run("rajee-deploy plan --detailed-exitcode", code=1)
    assert f"explain-error {code}\n" in ended.stderr
    assert "next" in ended.stderr
    assert "AWS_ENDPOINT_URL" not in ended.stderr


def test_an_older_role_has_its_no_op(watched, gateway):
    with gateway.refusing(lambda call: call.is_users and call.action == DESCRIBE):
        ended = watched.run("rajee-deploy up")
    assert ended.stderr.count("[services-not-seen]") == 1
    assert "Nothing to do" in ended.stderr


def test_a_rollback_is_confirmed_by_ecs_too(watched, gateway):
    path = watched.folder / "infra/raja_poc/assets/envoy/envoy.yaml"
    path.write_text(f"# two\n{path.read_text()}")
    watched.run("rajee-deploy up")
    with gateway.saying(DESCRIBE, state(rolloutState="FAILED", rolloutStateReason="no such image")):
        ended = watched.run("rajee-deploy rollback", code=1)
    assert "explain-error rollout-not-confirmed\n" in ended.stderr
