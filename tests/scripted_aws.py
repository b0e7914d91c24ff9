"""CloudFormation's and ECS's answers by a script, for one service of a stack."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.session
from botocore.stub import Stubber

from rajee_deploy.aws import Aws

SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/main/api"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:2"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef"


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class ScriptedAws(Aws):
    """Answers in the order in which they were given, each for one call."""

    def __init__(self) -> None:
        super().__init__(region="us-east-1")
        session = botocore.session.get_session()
        session.set_credentials("a", "b")
        names = ("cloudformation", "ecs", "elbv2", "lambda", "logs")
        self.clients = {name: session.create_client(name, region_name="us-east-1") for name in names}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def client(self, service):
        return self.clients[service]

    def answers(self, service, operation, answer, expected=None):
        self.stubs[service].add_response(operation, answer, expected)
        return self


def resource(kind, physical, status="CREATE_COMPLETE"):
    return {
        "LogicalResourceId": "X",
        "ResourceType": kind,
        "LastUpdatedTimestamp": at(1),
        "ResourceStatus": status,
        **({"PhysicalResourceId": physical} if physical else {}),
    }


SERVICE_RECORD = {
    "serviceArn": SERVICE,
    "serviceName": "api",
    "status": "ACTIVE",
    "clusterArn": CLUSTER,
    "taskDefinition": TASK,
    "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 80}],
    "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200},
    "deployments": [
        {
            "id": "ecs-svc/2",
            "status": "PRIMARY",
            "taskDefinition": TASK,
            "desiredCount": 2,
            "pendingCount": 1,
            "runningCount": 1,
            "failedTasks": 1,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": "in progress",
            "createdAt": at(7),
        },
    ],
    "events": [{"id": "e", "createdAt": at(9), "message": "(service api) has started 1 tasks"}],
}
