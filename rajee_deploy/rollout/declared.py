"""What a template says of the services that its stack holds. Pure.

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
NESTED_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """An ECS service: its logical id, that of its task definition ("" where it is no resource of the same stack), and
    how many tasks it is to have (None where the template does not say a number)."""

    resource: str
    task_definition: str = ""
    desired: int | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What a template declares. `is_readable`: it is JSON, so all of its resources are known; `nested`: it has nested
    stacks, which may hold services, too."""

    services: tuple[DeclaredService, ...] = ()
    nested: bool = False
    is_readable: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether the stack surely holds no service."""
        return self.is_readable and not self.services and not self.nested


def declared(template: Any) -> Declared:
    """What a template (parsed JSON, or text that is none) declares."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict):
        return Declared(is_readable=False)
    by_type: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for name, resource in resources.items():
        by_type.setdefault(str(resource.get("Type", "")), []).append((name, resource.get("Properties") or {}))
    own = {name for name, _ in by_type.get(TASK_DEFINITION_TYPE, ())}
    services = tuple(_service(name, properties, own) for name, properties in by_type.get(SERVICE_TYPE, ()))
    return Declared(services, NESTED_TYPE in by_type)


def _service(name: str, properties: Mapping[str, Any], own: set[str]) -> DeclaredService:
    asked = properties.get("TaskDefinition")
    reference = asked.get("Ref", "") if isinstance(asked, dict) else ""
    desired = properties.get("DesiredCount")
    text = str(desired)
    return DeclaredService(name, reference if reference in own else "", int(text) if text.isdecimal() else None)
