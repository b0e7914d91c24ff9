"""Values for the parameters that an app declares for itself: from the settings' tables, and from flags. Pure.

A table per stack, `[cdk.parameters.App]`; the environment's is laid over it, key by key, and flags over both. What the
tool itself writes into a stack is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model.names import RECORDS
from rajee_deploy.plan.parameters import Given
from rajee_deploy.plan.stack_names import is_wild
from rajee_deploy.settings.problems import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rajee_deploy.settings.values import ImageSettings, Settings

_NAME = "[A-Za-z0-9]+"
_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"

Parameters = dict[str, dict[str, Given]]


def parse_parameters(stacks: Collection[str], *tables: Mapping[str, Any]) -> Parameters:
    """Tables by stack, each laid over those before it; `stacks` may be named. SettingError."""
    found: Parameters = {}
    for table in tables:
        for stack, values in table.items():
            if stack not in stacks and not any(map(is_wild, stacks)):  # what it means is known later
                raise SettingError(stack, "it is not in cdk.stacks")
            if not isinstance(values, dict):
                raise SettingError(stack, "must be a table, like [cdk.parameters.App]")
            given = {name: _parse_given(f"{stack}.{name}", value) for name, value in values.items()}
            found[stack] = {**found.get(stack, {}), **given}
    return found


def check_names(parameters: Mapping[str, Mapping[str, Given]], images: Sequence[ImageSettings]) -> None:
    """SettingError for the first name that cannot be set."""
    for stack, values in parameters.items():
        for name in values:
            problem = _name_problem(name, [image for image in images if image.stack == stack])
            if problem:
                raise SettingError(f"{stack}.{name}", problem)


def with_flags(settings: Settings, flags: Sequence[str]) -> Parameters:
    """The settings' values with those of `--parameters` over them: `Stack:Key=Value`, or `Key=Value` for each stack
    that has such a parameter. ConfigurationError `bad-flag`."""
    cdk = settings.cdk
    for_all: dict[str, Given] = {}
    of_stack: Parameters = {stack: {} for stack in cdk.stacks}
    for flag in flags:
        key, is_given, value = flag.partition("=")
        stack, has_stack, name = key.rpartition(":")
        named = [image for image in settings.images if image.stack == stack or not has_stack]
        problem = _name_problem(name, named) if is_given else "write it Stack:Key=Value, or Key=Value"
        is_known = stack in of_stack or any(map(is_wild, cdk.stacks))  # what that means is known later
        if not problem and (not of_stack or (has_stack and not is_known)):
            problem = f"there is no such stack in cdk.stacks; known: {', '.join(of_stack) or 'none'}"
        if problem:
            hint = f"write it like --parameters {next(iter(of_stack), 'ApiStack')}:Size=large"
            raise ConfigurationError("bad-flag", f"--parameters {key}: {problem}", hint=hint)
        if has_stack:
            of_stack.setdefault(stack, {})[name] = Given(value, rank=2)
        else:
            for_all[name] = Given(value, is_for_all=True, rank=1)
    found = {}
    for stack in dict.fromkeys((*cdk.parameters, *of_stack)):
        own = cdk.parameters.get(stack, {})
        everywhere = {name: Given(given.value, rank=1) if name in own else given for name, given in for_all.items()}
        found[stack] = {**own, **everywhere, **of_stack[stack]}
    return found


def _parse_given(key: str, value: Any) -> Given:
    match value:
        case str():
            return Given(value)
        case {"env": str(variable)} if len(value) == 1 and re.fullmatch(_VARIABLE, variable):
            return Given(variable=variable)
        case _:
            raise SettingError(key, 'must be a string, or { env = "NAME" } for what an environment variable has')


def _name_problem(name: str, images: Sequence[ImageSettings]) -> str:
    if name in RECORDS:
        return "the tool itself writes it"
    taken = next((image.name for image in images if image.parameter == name), "")
    if taken:
        return f"it takes the tag of the image {taken}"
    return "" if re.fullmatch(_NAME, name) else "a parameter's name has letters and digits only"
