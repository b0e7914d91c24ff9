"""Correction to the order in which an update of a stack works on its resources.

Moto deletes first, creates then, and updates last: a new version of a function was published from its old code.
CloudFormation goes by what refers to what, and cleans up at the end.
"""

# ruff: noqa: SLF001 -- a correction reaches into what it corrects
from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.parsing import ResourceMap

from rajee_deploy.sandbox.corrections.resources import Refused, references

if TYPE_CHECKING:
    from collections.abc import Mapping


def apply() -> None:
    """Apply every correction of this module."""
    remember_properties()
    update_in_order()


def remember_properties() -> None:
    """What a resource was made with is known (moto compares templates, where the value behind a reference is not)."""
    for name in ("parse_and_create_resource", "parse_and_update_resource"):
        setattr(parsing, name, _remembering(getattr(parsing, name)))


def update_in_order() -> None:
    """A resource is created and updated after those that it refers to, and only when its properties have changed: by
    their text, by a parameter, or by what a resource of this update became. What the template does not name any more
    is deleted at the end, when nothing refers to it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """

    def update(self: Any, template: Any, parameters: Any = None) -> None:
        former = self._resource_json_map
        self._template = template
        if parameters:
            self.input_parameters = parameters
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        self._resource_json_map = template["Resources"]
        wanted = [name for name in _in_order(template["Resources"]) if _is_wanted(self, name)]
        for name in wanted:
            _bring_about(self, name)
        gone = {name: resource for name, resource in former.items() if name not in wanted}
        _remove(self, gone)

    ResourceMap.update = update


def _bring_about(resource_map: Any, name: str) -> None:
    template = resource_map._resource_json_map[name]
    if resource_map._parsed_resources.get(name) is None:
        _ = resource_map[name]  # creates it
    elif _resolved(template, resource_map) != _remembered(resource_map).get(name):
        resource_map._parsed_resources[name] = parsing.parse_and_update_resource(
            name, template, resource_map, account_id=resource_map._account_id, region_name=resource_map._region_name
        )


def _remove(resource_map: Any, gone: Mapping[str, Any]) -> None:
    """Clean up: what refers to others goes first, and what refuses stays behind, as on AWS."""
    for name in reversed(_in_order(gone)):
        resource = resource_map._parsed_resources.pop(name, None)
        _remembered(resource_map).pop(name, None)
        if resource is None:
            continue
        try:
            resource_map._delete_resource(resource, gone[name])
        except Refused:
            continue


def _is_wanted(resource_map: Any, name: str) -> bool:
    condition = resource_map._resource_json_map[name].get("Condition")
    return not condition or bool(resource_map.lazy_condition_map[condition])


def _in_order(resources: Mapping[str, Any]) -> list[str]:
    """The names of resources, each after those that it refers to."""
    found: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in begun or name not in resources:
            return
        begun.add(name)
        after = resources[name].get("DependsOn", [])
        for other in sorted({*references(resources[name]), *([after] if isinstance(after, str) else after)}):
            visit(other)
        found[name] = None

    for name in resources:
        visit(name)
    return list(found)


def _remembering(work: Any) -> Any:
    def remembering(logical_id: str, resource_json: Any, resources_map: Any, **where: Any) -> Any:
        # Before the work: moto's resources complete the properties that they are given.
        properties = _resolved(resource_json, resources_map)
        resource = work(logical_id, resource_json, resources_map, **where)
        if resource is not None:
            _remembered(resources_map)[logical_id] = properties
        return resource

    return remembering


def _resolved(resource_json: Any, resource_map: Any) -> Any:
    return parsing.clean_json(copy.deepcopy(resource_json.get("Properties", {})), resource_map)


def _remembered(resource_map: Any) -> dict[str, Any]:
    if not hasattr(resource_map, "rajee_properties"):
        resource_map.rajee_properties = {}
    remembered: dict[str, Any] = resource_map.rajee_properties
    return remembered
