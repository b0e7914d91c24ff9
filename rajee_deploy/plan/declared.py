"""What a template says of its parameters: which there are, whether anything uses them, and what they may decide. Pure.

Apart from `parameters`, since a run with nothing to do mostly reads no declaration.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.plan.parameters import Declared, slots_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where a value can allow something to somebody: types of resources, and names of properties of any other.
_PERMISSION_TYPES = re.compile(r"AWS::IAM::|SecurityGroup|Polic|Permission|Grant|::Stack$|Custom", re.ASCII)
_PERMISSIONS = re.compile(r"Polic|Role|Principal|SecurityGroup|Permission|Grant|Cidr", re.ASCII)
_IN_TEXT = re.compile(r"\$\{\s*([A-Za-z0-9]+)", re.ASCII)


def declared_parameters(template: Any) -> dict[str, Declared]:
    """The parameters of a template (parsed JSON) by name; none of what is no JSON."""
    slots = slots_of(template)
    if not slots:
        return {}
    mentions = _mentions_by_part(template)
    has_macro = "Transform" in template or "Fn::Transform" in str(template.get("Resources"))
    return {
        name: Declared(
            str(slot.get("Type", "String")),
            "Default" in slot,
            str(slot.get("NoEcho", "")).lower() == "true",
            *((True, True) if has_macro else _reach(name, mentions)),  # a macro may do anything with it
        )
        for name, slot in sorted(slots.items())
    }


def _mentions_by_part(template: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """By resource, condition and the rest: the names it mentions, and whether one decides about permissions there."""
    found: dict[str, dict[str, bool]] = {}
    for section in ("Conditions", "Resources"):
        for name, part in (template.get(section) or {}).items():
            whole = part if isinstance(part, dict) else {"Custom": part}  # Fn::ForEach is a list
            told = {key: value for key, value in whole.items() if key != "DependsOn"}
            of_permissions = section == "Resources" and _PERMISSION_TYPES.search(str(told.get("Type", "Custom")))
            found[name] = _collect(told, under=bool(of_permissions))
    rest = {key: template[key] for key in ("Outputs", "Rules", "Transform", "Hooks") if key in template}
    found[""] = _collect(rest, under=False)
    return found


def _collect(part: Any, *, under: bool) -> dict[str, bool]:
    names: dict[str, bool] = {}
    for name, permits in _names(part, under=under):
        names[name] = names.get(name, False) or permits
    return names


def _names(value: Any, *, under: bool) -> Iterator[tuple[str, bool]]:
    """Every text that could be a name of the template (of a parameter, a condition, a resource)."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _names(each, under=under or _PERMISSIONS.search(key) is not None)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each, under=under)
    elif isinstance(value, str):
        yield value.partition(".")[0], under
        yield from ((name, under) for name in _IN_TEXT.findall(value))


def _reach(name: str, mentions: Mapping[str, Mapping[str, bool]]) -> tuple[bool, bool]:
    """Whether anything refers to a parameter, and whether what follows from it may decide about permissions: also by
    way of conditions and of other resources."""
    reached = {name}
    permits = False
    grows = True
    while grows:
        grows = False
        for part, names in mentions.items():
            common = reached & names.keys()
            permits = permits or any(names[each] for each in common)
            if common and part and part not in reached:
                reached.add(part)
                grows = True
    return any(name in names for names in mentions.values()), permits
