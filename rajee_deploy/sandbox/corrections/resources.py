"""Corrections to how a stack's resources are created, updated and deleted."""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

import re
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import Event, cloudformation_backends
from moto.cloudformation.parsing import ResourceMap
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

Refused = (ServiceException, HTTPException)
"""What moto raises when a service says no: the newer and the older kind."""

_RETAINING = ("Retain", "RetainExceptOnCreate")


def apply() -> None:
    """Apply every correction of this module."""
    find_every_reference()
    keep_resources_that_cannot_update()
    report_resource_events()
    retain_what_is_removed()
    delete_networks()


def find_every_reference() -> None:
    """A parameter in `Fn::Sub` changes the resource as one in `Ref` does (moto looks for `Ref` only)."""
    parsing.get_references_from_template = lambda template: sorted(references(template))


def keep_resources_that_cannot_update() -> None:
    """A resource type without an update in moto keeps its resource (moto forgets it, and every Ref to it breaks)."""
    original = parsing.parse_and_update_resource

    def parse_and_update_resource(logical_id: str, resource_json: Any, resources_map: Any, **where: Any) -> Any:
        before = resources_map[logical_id]
        after = _blamed(logical_id, resource_json, original, resources_map, where)
        _tell(resources_map, logical_id, resource_json, "UPDATE_COMPLETE", after or before)
        return after or before

    parsing.parse_and_update_resource = parse_and_update_resource


def report_resource_events() -> None:
    """DescribeStackEvents tells of each resource (moto: of the stack alone)."""
    original = parsing.parse_and_create_resource

    def parse_and_create_resource(logical_id: str, resource_json: Any, resources_map: Any, **where: Any) -> Any:
        resource = _blamed(logical_id, resource_json, original, resources_map, where)
        if resource is not None:
            _tell(resources_map, logical_id, resource_json, "CREATE_COMPLETE", resource)
        return resource

    parsing.parse_and_create_resource = parse_and_create_resource


def retain_what_is_removed() -> None:
    """A retained resource survives its removal from the template too, and RetainExceptOnCreate retains.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    """
    original = ResourceMap._delete_resource

    def _delete_resource(self: Any, parsed_resource: Any, resource_json: Any) -> None:
        if resource_json.get("DeletionPolicy") not in _RETAINING:
            original(self, parsed_resource, resource_json)

    ResourceMap._delete_resource = _delete_resource


def delete_networks() -> None:
    """A stack with a network can be deleted (moto cannot delete route tables, gateways and more, and then refuses to
    delete the VPC that still has them: they are left behind, where nobody looks)."""
    original = ResourceMap.delete

    def delete(self: Any) -> None:
        try:
            original(self)
        except Refused:
            for name in _undeleted(self):
                template = self._resource_json_map[name]
                if not template["Type"].startswith("AWS::EC2::"):
                    # Moto raises what came last, which may be the network's; this is what really hinders.
                    _blamed(name, template, lambda key, json, own: own._delete_resource(own[key], json), self, {})

    ResourceMap.delete = delete


def references(template: Any) -> set[str]:
    """The names of resources and parameters that some part of a template refers to."""
    if isinstance(template, list):
        return set().union(*(references(each) for each in template))
    if not isinstance(template, dict):
        return set()
    found: set[str] = set()
    for key, value in template.items():
        if key == "Ref" and isinstance(value, str):
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value.split(".")[0] if isinstance(value, str) else value[0])
        elif key == "Fn::Sub":
            text = value if isinstance(value, str) else value[0]
            found |= {name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text)} | references(value)
        else:
            found |= references(value)
    return found


def _undeleted(resource_map: Any) -> list[str]:
    """What a deletion left although nothing retains it."""
    return [
        name
        for name, template in resource_map._resource_json_map.items()
        if resource_map._parsed_resources.get(name) is not None and template.get("DeletionPolicy") not in _RETAINING
    ]


def _identity(resource: Any) -> str:
    return str(getattr(resource, "physical_resource_id", ""))


def _blamed(logical_id: str, resource_json: Any, work: Any, resources_map: Any, where: Any) -> Any:
    """Do the work on one resource; what stops it carries which resource it was (`rajee_resource`)."""
    try:
        return work(logical_id, resource_json, resources_map, **where)
    except Exception as error:
        if not hasattr(error, "rajee_resource"):
            error.rajee_resource = (logical_id, resource_json["Type"])  # type: ignore[attr-defined]
        raise


def _tell(resource_map: Any, logical_id: str, resource_json: Any, status: str, resource: Any) -> None:
    backend = cloudformation_backends[resource_map._account_id][resource_map._region_name]
    stack = backend.stacks.get(resource_map.stack_id)
    if stack is not None:
        add_event(stack, logical_id, resource_json["Type"], status, physical=_identity(resource))


def add_event(stack: Any, logical_id: str, kind: str, status: str, *, physical: str = "", reason: str = "") -> None:
    """Add a resource's event to the stack's."""
    stack.events.append(
        Event(stack.stack_id, stack.name, logical_id, physical, kind, status, reason or None, resource_properties=None)
    )
