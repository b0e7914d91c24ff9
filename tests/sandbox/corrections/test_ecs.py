"""Services of ECS and their targets, as AWS has them and plain moto does not."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from corrected import Gap, create, given, row_name


def service_template(cloud: Any) -> dict[str, Any]:
    container = {
        "Name": "web",
        "Image": {"Fn::Join": ["", ["registry/app:", {"Ref": "ImageTag"}]]},
        "PortMappings": [{"ContainerPort": 8080}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "g"}},
    }
    task = {
        "Family": cloud.name,
        "ContainerDefinitions": [container],
        "Cpu": "256",
        "Memory": "512",
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/execution",
    }
    service = {
        "ServiceName": cloud.name,
        "Cluster": {"Ref": "Cluster"},
        "TaskDefinition": {"Ref": "Task"},
        "LaunchType": "FARGATE",
        "DeploymentConfiguration": {"MinimumHealthyPercent": 50, "MaximumPercent": 200},
    }
    return {
        "Parameters": {"ImageTag": {"Type": "String"}},
        "Resources": {
            # Before what it refers to, as a template may have it.
            "AService": {"Type": "AWS::ECS::Service", "Properties": service},
            "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": cloud.name}},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        },
    }


def service(cloud: Any) -> Any:
    return cloud.client("ecs").describe_services(cluster=cloud.name, services=[cloud.name])["services"][0]


def new_image(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    cfn = cloud.client("cloudformation")
    cfn.update_stack(StackName=cloud.name, UsePreviousTemplate=True, Parameters=given(ImageTag="2"))
    running = service(cloud)["taskDefinition"]
    ecs = cloud.client("ecs")
    images = [
        ecs.describe_task_definition(taskDefinition=each)["taskDefinition"]["containerDefinitions"][0].get("image")
        for each in (running, f"{cloud.name}:2")
    ]
    return running.split(":")[-1], images, service(cloud)["deployments"][0]["taskDefinition"] == running


def task_size(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    task = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.name)["taskDefinition"]
    options = task["containerDefinitions"][0]["logConfiguration"]["options"]
    return task.get("cpu"), task.get("executionRoleArn", "").split("/")[-1], options


def settled_service(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    found = service(cloud)
    deployment = found["deployments"][0]
    return (
        found["launchType"],
        found.get("deploymentConfiguration", {}).get("maximumPercent"),
        (found["desiredCount"], found["runningCount"], found["pendingCount"]),
        (deployment["status"], deployment["rolloutState"], deployment["runningCount"]),
    )


def service_of_another_controller(cloud: Any) -> Any:
    template = service_template(cloud)
    template["Resources"]["AService"]["Properties"]["DeploymentController"] = {"Type": "CODE_DEPLOY"}
    create(cloud, template, Parameters=given(ImageTag="1"))
    found = service(cloud)
    return found["deploymentController"]["type"], len(found["deployments"])


def updated_service_by_api(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    ecs = cloud.client("ecs")
    container = {"name": "web", "image": "registry/app:2", "memory": 128}
    ecs.register_task_definition(family=cloud.name, containerDefinitions=[container])
    ecs.update_service(cluster=cloud.name, service=cloud.name, taskDefinition=f"{cloud.name}:2")
    found = service(cloud)
    return [
        each.split("/")[-1].replace(cloud.name, "NAME")
        for each in (found["taskDefinition"], found["deployments"][0]["taskDefinition"])
    ]


def deleted_service(cloud: Any) -> Any:
    cfn = create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    cfn.delete_stack(StackName=cloud.name)
    ecs = cloud.client("ecs")
    task = ecs.describe_task_definition(taskDefinition=f"{cloud.name}:1")["taskDefinition"]["status"]
    clusters = ecs.describe_clusters(clusters=[cloud.name])["clusters"]
    return task, [each["status"] for each in clusters]


def deployments_of_a_service(cloud: Any) -> Any:
    create(cloud, service_template(cloud), Parameters=given(ImageTag="1"))
    ecs = cloud.client("ecs")
    try:
        (found,) = ecs.list_service_deployments(cluster=cloud.name, service=cloud.name)["serviceDeployments"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    revision = found["targetServiceRevisionArn"]
    (of,) = ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    return found["status"], of["taskDefinition"] == service(cloud)["taskDefinition"]


def targets_of_a_service(cloud: Any) -> Any:
    """Its tasks are targets, as many as it is to run."""
    elb, vpc = cloud.client("elbv2"), cloud.client("ec2").describe_vpcs()["Vpcs"][0]
    name = f"t{hashlib.sha256(cloud.name.encode()).hexdigest()[:20]}"
    asked = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc["VpcId"], "TargetType": "ip"}
    group = elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
    template = service_template(cloud)
    balancer = {"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": group}
    template["Resources"]["AService"]["Properties"]["LoadBalancers"] = [balancer]
    create(cloud, template, Parameters=given(ImageTag="1"))
    seen = []
    for count in (2, 1):
        cloud.client("ecs").update_service(cluster=cloud.name, service=cloud.name, desiredCount=count)
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        seen.append([(each["TargetHealth"]["State"], each["Target"]["Port"]) for each in found])
    return seen


ECS = [
    Gap(deployments_of_a_service, ("SUCCESSFUL", True), 500),
    Gap(targets_of_a_service, [[("healthy", 8080)] * 2, [("healthy", 8080)]], [[], []]),
    Gap(deleted_service, ("INACTIVE", ["INACTIVE"]), ("ACTIVE", ["ACTIVE"])),
    Gap(new_image, ("2", ["registry/app:2", "registry/app:2"], True), ("1", ["registry/app:1", None], True)),
    Gap(task_size, ("256", "execution", {"awslogs-group": "g"}), (None, "", {"awslogs-group": "g"})),
    Gap(
        settled_service,
        ("FARGATE", 200, (1, 1, 0), ("PRIMARY", "COMPLETED", 1)),
        ("EC2", None, (0, 0, 0), ("PRIMARY", "COMPLETED", 0)),
    ),
    Gap(updated_service_by_api, ["NAME:2", "NAME:2"], ["NAME:2", "NAME:1"]),
    Gap(service_of_another_controller, ("CODE_DEPLOY", 0), ("ECS", 1)),
]


@pytest.mark.parametrize("gap", ECS, ids=row_name)
def test_sandbox_does_as_aws(gap: Gap, cloud: Any) -> None:
    assert gap.observe(cloud) == gap.aws


@pytest.mark.parametrize("gap", ECS, ids=row_name)
def test_moto_still_needs_it(gap: Gap, plain: Any) -> None:
    assert gap.observe(plain) == gap.moto
