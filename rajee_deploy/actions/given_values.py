"""From settings and environment to the parameters that are wanted; and what this machine knows of those that
CloudFormation hides. It decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.plan.parameters import WantedParameter
from rajee_deploy.plan.state import StackPresent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.plan.state import Observed, Wanted
    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.stack.secret_values import SecretValues


def wanted_parameters(
    cdk: CdkSettings, stacks: Sequence[str], environment: Mapping[str, str]
) -> dict[str, tuple[WantedParameter, ...]]:
    """By stack. A variable that is empty is one that is not set: CI systems make such of a secret that they lack."""
    return {
        stack: tuple(
            WantedParameter(
                name,
                (environment.get(given.variable) or None) if given.variable else given.value,
                given.variable,
                given.is_for_all,
            )
            for name, given in cdk.parameters[stack].items()
        )
        for stack in stacks
        if cdk.parameters.get(stack)
    }


def with_secrets(known: SecretValues, wanted: Wanted, observed: Observed) -> Observed:
    """With what is known of the values that come from variables, and may be secrets."""
    found: dict[tuple[str, str], bool] = {}
    for stack, parameters in wanted.parameters.items():
        state = observed.stacks[stack]
        values = {each.name: each.value for each in parameters if each.variable and each.value is not None}
        if values and isinstance(state, StackPresent):
            found |= {(stack, name): same for name, same in known.compare(state, values).items()}
    return replace(observed, secrets=found) if found else observed
