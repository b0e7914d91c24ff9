"""Parts of templates for tests: resources in a line."""

from __future__ import annotations

from typing import Any


def resource(kind: str, /, **properties: Any) -> dict[str, Any]:
    """A resource of AWS."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def kept(made: dict[str, Any]) -> dict[str, Any]:
    """One that outlives its stack."""
    return {**made, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def at(path: str, made: dict[str, Any]) -> dict[str, Any]:
    """One that a construct of this path made."""
    return {**made, "Metadata": {"aws:cdk:path": path}}


def allow(action: Any, on: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policy(*statements: dict[str, Any], roles: tuple[str, ...] = ("Role",)) -> dict[str, Any]:
    """A policy of roles."""
    return resource(
        "IAM::Policy", PolicyName="P", PolicyDocument=document(*statements), Roles=[{"Ref": each} for each in roles]
    )


def role(**more: Any) -> dict[str, Any]:
    """A role of tasks."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    return resource("IAM::Role", AssumeRolePolicyDocument=document(trust), **more)


def group(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A security group with what it lets in."""
    return resource("EC2::SecurityGroup", GroupDescription="g", SecurityGroupIngress=list(rules), **more)


def rule(port: int, peer: str = "10.0.0.0/8", **more: Any) -> dict[str, Any]:
    """A port that a group opens."""
    return {"CidrIp": peer, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, **more}


def task(image: str = "acct/app:c-1", **more: Any) -> dict[str, Any]:
    """A task definition of one container."""
    container = {"Name": "web", "Image": image, "Environment": [{"Name": "LOG_LEVEL", "Value": "info"}], **more}
    return resource("ECS::TaskDefinition", Family="app", Cpu="256", ContainerDefinitions=[container])
