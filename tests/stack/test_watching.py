"""What the answers of CloudFormation, ECS and ELB are taken for while a stack is deployed."""

from __future__ import annotations

import pytest
from scripted_aws import CLUSTER, GROUP, SERVICE, SERVICE_RECORD, TASK, ScriptedAws, at, resource

from rajee_deploy.errors import DeployError
from rajee_deploy.rollout import (
    Deployment,
    Message,
    ResourceEvent,
    RolloutSettings,
    StoppedContainer,
    StoppedTask,
    Targets,
)
from rajee_deploy.stack.watching import Watching


def record(event, seconds, status="UPDATE_COMPLETE"):
    return {
        "StackId": "s",
        "StackName": "App",
        "EventId": event,
        "Timestamp": at(seconds),
        "LogicalResourceId": "Task",
        "ResourceType": "AWS::ECS::TaskDefinition",
        "ResourceStatus": status,
    }


def test_events_since_a_moment_oldest_first_and_no_page_more_than_needed():
    aws = ScriptedAws()
    aws.answers("cloudformation", "describe_stack_events", {"StackEvents": [record("4", 40)], "NextToken": "n"})
    page = {"StackEvents": [record("3", 30), record("2", 20)], "NextToken": "more"}
    aws.answers("cloudformation", "describe_stack_events", page, {"StackName": "App", "NextToken": "n"})
    found = Watching(aws).events("App", since=30)
    assert [event.id for event in found] == ["3", "4"]
    assert found[0] == ResourceEvent("3", 30.0, "Task", "AWS::ECS::TaskDefinition", "UPDATE_COMPLETE")


def test_a_stack_that_is_not_there_yet_has_no_events():
    aws = ScriptedAws()
    error = ("ValidationError", "Stack [App] does not exist")
    aws.stubs["cloudformation"].add_client_error("describe_stack_events", *error)
    assert Watching(aws).events("App", 0) == ()


def test_the_services_of_a_stack_are_those_that_exist():
    aws = ScriptedAws()
    resources = [
        resource("AWS::ECS::Service", SERVICE),
        resource("AWS::ECS::Service", None, "CREATE_IN_PROGRESS"),
        resource("AWS::ECS::Service", SERVICE + "-old", "DELETE_COMPLETE"),
        resource("AWS::ECS::Cluster", "main"),
    ]
    first = {"StackResourceSummaries": [resource("AWS::ECS::Cluster", "main")], "NextToken": "n"}
    aws.answers("cloudformation", "list_stack_resources", first)
    asked = {"StackName": "App", "NextToken": "n"}
    aws.answers("cloudformation", "list_stack_resources", {"StackResourceSummaries": resources}, asked)
    assert Watching(aws).services("App") == (SERVICE,)


def test_an_empty_list_of_resources_is_unknown():
    aws = ScriptedAws().answers("cloudformation", "list_stack_resources", {"StackResourceSummaries": []})
    record = {"StackName": "App", "StackStatus": "UPDATE_COMPLETE", "CreationTime": at(1)}
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [record]})
    with pytest.raises(DeployError, match="cannot be trusted"):
        Watching(aws).services("App")


def with_service(aws, answer=None):
    answer = {"services": [SERVICE_RECORD]} if answer is None else answer
    return aws.answers("ecs", "describe_services", answer, {"services": [SERVICE], "cluster": "main"})


def test_a_service_with_its_targets_and_why_tasks_stopped():
    aws = with_service(ScriptedAws())
    states = [{"TargetHealth": {"State": state}} for state in ("healthy", "initial", "draining", "unhealthy")]
    aws.answers("elbv2", "describe_target_health", {"TargetHealthDescriptions": states})
    aws.answers("ecs", "list_tasks", {"taskArns": ["t1"]})
    stopped = {
        "taskArn": "t1",
        "startedBy": "ecs-svc/2",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": at(8),
        "taskDefinitionArn": TASK,
        "containers": [{"name": "api", "exitCode": 1}, {"name": "side", "exitCode": 0}, {"name": "p", "reason": "no"}],
    }
    aws.answers("ecs", "describe_tasks", {"tasks": [stopped]})
    found = Watching(aws).service(SERVICE)
    assert found.deployments == (
        Deployment("ecs-svc/2", "PRIMARY", TASK, 2, 1, 1, 1, "IN_PROGRESS", "in progress", 7.0),
    )
    assert found.messages == (Message("e", 9.0, "(service api) has started 1 tasks"),)
    assert found.targets == Targets(1, 1, 1, 1, 1)
    reasons = ("Essential container in task exited", "container api ended with exit code 1", "container p: no")
    containers = (StoppedContainer("api", 1), StoppedContainer("side", 0), StoppedContainer("p", None, "no"))
    assert found.stopped == (
        StoppedTask("t1", "ecs-svc/2", "EssentialContainerExited", reasons, (1, 0), 8.0, TASK, containers),
    )
    assert found.stopped[0].is_own_fault


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"services": []},
        {"services": [{**SERVICE_RECORD, "serviceArn": "other"}]},
        {"services": [{**SERVICE_RECORD, "deployments": []}]},
    ],
)
def test_an_answer_without_the_service_is_unknown(answer):
    with pytest.raises(DeployError, match="cannot be trusted"):
        Watching(with_service(ScriptedAws(), answer)).service(SERVICE)


@pytest.mark.parametrize("answer", [{}, {"taskDefinition": {"containerDefinitions": [{"name": "api"}]}}])
def test_a_task_definition_without_images_is_unknown(answer):
    aws = ScriptedAws().answers("ecs", "describe_task_definition", answer)
    with pytest.raises(DeployError, match="cannot be trusted"):
        Watching(aws).images(TASK)


def test_targets_by_load_balancer_with_both_groups_of_a_shift():
    """The fewest of the two load balancers; of the first, ECS shifts between two groups."""
    other, alternate = GROUP + "-other", GROUP + "-green"
    shifting = {
        "targetGroupArn": GROUP,
        "advancedConfiguration": {"alternateTargetGroupArn": alternate, "productionListenerRule": "r", "roleArn": "a"},
    }
    aws = with_service(
        ScriptedAws(), {"services": [{**SERVICE_RECORD, "loadBalancers": [shifting, {"targetGroupArn": other}]}]}
    )
    for group, count in ((GROUP, 0), (alternate, 3), (other, 2)):
        found = [{"TargetHealth": {"State": "healthy"}}] * count
        aws.answers("elbv2", "describe_target_health", {"TargetHealthDescriptions": found}, {"TargetGroupArn": group})
    aws.answers("ecs", "list_tasks", {"taskArns": []})
    assert Watching(aws).service(SERVICE).targets == Targets(healthy=5, fewest_healthy=2)


def test_a_service_that_was_deleted_meanwhile():
    aws = with_service(ScriptedAws(), {"failures": [{"arn": SERVICE, "reason": "MISSING"}]})
    assert Watching(aws).service(SERVICE).status == "MISSING"


def test_the_settings_that_decide_how_long_a_rollout_takes():
    aws = with_service(ScriptedAws())
    aws.answers("elbv2", "describe_target_groups", {"TargetGroups": [{"HealthCheckIntervalSeconds": 30}]})
    attributes = [
        {"Key": "stickiness.enabled", "Value": "false"},
        {"Key": "deregistration_delay.timeout_seconds", "Value": "300"},
    ]
    aws.answers("elbv2", "describe_target_group_attributes", {"Attributes": attributes})
    containers = [{"name": "api", "image": "api:1", "stopTimeout": 120}, {"name": "side", "image": "side:1"}]
    aws.answers("ecs", "describe_task_definition", {"taskDefinition": {"containerDefinitions": containers}})
    assert Watching(aws).settings(SERVICE) == RolloutSettings(30, 300, 120, 100, 200)


def task_set(name, status, **more):
    return {
        "id": name,
        "status": status,
        "taskDefinition": TASK,
        "computedDesiredCount": 2,
        "pendingCount": 0,
        "runningCount": 2,
        "stabilityStatus": "STEADY_STATE",
        **more,
    }


NEW = {"stabilityStatus": "STABILIZING", "pendingCount": 1, "runningCount": 1}
SETS = [task_set("ts/new", "ACTIVE", **NEW), task_set("ts/old", "PRIMARY", loadBalancers=[{"targetGroupArn": GROUP}])]


@pytest.mark.parametrize("sets", [SETS, [], None])
@pytest.mark.parametrize("kind", ["CODE_DEPLOY", "EXTERNAL"])
def test_a_service_that_ecs_does_not_roll_out_has_task_sets(kind, sets):
    known = {"CODE_DEPLOY": SERVICE_RECORD.items(), "EXTERNAL": ()}[kind]
    record = {key: value for key, value in known if key != "deployments"}
    record |= {
        "serviceArn": SERVICE,
        "serviceName": "api",
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "deploymentController": {"type": kind},
    }
    record |= {"deployments": []} if sets is not None else {}
    record |= {"taskSets": sets} if sets is not None else {}
    aws = with_service(ScriptedAws(), {"services": [record]})
    if kind == "CODE_DEPLOY" or sets:
        aws.answers("elbv2", "describe_target_health", {"TargetHealthDescriptions": []})
    aws.answers("ecs", "list_tasks", {"taskArns": []})
    found = Watching(aws).service(SERVICE)
    assert (found.name, found.controller, found.is_by_ecs) == ("api", kind, False)
    old, new = (
        Deployment("ts/old", "PRIMARY", TASK, 2, 0, 2),
        Deployment("ts/new", "ACTIVE", TASK, 2, 1, 1, 0, "IN_PROGRESS"),
    )
    assert found.deployments == ((old, new) if sets else ())
    assert found.primary == (old if sets else None)
    assert (found.targets is None) == (kind == "EXTERNAL" and not sets)


@pytest.mark.parametrize("sets", [SETS, []])
def test_what_decides_how_long_it_takes_is_told_of_them_too(sets):
    record = {
        "serviceArn": SERVICE,
        "serviceName": "api",
        "deploymentController": {"type": "EXTERNAL"},
        "taskSets": sets,
    }
    aws = with_service(ScriptedAws(), {"services": [record]})
    if sets:
        aws.answers("elbv2", "describe_target_groups", {"TargetGroups": [{"HealthCheckIntervalSeconds": 30}]})
        aws.answers("elbv2", "describe_target_group_attributes", {"Attributes": []})
        containers = [{"name": "api", "image": "api:1", "stopTimeout": 120}]
        aws.answers("ecs", "describe_task_definition", {"taskDefinition": {"containerDefinitions": containers}})
    assert Watching(aws).settings(SERVICE) == (RolloutSettings(30, 0, 120) if sets else RolloutSettings())


@pytest.mark.parametrize("controller", [{}, {"deploymentController": {"type": "ECS"}}])
def test_a_service_that_ecs_rolls_out_has_deployments(controller):
    record = {**SERVICE_RECORD, **controller, "deployments": [], "taskSets": SETS}
    with pytest.raises(DeployError, match="cannot be trusted"):
        Watching(with_service(ScriptedAws(), {"services": [record]})).service(SERVICE)
