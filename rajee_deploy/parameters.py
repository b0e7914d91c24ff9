"""The parameters that an app declares for itself: what a template says of them, and the values they are to have. Pure.

Which of them change is decided in `parameter_changes`. Values are in no repr: one may be a secret that stands where it
should not. Named tuples, as in `model`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HIDDEN = "***"
_SHOWN = 60  # characters of a value; the whole is in --json
# Where a value can allow something to somebody: types of resources, and names of properties of any other.
_PERMISSION_TYPES = re.compile(r"AWS::IAM::|SecurityGroup|Polic|Permission|Grant|::Stack$|Custom", re.ASCII)
_PERMISSIONS = re.compile(r"Polic|Role|Principal|SecurityGroup|Permission|Grant|Cidr", re.ASCII)
_IN_TEXT = re.compile(r"\$\{\s*([A-Za-z0-9]+)", re.ASCII)


class Given(NamedTuple):
    """What the settings or a flag say of a parameter: its value, or the environment variable that has it.

    `is_for_all`: a flag without a stack, for every stack that has such a parameter.
    """

    value: str = ""
    variable: str = ""
    is_for_all: bool = False

    def __repr__(self) -> str:
        return f"Given({self.variable or HIDDEN})"


class WantedParameter(NamedTuple):
    """The same once the environment was read. `value` is None where the variable is not set: then the stack keeps what
    it has."""

    name: str
    value: str | None
    variable: str = ""
    is_for_all: bool = False

    def __repr__(self) -> str:
        return f"WantedParameter({self.name}, {self.variable or HIDDEN})"


class ParameterValue(NamedTuple):
    """What a deployment gives to a parameter. What comes from a variable is never shown."""

    name: str
    value: str
    variable: str = ""
    is_secret: bool = False

    def __repr__(self) -> str:
        return f"ParameterValue({self.name}, {self.variable or HIDDEN})"

    @property
    def shown(self) -> str:
        """For people, and for documents."""
        return HIDDEN if self.variable else self.value


class Declared(NamedTuple):
    """A parameter as a template declares it. `is_secret`: NoEcho. `is_used`: something refers to it, so that another
    value can change the stack. `may_permit`: what refers to it may allow something to somebody."""

    kind: str = "String"
    has_default: bool = False
    is_secret: bool = False
    is_used: bool = True
    may_permit: bool = True


def is_masked(value: str) -> bool:
    """Whether DescribeStacks hides a value."""
    return re.fullmatch(r"\*{4,}", value) is not None


def is_same(kind: str, one: str, other: str) -> bool:
    """Whether two values of a parameter mean the same. Where that is not documented, only equal ones do.

    "Each member string is space trimmed" is said of this one type:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """
    if kind == "CommaDelimitedList":
        return _members(one) == _members(other)
    return one == other


def is_alike(one: str, other: str) -> bool:
    """Whether CloudFormation may give back the one for the other."""
    return _members(one) == _members(other)


def shorten(value: str) -> str:
    """A value in a sentence; the empty one is to be seen, too."""
    if not value:
        return '""'
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"


def declared_parameters(template: Any) -> dict[str, Declared]:
    """The parameters of a template (parsed JSON) by name; none of what is no JSON."""
    slots = template.get("Parameters") if isinstance(template, dict) else None
    if not slots:
        return {}
    mentions = _mentions_by_part(template)
    has_macro = "Transform" in template or "Fn::Transform" in str(template.get("Resources"))
    return {
        name: Declared(
            str(slot.get("Type", "String")), "Default" in slot, str(slot.get("NoEcho", "")).lower() == "true",
            *((True, True) if has_macro else _reach(name, mentions)),  # a macro may do anything with it
        )
        for name, slot in sorted(slots.items())
    }  # fmt: skip


def _members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",")]


def _mentions_by_part(template: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """By resource, condition and the rest: the names it mentions, and whether one decides about permissions there."""
    found: dict[str, dict[str, bool]] = {}
    for section in ("Conditions", "Resources"):
        for name, part in (template.get(section) or {}).items():
            whole = part if isinstance(part, dict) else {"Custom": part}  # Fn::ForEach is a list
            told = {key: value for key, value in whole.items() if key != "DependsOn"}
            of_permissions = section == "Resources" and _PERMISSION_TYPES.search(str(told.get("Type", "Custom")))
            found[name] = _collected(told, under=bool(of_permissions))
    rest = {key: template[key] for key in ("Outputs", "Rules", "Transform", "Hooks") if key in template}
    found[""] = _collected(rest, under=False)
    return found


def _collected(part: Any, *, under: bool) -> dict[str, bool]:
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
