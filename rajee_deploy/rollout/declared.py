"""What a template says of the services, and of the functions made of images, that its stack holds. Pure.

Only what stands there as it is: a value that is computed (Fn::If, an import) is not known, and nothing is concluded
from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_TYPE = "AWS::ECS::Service"
TASK_DEFINITION_TYPE = "AWS::ECS::TaskDefinition"
FUNCTION_TYPE = "AWS::Lambda::Function"
NESTED_TYPE = "AWS::CloudFormation::Stack"


_JOIN = 2  # its separator and its parts
_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """An ECS service: its logical id, that of its task definition ("" where it is no resource of the same stack), how
    many tasks it is to have (None where the template does not say a number), and its cluster, as the template names it
    ("" where it does not)."""

    resource: str
    task_definition: str = ""
    desired: int | None = None
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredFunction:
    """A Lambda function that is made of an image: its logical id, and the image's address as the template has it."""

    resource: str
    image: Any


@dataclass(frozen=True, slots=True)
class DeclaredServices:
    """What a template declares. `is_readable`: it is JSON, so all of its resources are known; `nested`: it has nested
    stacks, which may hold services, too."""

    services: tuple[DeclaredService, ...] = ()
    functions: tuple[DeclaredFunction, ...] = ()
    nested: bool = False
    is_readable: bool = True
    opaque: frozenset[str] = frozenset()  # parameters whose value is not what the stack shows of it
    id: str = ""  # the first part of the stack's id in its app, where the CDK wrote its paths into the template

    @property
    def is_empty(self) -> bool:
        """Whether the stack surely holds no service, and no function made of an image."""
        return self.is_readable and not self.services and not self.functions and not self.nested


def declared_services(template: Any) -> DeclaredServices:
    """What a template (parsed JSON, or text that is none) declares."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict):
        return DeclaredServices(is_readable=False)
    by_type: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for name, resource in resources.items():
        if isinstance(resource, dict):
            properties = resource.get("Properties")
            kind = str(resource.get("Type", ""))
            by_type.setdefault(kind, []).append((name, properties if isinstance(properties, dict) else {}))
    own = {name for name, _ in by_type.get(TASK_DEFINITION_TYPE, ())}
    services = tuple(_service(name, properties, own) for name, properties in by_type.get(SERVICE_TYPE, ()))
    functions = tuple(
        DeclaredFunction(name, properties["Code"]["ImageUri"])
        for name, properties in by_type.get(FUNCTION_TYPE, ())
        if isinstance(properties.get("Code"), dict) and "ImageUri" in properties["Code"]
    )
    return DeclaredServices(
        services, functions, NESTED_TYPE in by_type, not _is_computed(template), _opaque(template), _id(resources)
    )


def _id(resources: Mapping[str, Any]) -> str:
    """https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html (aws:cdk:path)"""
    for resource in resources.values():
        metadata = resource.get("Metadata") if isinstance(resource, dict) else None
        path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
        if isinstance(path, str) and path:
            return path.partition("/")[0]
    return ""


def _is_computed(template: Mapping[str, Any]) -> bool:
    """Whether CloudFormation makes the resources only from what stands there."""
    return "Transform" in template or any(name.startswith("Fn::") for name in template["Resources"])


def _opaque(template: Mapping[str, Any]) -> frozenset[str]:
    """Parameters that are looked up in SSM, of which a stack shows the name, and those that it hides."""
    slots = template.get("Parameters")
    return frozenset(
        name
        for name, slot in (slots.items() if isinstance(slots, dict) else ())
        if isinstance(slot, dict)
        and (str(slot.get("Type", "")).startswith("AWS::SSM::") or str(slot.get("NoEcho", "")).lower() == "true")
    )


def pseudo_parameters(stack: str) -> dict[str, str]:
    """What CloudFormation's own parameters are in a stack of this ARN, as far as it tells; none without one.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"""
    match stack.split(":"):
        case ["arn", partition, "cloudformation", region, account, *_]:
            suffix = _SUFFIXES.get(partition)
            found = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition}
            return {**found, "AWS::URLSuffix": suffix} if suffix else found
        case _:
            return {}


def known_end(text: Any, parameters: Mapping[str, str]) -> str:
    """The end of a text of a template, as far as it is known from the stack's parameters: what stands there, what a
    `Ref` to a parameter gives, and the end of an `Fn::Join` or `Fn::Sub` of these. "" where nothing of it is known."""
    if isinstance(text, str):
        return "" if "{{resolve:" in text else text
    if not isinstance(text, dict) or len(text) != 1:
        return ""
    ((function, argument),) = text.items()
    if function == "Ref":
        return parameters.get(str(argument), "")
    if function == "Fn::Sub" and isinstance(argument, str):
        return _end_of_sub(argument, parameters)
    if function != "Fn::Join" or not isinstance(argument, list) or len(argument) != _JOIN:
        return ""
    separator, parts = argument
    end = ""
    for number, part in enumerate(reversed(parts if isinstance(parts, list) else [])):
        end = known_end(part, parameters) + (separator if number else "") + end
        if not _is_whole(part, parameters):
            break
    return end


def _end_of_sub(text: str, parameters: Mapping[str, str]) -> str:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-sub.html"""
    end = ""
    for part in reversed(re.split(r"(\$\{[^}]*\})", text)):
        if not part.startswith("${"):
            end = part + end
        elif part[2:-1] in parameters:
            end = parameters[part[2:-1]] + end
        else:
            break
    return "" if "{{resolve:" in text else end


def _is_whole(part: Any, parameters: Mapping[str, str]) -> bool:
    return isinstance(part, str) or (isinstance(part, dict) and part.get("Ref") in parameters)


def _service(name: str, properties: Mapping[str, Any], own: set[str]) -> DeclaredService:
    asked = properties.get("TaskDefinition")
    reference = str(asked.get("Ref", "")) if isinstance(asked, dict) else ""
    text = str(properties.get("DesiredCount"))
    desired = whole(text)
    cluster = properties.get("Cluster", "")
    named = cluster if isinstance(cluster, str) else str(cluster.get("Ref", "")) if isinstance(cluster, dict) else ""
    return DeclaredService(name, reference if reference in own else "", desired, named)
