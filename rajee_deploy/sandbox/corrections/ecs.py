"""Corrections to AWS::ECS::TaskDefinition and AWS::ECS::Service, and to how a service settles."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

from hashlib import sha256
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.models import Cluster, EC2ContainerServiceBackend, Service, TaskDefinition, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from rajee_deploy.sandbox.corrections.casing import to_api


def apply() -> None:
    """Apply every correction of this module."""
    register_whole_task_definitions()
    create_whole_services()
    settle_at_once()
    delete_with_the_stack()
    register_targets()
    tell_of_deployments()


def register_whole_task_definitions() -> None:
    """CloudFormation's task definition has all its properties in the API's casing, and a change registers the next
    revision (moto: CloudFormation's casing after an update, so that `image` is missing; roles and sizes are lost)."""

    def create(
        _cls: type[Any], /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        registered = ecs_backends[account_id][region_name].register_task_definition(
            **_task_definition(resource_name, properties)
        )
        registered.rajee_properties = properties
        return registered

    def update(
        cls: Any,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        if cloudformation_json["Properties"] == getattr(original_resource, "rajee_properties", None):
            return original_resource
        family = {"Family": original_resource.family, **cloudformation_json["Properties"]}
        successor = cls.create_from_cloudformation_json(
            new_resource_name, {**cloudformation_json, "Properties": family}, account_id, region_name
        )
        ecs_backends[account_id][region_name].deregister_task_definition(original_resource.arn)
        return successor

    TaskDefinition.create_from_cloudformation_json = classmethod(create)
    TaskDefinition.update_from_cloudformation_json = classmethod(update)


def create_whole_services() -> None:
    """CloudFormation's service keeps its launch type, controller, network, load balancers and deployment configuration,
    runs one task when no count is given, and points at the revision that it refers to (moto: drops all but its name
    and count)."""

    def create(
        _cls: type[Any], /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = to_api(cloudformation_json["Properties"])
        service = ecs_backends[account_id][region_name].create_service(
            properties.get("cluster", "default"),
            resource_name,
            int(properties.get("desiredCount", 1)),
            task_definition_str=properties.get("taskDefinition"),
            load_balancers=properties.get("loadBalancers"),
            launch_type=properties.get("launchType"),
            deployment_controller=properties.get("deploymentController"),
            network_configuration=_network(properties),
        )
        service.deployment_configuration = properties.get("deploymentConfiguration")
        return service

    def update(
        _cls: Any,
        original_resource: Any,
        new_resource_name: str,  # noqa: ARG001 -- moto's signature; a service keeps its name
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        properties = to_api(cloudformation_json["Properties"])
        changes = {"cluster": original_resource.cluster_name, "service": original_resource.name}
        changes["task_definition"] = properties.get("taskDefinition")
        if "desiredCount" in properties:
            changes["desired_count"] = int(properties["desiredCount"])
        service = ecs_backends[account_id][region_name].update_service(changes)
        service.deployment_configuration = properties.get("deploymentConfiguration")
        return service

    Service.create_from_cloudformation_json = classmethod(create)
    Service.update_from_cloudformation_json = classmethod(update)


def settle_at_once() -> None:
    """A service reaches its desired count, with one completed deployment of its task definition (moto: the deployment
    stays IN_PROGRESS for ever, and never learns of a new task definition)."""
    service_init, update_service = Service.__init__, EC2ContainerServiceBackend.update_service

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 -- replaces that very method
        service_init(self, *args, **kwargs)
        _settle(self)

    def update(self: Any, service_properties: Any) -> Any:
        service = update_service(self, service_properties)
        if service.task_definition:
            service.task_definition = self.describe_task_definition(service.task_definition).arn
        _settle(service)
        return service

    Service.__init__ = __init__
    EC2ContainerServiceBackend.update_service = update


def delete_with_the_stack() -> None:
    """A deleted stack takes its services, clusters and task definitions along (moto leaves them running)."""

    def delete_service(self: Any, account_id: str, region_name: str) -> None:
        ecs_backends[account_id][region_name].delete_service(self.cluster_name, self.name, force=True)

    def delete_cluster(self: Any, account_id: str, region_name: str) -> None:
        ecs_backends[account_id][region_name].delete_cluster(self.name)

    def deregister(self: Any, account_id: str, region_name: str) -> None:
        ecs_backends[account_id][region_name].deregister_task_definition(self.arn)

    Service.delete, Cluster.delete, TaskDefinition.delete = delete_service, delete_cluster, deregister


def register_targets() -> None:
    """A service's tasks are healthy targets of its target groups (moto: nobody ever is one)."""
    update = EC2ContainerServiceBackend.update_service
    create = EC2ContainerServiceBackend.create_service

    def update_service(self: Any, service_properties: Any) -> Any:
        service = update(self, service_properties)
        _register(service)
        return service

    def create_service(self: Any, *args: Any, **kwargs: Any) -> Any:
        service = create(self, *args, **kwargs)
        _register(service)
        return service

    EC2ContainerServiceBackend.update_service = update_service
    EC2ContainerServiceBackend.create_service = create_service


def tell_of_deployments() -> None:
    """ListServiceDeployments and DescribeServiceRevisions (moto: neither): of a service's last deployment, which
    succeeded."""

    def list_service_deployments(self: Any) -> Any:
        services, _ = self.ecs_backend.describe_services(
            self._get_param("cluster", "default"), [self._get_param("service")]
        )
        found = [
            {
                "serviceDeploymentArn": each["id"],
                "serviceArn": service.arn,
                "clusterArn": service.cluster_arn,
                "status": "SUCCESSFUL",
                "createdAt": each["createdAt"],
                "targetServiceRevisionArn": each["taskDefinition"],
            }
            for service in services
            for each in service.deployments
        ]
        return ActionResult({"serviceDeployments": found})

    def describe_service_revisions(self: Any) -> Any:
        named = self._get_param("serviceRevisionArns")
        found = [{"serviceRevisionArn": each, "taskDefinition": each} for each in named]
        return ActionResult({"serviceRevisions": found, "failures": []})

    EC2ContainerServiceResponse.list_service_deployments = list_service_deployments
    EC2ContainerServiceResponse.describe_service_revisions = describe_service_revisions


def _register(service: Any) -> None:
    groups = elbv2_backends[service._account_id][service.region_name].target_groups
    number = int(sha256(service.arn.encode()).hexdigest()[:4], 16)
    for balancer in service.load_balancers or ():
        group = groups.get(balancer.get("targetGroupArn"))
        if group is None:
            continue
        ours = [each for each in group.targets if each.startswith(f"10.{number >> 8}.{number & 255}.")]
        group.deregister([{"Id": each} for each in ours])
        port = balancer.get("containerPort", group.port)
        addresses = [f"10.{number >> 8}.{number & 255}.{each + 4}" for each in range(min(service.desired_count, 200))]
        group.register([{"Id": each, "Port": port} for each in addresses])


def _settle(service: Any) -> None:
    service.running_count, service.pending_count = service.desired_count, 0
    if service.deployment_controller.get("type") != "ECS":
        return
    former = service.deployments[0] if service.deployments else {}
    now = utcnow()
    same = former.get("taskDefinition") == service.task_definition and service.events
    identifier = former["id"] if same else f"ecs-svc/{mock_random.randint(10**18, 10**19)}"
    service.deployments = [
        {
            **former,
            "id": identifier,
            "status": "PRIMARY",
            "taskDefinition": service.task_definition,
            "desiredCount": service.desired_count,
            "runningCount": service.desired_count,
            "pendingCount": 0,
            "createdAt": former["createdAt"] if same else now,
            "updatedAt": now,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {identifier} completed.",
        }
    ]
    message = f"(service {service.name}) has reached a steady state."
    service.events.insert(0, {"id": str(mock_random.uuid4()), "createdAt": now, "message": message})


def _task_definition(resource_name: str, properties: Any) -> dict[str, Any]:
    given = to_api(properties)
    return {
        "family": given.get("family", resource_name),
        "container_definitions": given.get("containerDefinitions", []),
        "volumes": given.get("volumes", []),
        "network_mode": given.get("networkMode"),
        "tags": given.get("tags"),
        "placement_constraints": given.get("placementConstraints"),
        "requires_compatibilities": given.get("requiresCompatibilities"),
        "cpu": given.get("cpu"),
        "memory": given.get("memory"),
        "task_role_arn": given.get("taskRoleArn"),
        "execution_role_arn": given.get("executionRoleArn"),
        "proxy_configuration": given.get("proxyConfiguration"),
        "runtime_platform": given.get("runtimePlatform"),
        "ipc_mode": given.get("ipcMode"),
        "pid_mode": given.get("pidMode"),
        "ephemeral_storage": given.get("ephemeralStorage"),
    }


def _network(properties: Any) -> Any:
    """The service's network, complete as moto's check needs it."""
    network = properties.get("networkConfiguration")
    if not network or "awsvpcConfiguration" not in network:
        return None
    return {"awsvpcConfiguration": {"securityGroups": [], **network["awsvpcConfiguration"]}}
