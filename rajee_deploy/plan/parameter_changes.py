"""Which of the app's own parameters a stack gets, and which of them change: wanted and deployed in, an outcome with its
reasons out. Pure.

A parameter that nobody gives a value keeps the one it has, as with `cdk deploy`. CloudFormation shows no value of a
NoEcho parameter; whether such a one changed is known where this machine deployed the stack last (`Observed.secrets`),
and elsewhere it is given anew: in doubt, CloudFormation compares.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model.names import IMAGES_PARAMETER, PRIVATE, RECORDS
from rajee_deploy.plan.parameters import HIDDEN, Declared, ParameterValue, is_alike, is_masked, is_same, shorten
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import Caution

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rajee_deploy.plan.infrastructure import InfrastructureVerdict
    from rajee_deploy.plan.parameters import WantedParameter
    from rajee_deploy.plan.state import Observed, StackState, Wanted
    from rajee_deploy.plan.steps import DeployStack


# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST_BYTES = 4096
_OWN = (*RECORDS, IMAGES_PARAMETER)
_OF_CDK = "BootstrapVersion"  # which is looked up, and nobody's to set


class ParameterOutcome(NamedTuple):
    """The values to give when the stack is deployed; what changes, by parameter, in words; and what to know besides.
    `absent` are those of flags for all stacks that its template does not have, as far as that is known; `takes` are
    those that it has, and that somebody may give a value."""

    values: tuple[ParameterValue, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    cautions: tuple[Caution, ...] = ()
    absent: frozenset[str] = frozenset()
    stack: str = ""
    takes: frozenset[str] = frozenset()


def decide(
    stack: str,
    previous: StackPresent | None,
    wanted: Wanted,
    observed: Observed,
    verdict: InfrastructureVerdict | None,
    written: Collection[str] = (),
) -> ParameterOutcome:
    """What is to be done about the parameters of a stack. `previous` has the values that stay where none is given; None
    where the stack is made anew. `written` are the parameters that the tool itself gives.

    ConfigurationErrors `no-such-parameter`, `secret-parameter`, `missing-parameter`, `parameter-refused`.
    """
    known = _declared_parameters(stack, previous, wanted, verdict)
    here = [each for each in wanted.parameters.get(stack, ()) if known is None or each.name in known]
    absent = {each for each in wanted.parameters.get(stack, ()) if each not in here}
    takes = {name for name in known or () if not ({name} & {*written, *_OWN} or (stack, name) in wanted.unchosen)}
    for each in absent:
        if not each.is_for_all:
            raise unknown_parameter(f"the template of {stack} has no parameter {each.name}", takes)
    values, changes, cautions = [], [], []
    for each in here:
        slot = _slot(each.name, known, previous)
        _check_secret(stack, each, slot, wanted.tables.get(stack, stack))
        if each.value is None:
            cautions += _kept_cautions(stack, each, slot, previous)
            continue
        _check_value(stack, each, each.value)
        value = ParameterValue(each.name, each.value, each.variable, slot.is_secret)
        values.append(value)
        change = _change(stack, value, slot.kind, previous, observed)
        if change and slot.is_used:
            changes.append((each.name, change))
        elif change:
            text = f"{each.name} is given another value, but nothing in the template refers to it"
            cautions.append(Caution("parameter-unused", f"stack {stack}", text))
    _check_taken(stack, known, wanted, written)
    _check_complete(stack, previous, known or {}, wanted, {*written, *_OWN})
    nowhere = frozenset(each.name for each in absent)
    return ParameterOutcome(tuple(values), tuple(changes), tuple(cautions), nowhere, stack, frozenset(takes))


def _check_taken(stack: str, known: Mapping[str, Declared] | None, wanted: Wanted, written: Collection[str]) -> None:
    """The parameters of images must be there, and reach something: else a new tag would change nothing."""
    made = wanted.synthesised.get(stack) or (wanted.remembered.get(stack) if known is not None else None)
    for name in written:
        if known is None or name.startswith(PRIVATE):
            continue
        if name not in (made.parameters if made is not None else known):
            raise UntakenError(stack, name, known)


class UntakenError(ConfigurationError):
    """`no-such-parameter` for one that the tool itself gives a value."""

    def __init__(self, stack: str, parameter: str, declared: Collection[str]) -> None:
        problem = "does not refer to" if parameter in declared else "does not declare"
        others = sorted(set(declared) - {*_OWN, parameter, _OF_CDK})
        super().__init__(
            "no-such-parameter",
            f"the template of {stack} {problem} the parameter {parameter}",
            where=f"stack {stack}",
            cause=f"it declares {', '.join(others)}" if others else "it declares no parameter of the app's own",
            hint="declare it in the stack (docs/your-service.md), or name the one that it has: images.*.parameter",
        )
        self.parameter = parameter


def unknown_parameter(problem: str, known: Collection[str]) -> ConfigurationError:
    """`no-such-parameter`: nothing takes the value."""
    own = sorted({*known} - {_OF_CDK})
    return ConfigurationError(
        "no-such-parameter",
        problem,
        where="cdk.parameters of the settings, --parameters",
        hint=f"there is: {', '.join(own)}"
        if own
        else "there is none that takes a value: the app declares it first, as a CfnParameter of its stack",
    )


def not_taken(step: DeployStack, before: StackState | None, state: StackState) -> str:
    """What speaks against believing that the app's own parameters have the values that were given; "" where nothing
    does. Where CloudFormation found nothing to update it keeps the former ones, and that is no failure."""
    is_updated = isinstance(state, StackPresent) and (
        not isinstance(before, StackPresent) or before.since != state.since
    )
    return "; ".join(f"its parameter {name} has another value" for name in _others(step, state)) if is_updated else ""


def unaffected_lines(step: DeployStack, state: StackState) -> list[str]:
    """The parameters of a confirmed deployment that have another value, since CloudFormation found nothing to do."""
    return [
        f"CloudFormation keeps the former value of {name}: the new one changes no resource and no output"
        for name in _others(step, state)
    ]


def _others(step: DeployStack, state: StackState) -> list[str]:
    """Asterisks speak against nothing here: a macro may hide what the template shows."""
    deployed = state.parameters if isinstance(state, StackPresent) else {}
    shown = {value.name: value.value for value in step.values if not is_masked(deployed.get(value.name, ""))}
    return [name for name, value in shown.items() if not is_alike(deployed.get(name, ""), value)]


def _declared_parameters(
    stack: str, previous: StackPresent | None, wanted: Wanted, verdict: InfrastructureVerdict | None
) -> Mapping[str, Declared] | None:
    """The parameters of the template that is wanted; None where only a synth will tell, which then comes before the
    deployment."""
    made = wanted.synthesised.get(stack)
    if made is None and not wanted.impurities_of(stack):
        made = wanted.remembered.get(stack)
    if made is not None:
        return made.declared
    if previous is None or verdict is None or verdict.synth_reasons or verdict.differences:
        return None
    return {name: _slot(name, None, previous) for name in previous.parameters}  # what is deployed is what is wanted


def _slot(name: str, known: Mapping[str, Declared] | None, previous: StackPresent | None) -> Declared:
    found = (known or {}).get(name) or (previous.declared.get(name) if previous is not None else None)
    return found or Declared(is_secret=previous is not None and is_masked(previous.parameters.get(name, "")))


def _change(stack: str, value: ParameterValue, kind: str, previous: StackPresent | None, observed: Observed) -> str:
    """How a value differs from what is deployed, in words; "" where it does not, or where nothing is deployed."""
    if previous is None:
        return ""
    was = previous.parameters.get(value.name)
    if was is None:
        return f"{value.name}: not there yet"
    if value.is_secret or is_hidden(value, previous):
        return _secret_change(value, observed.secrets.get((stack, value.name)))
    if is_same(kind, was, value.value):
        return ""
    return _other(value) if value.variable else f"{value.name}: {shorten(was)} → {shorten(value.value)}"


def is_hidden(value: ParameterValue | WantedParameter, state: StackPresent) -> bool:
    """Whether DescribeStacks hides what is deployed. The template says so; where that is not known, asterisks may be
    the very value, if it is one that the settings show."""
    slot, deployed = state.declared.get(value.name), state.parameters.get(value.name, "")
    return slot.is_secret if slot is not None else bool(value.variable) and is_masked(deployed)


def _secret_change(value: ParameterValue, is_as_deployed: bool | None) -> str:  # noqa: FBT001 -- three answers
    if not value.variable:
        return f"{value.name}: {HIDDEN} → {shorten(value.value)}"  # it was a secret until now
    match is_as_deployed:
        case True:
            return ""
        case False:
            return _other(value)
        case None:
            return (
                f"{value.name}: only CloudFormation knows whether it changed, since the stack was updated last by"
                f" something else than up on this machine, or by one with --no-wait (without {value.variable} it keeps"
                " the value that it has)"
            )


def _other(value: ParameterValue) -> str:
    return f"{value.name}: {value.variable} has another value"


def _kept_cautions(stack: str, each: WantedParameter, slot: Declared, previous: StackPresent | None) -> list[Caution]:
    """What a parameter has whose variable is not set. One without any value is refused (see `_check_complete`)."""
    if previous is not None and each.name in previous.parameters:
        text = f"{each.name} keeps the value that it has, since {each.variable} is not set"
        return [Caution("parameter-kept", f"stack {stack}", text)]
    if slot.has_default:
        text = f"{each.name} takes its default, since {each.variable} is not set"
        return [Caution("parameter-default", f"stack {stack}", text)]
    return []


def _check_secret(stack: str, each: WantedParameter, slot: Declared, table: str) -> None:
    if slot.is_secret and not each.variable:
        raise ConfigurationError(
            "secret-parameter",
            f"{each.name} of {stack} is a secret (NoEcho), which no setting and no flag may hold",
            where="cdk.parameters of the settings, --parameters",
            hint=f"take it from a variable, in the settings:\n{_table(table)}\n{_line(each.name, is_secret=True)}",
        )


def _check_value(stack: str, each: WantedParameter, value: str) -> None:
    """No program takes it as an argument, or CloudFormation does not: it would be found out once all is built."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        cause = "it is not text: some of its bytes are not UTF-8"
    else:
        is_long = size > _MOST_BYTES
        cause = f"it has {size} bytes, and a parameter takes {_MOST_BYTES} at most" if is_long else ""
        cause = "it has a NUL character" if "\0" in value else cause
    if cause:
        raise ConfigurationError(
            "parameter-refused",
            f"the parameter {each.name} of {stack} cannot have the value that it is given",
            where=f"the variable {each.variable}" if each.variable else "cdk.parameters of the settings, --parameters",
            cause=cause,
            hint="give a shorter value: keep a long one in SSM or Secrets Manager, and give its name here",
        )


def _check_complete(
    stack: str, previous: StackPresent | None, known: Mapping[str, Declared], wanted: Wanted, written: Collection[str]
) -> None:
    """The deployment would end for want of a value, after everything was built."""
    deployed = previous.parameters if previous is not None else {}
    values = {each.name: each for each in wanted.parameters.get(stack, ())}
    missing = [
        name
        for name, slot in known.items()
        if not (slot.has_default or name in deployed or name in written)
        and (name not in values or values[name].value is None)
    ]
    if not missing:
        return
    unset = [values[name].variable for name in missing if name in values]
    images = {name: wanted.unchosen[stack, name] for name in missing if (stack, name) in wanted.unchosen}
    unsaid = [name for name in missing if name not in values and name not in images]
    lines = [_line(name, is_secret=known[name].is_secret) for name in unsaid]
    chosen = " ".join(f"--image {image}" for image in images.values())
    exports = [f"export {variable}=…" for variable in unset]
    raise ConfigurationError(
        "missing-parameter",
        f"{stack} cannot be deployed without a value for its parameter {', '.join(missing)}",
        where=f"stack {stack}",
        hint="\n".join(
            [
                *([f"add {chosen}, or leave --image out"] if chosen else []),
                *exports,
                *(["write in the settings:", _table(wanted.tables.get(stack, stack)), *lines] if lines else []),
            ]
        ),
    )


def _table(stack: str) -> str:
    name = stack if re.fullmatch(r"[A-Za-z0-9_-]+", stack) else f'"{stack}"'
    return f"[cdk.parameters.{name}]"


def _line(name: str, *, is_secret: bool) -> str:
    variable = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    return f'{name} = {{ env = "{variable}" }}' if is_secret else f'{name} = "…"'
