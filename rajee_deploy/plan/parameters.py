"""The parameters that an app declares for itself: what a template says of them, and the values they are to have. Pure.

Which of them change is decided in `parameter_changes`. Values are in no repr: one may be a secret that stands where it
should not. Named tuples, as in `model`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

HIDDEN = "***"
_SHOWN = 60  # characters of a value; the whole is in --json


class Given(NamedTuple):
    """What the settings or a flag say of a parameter: its value, or the environment variable that has it.

    `is_for_all`: a flag without a stack, for every stack that has such a parameter. `rank`: what goes before what where
    several names mean a stack: a table's (0), a flag's for all (1), a flag's for the stack (2).
    """

    value: str = ""
    variable: str = ""
    is_for_all: bool = False
    rank: int = 0

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


def slots_of(template: Any) -> dict[str, dict[str, Any]]:
    """The declarations of a template by name. One that is none declares nothing: CloudFormation tells what is wrong."""
    told = template.get("Parameters") if isinstance(template, dict) else None
    found = told if isinstance(told, dict) else {}
    return {name: slot if isinstance(slot, dict) else {} for name, slot in found.items()}


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


def _members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",")]
