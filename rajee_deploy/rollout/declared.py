"""What a template says of the services, and of the functions made of images, that its stack holds. Pure.

Only what stands there as it is: a value that is computed (Fn::If, an import) is not known, and nothing is concluded
from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_TYPE = "AWS::ECS::Service"
TASK_DEFINITION_TYPE = "AWS::ECS::TaskDefinition"
FUNCTION_TYPE = "AWS::Lambda::Function"
NESTED_TYPE = "AWS::CloudFormation::Stack"


_JOIN = 2  # its separator and its parts


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """An ECS service: its logical id, that of its task definition ("" where it is no resource of the same stack), and
    how many tasks it is to have (None where the template does not say a number)."""

    resource: str
    task_definition: str = ""
    desired: int | None = None


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
        by_type.setdefault(str(resource.get("Type", "")), []).append((name, resource.get("Properties") or {}))
    own = {name for name, _ in by_type.get(TASK_DEFINITION_TYPE, ())}
    services = tuple(_service(name, properties, own) for name, properties in by_type.get(SERVICE_TYPE, ()))
    functions = tuple(
        DeclaredFunction(name, properties["Code"]["ImageUri"])
        for name, properties in by_type.get(FUNCTION_TYPE, ())
        if isinstance(properties.get("Code"), dict) and "ImageUri" in properties["Code"]
    )
    return DeclaredServices(services, functions, NESTED_TYPE in by_type)


def known_end(text: Any, parameters: Mapping[str, str]) -> str:
    """The end of a text of a template, as far as it is known from the stack's parameters: what stands there, what a
    `Ref` to a parameter gives, and the end of an `Fn::Join` of these. "" where nothing of it is known."""
    if isinstance(text, str):
        return text
    if not isinstance(text, dict) or len(text) != 1:
        return ""
    ((function, argument),) = text.items()
    if function == "Ref":
        return parameters.get(str(argument), "")
    if function != "Fn::Join" or not isinstance(argument, list) or len(argument) != _JOIN:
        return ""
    separator, parts = argument
    end = ""
    for number, part in enumerate(reversed(parts if isinstance(parts, list) else [])):
        end = known_end(part, parameters) + (separator if number else "") + end
        if not _is_whole(part, parameters):
            break
    return end


def _is_whole(part: Any, parameters: Mapping[str, str]) -> bool:
    return isinstance(part, str) or (isinstance(part, dict) and part.get("Ref") in parameters)


def _service(name: str, properties: Mapping[str, Any], own: set[str]) -> DeclaredService:
    asked = properties.get("TaskDefinition")
    reference = asked.get("Ref", "") if isinstance(asked, dict) else ""
    desired = properties.get("DesiredCount")
    text = str(desired)
    return DeclaredService(name, reference if reference in own else "", int(text) if text.isdecimal() else None)
