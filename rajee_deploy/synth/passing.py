"""How the app's own parameters reach the CDK CLI: as arguments, which everybody on the machine can read, or, where they
come from a variable, inside the CLI's own process. The CLI has no other way: its CDK_PARAMETERS takes one value, and
what it keeps in files (cdk.json) knows no parameters.
"""

from __future__ import annotations

import os
import re
import warnings
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.parameters import slots_of
from rajee_deploy.synth.cli_options import option_of
from rajee_deploy.synth.context_values import script_environment
from rajee_deploy.system.process import Completed
from rajee_deploy.system.temporary import private_directory
from rajee_deploy.text.hiding import hider_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.plan.parameters import ParameterValue
    from rajee_deploy.plan.steps import DeployStack

# Options by which the CLI shows its arguments, or what it sends to AWS.
_TALKATIVE = frozenset({"verbose", "v", "trace", "debug", "debugApp", "debugCli"})


@dataclass(frozen=True, slots=True)
class Passing:
    """What a deployment's command gets: `arguments`, and `environment` beside ours. `done` is there once the CLI has
    what comes from variables."""

    arguments: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    done: Path | None = None

    def changes(self, environment: Iterable[str]) -> dict[str, str | None]:
        """What of the environment changes (see `process.run`): a CLI that is given what nobody may see says no more
        than it must."""
        talkative = (name for name in environment if option_of(name) in _TALKATIVE)
        return {**self.environment, **(dict.fromkeys(talkative) if self.done is not None else {})}

    def check(self, step: DeployStack) -> None:
        """DeployError `parameter-not-passed` where the CLI never had what comes from variables."""
        if self.done is not None and not self.done.exists():
            names = ", ".join(value.name for value in step.values if value.variable)
            raise DeployError(
                "parameter-not-passed",
                f"the CDK CLI was not given {names} of {step.stack}",
                where=f"stack {step.stack}",
                cause="the program started as cdk is not node, or starts the CLI in another process",
                hint="install the CLI beside the app: npm install -D aws-cdk@2",
            )


def check_values(step: DeployStack, template: Mapping[str, Any]) -> None:
    """ConfigurationError `parameter-refused` for a value that the template does not allow: CloudFormation would say so
    only after the images were built."""
    slots = slots_of(template)
    for value in step.values:
        slot = slots[value.name]
        allowed = [str(each) for each in slot.get("AllowedValues", ())]
        is_list = "List" in str(slot.get("Type", ""))
        members = [each.strip() for each in value.value.split(",")] if is_list else [value.value]
        cause = ""
        if allowed and not {*members} <= {*allowed}:
            cause = f"its AllowedValues are {', '.join(allowed)}"
        elif not is_list and not matches(str(slot.get("AllowedPattern", "")), value.value):
            cause = f"its AllowedPattern is {slot['AllowedPattern']}"
        if cause:
            raise ConfigurationError(
                "parameter-refused",
                f"the parameter {value.name} of {step.stack} does not take {value.shown}",
                where=f"stack {step.stack}",
                cause=cause,
                hint=str(slot.get("ConstraintDescription") or "give it a value that the template allows"),
            )


def matches(pattern: str, value: str) -> bool:
    """Whether a value is what an AllowedPattern says, as far as that can be told here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python's way to say that it reads a pattern otherwise than Java may
            return not pattern or re.fullmatch(pattern, value) is not None
    except (re.error, FutureWarning):
        return True  # Java's patterns know more than Python's: CloudFormation judges


@contextmanager
def passing(step: DeployStack, name: str) -> Iterator[Passing]:
    """For the command that deploys the step; `name` is the stack's at CloudFormation."""
    plain = [(key, value) for key, value in step.declared]
    plain += [(value.name, value.value) for value in step.values if not value.variable]
    arguments = tuple(f"--parameters={name}:{key}={value}" for key, value in plain)
    hidden = {f"{name}:{value.name}": value.value for value in step.values if value.variable}
    if not hidden:
        yield Passing(arguments, {})
        return
    with private_directory("parameters") as directory:
        yield Passing(arguments, _environment(directory / "done", hidden), directory / "done")


def without_secrets(values: tuple[ParameterValue, ...]) -> Callable[[str], str]:
    """What takes values that come from variables out of a line: a CLI that is told to say more shows its arguments."""
    return hider_of(value.value for value in values if value.variable)


def hush(ended: Completed, hide: Callable[[str], str]) -> Completed:
    """How a program ended, without what is to be hidden."""
    return Completed(ended.argv, ended.code, tuple(map(hide, ended.tail)), ended.timed_out)


def _environment(done: Path, hidden: Mapping[str, str]) -> dict[str, str]:
    """Variables of our own: under the user's names the CLI may be given something else (AWS_REGION)."""
    named = {f"RAJEE_DEPLOY_PARAMETER_{number}": name for number, name in enumerate(hidden)}
    values = {variable: hidden[name] for variable, name in named.items()}
    return {**values, **script_environment(done, os.environ.get("NODE_OPTIONS", ""), {"parameters": named})}
