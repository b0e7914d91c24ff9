"""The parameters of a stack as CloudFormation understands them. Pure reading: changes nothing in moto."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack

from rajee_deploy.sandbox.corrections.resources import references

# What an update can change. A template that differs elsewhere (Description, Metadata, layout) is no update.
_SECTIONS = ("Resources", "Outputs", "Conditions", "Mappings", "Transform")


def given_parameters(stack: Any) -> dict[str, str]:
    """The values in force as they were given or defaulted: text, an SSM type's path and not what it holds."""
    values = {}
    for name, slot in _slots(stack.template_dict).items():
        value = stack.parameters.get(name, slot.get("Default"))
        if value is not None:
            values[name] = _text(value)
    return values


def effective_parameters(template: Any, requested: list[dict[str, Any]], previous: dict[str, str]) -> dict[str, str]:
    """The value of every parameter of a template after a request. ValidationError in AWS's words when one has none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html
    """
    slots = _slots(template)
    asked = {each["ParameterKey"]: each for each in requested}
    if unknown := sorted(asked.keys() - slots.keys()):
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {}
    for name, slot in slots.items():
        request = asked.get(name, {})
        if request.get("UsePreviousValue"):
            if name not in previous:
                raise ValidationError(
                    message=f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            values[name] = previous[name]
        elif (value := request.get("ParameterValue", slot.get("Default"))) is not None:
            values[name] = _text(value)
    if missing := sorted(slots.keys() - values.keys()):
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    return values


def is_update(stack: Any, template: Any, values: dict[str, str], tags: dict[str, str] | None) -> bool:
    """Whether CloudFormation would see something to do: a resource, an output or a tag differs, or a parameter that
    any of them refers to does."""
    # Parsed again: moto completes the template that it works on.
    before = Stack.parse_template(stack.template)
    parts = {name: template.get(name) for name in _SECTIONS}
    if any(before.get(name) != part for name, part in parts.items()):
        return True
    if tags is not None and tags != stack.tags:
        return True
    old = given_parameters(stack)
    changed = {name for name in values if values[name] != old.get(name)}
    return bool(changed & references(parts))


def shown_parameters(stack: Any) -> list[dict[str, str]]:
    """The parameters as DescribeStacks shows them."""
    shown = []
    slots = _slots(stack.template_dict)
    for name, value in given_parameters(stack).items():
        entry = {"ParameterKey": name, "ParameterValue": "****" if _is_secret(slots[name]) else value}
        if str(slots[name].get("Type", "")).startswith("AWS::SSM::Parameter::"):
            entry["ResolvedValue"] = _text(stack.resource_map.resolved_parameters.get(name, ""))
        shown.append(entry)
    return shown


def _slots(template: Any) -> dict[str, Any]:
    return dict(template.get("Parameters") or {})


def _is_secret(slot: Any) -> bool:
    return str(slot.get("NoEcho", "")).lower() == "true"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    return str(value)
