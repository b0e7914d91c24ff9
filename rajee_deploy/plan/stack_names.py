"""Which stacks the names in the settings mean, and where these live. Pure.

CDK knows a stack by its hierarchical id (`Dev/Api`), CloudFormation by its physical name in an account and a region.
What the settings say becomes stacks at one border (`locate`); inside the tool a stack goes by its *key*: its physical
name, and where it does not live where the caller is, that place behind it: `waf (us-east-1)`. No two stacks share one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.plan.state import Synthesised

# What picomatch, with which the CDK CLI matches, gives a meaning; negations and lists of patterns are not understood
# here. Expressions are compiled where a name needs them, which is seldom.
_WILD = frozenset("*?[]{}!()+@|\\")
_FOREIGN = frozenset("!()+@|\\")
_PARTS = r"(?:^|(?<=/))\*\*/|/\*\*$|^\*\*$|\*+|\?|\[[^\]^][^\]]*\]|\{[^{}]*,[^{}]*\}|[^*?\[\]{}/]+|."
_STARS = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_LONE = frozenset("[]{}")  # a bracket that belongs to none


class StackPlace(NamedTuple):
    """A stack of the app: its hierarchical id, its physical name, and where it lives: "" for wherever the caller is.

    The roles are those that the assembly names for whoever deploys (`role`) and for whoever only reads; "" for none.
    """

    id: str
    name: str
    account: str = ""
    region: str = ""
    role: str = ""
    external_id: str = ""
    reading_role: str = ""
    reading_external_id: str = ""

    def __str__(self) -> str:
        return self.id if self.id == self.name else f"{self.id} ({self.name})"


def places_of(stacks: Mapping[str, Synthesised]) -> dict[str, StackPlace]:
    """Where the stacks of a synth live, by what they go by."""
    return {key: made.place or StackPlace(key, key) for key, made in stacks.items()}


def key_of(place: StackPlace, account: str, region: str) -> str:
    """What a stack goes by, for a caller in this account and region."""
    if place.account not in ("", account):
        return f"{place.name} ({place.account}/{place.region or region})"
    return f"{place.name} ({place.region})" if place.region not in ("", region) else place.name


def is_plain(name: str) -> bool:
    """Whether a name in the settings can be a stack's physical name, so that CloudFormation can be asked of it."""
    return "/" not in name and _WILD.isdisjoint(name)


def is_wild(name: str) -> bool:
    """Whether a name in the settings may mean several stacks."""
    return not _WILD.isdisjoint(name)


def as_pattern(name: str) -> str:
    """The wildcard for `cdk deploy` that means just this id."""
    return "".join(f"\\{letter}" if letter in _WILD else letter for letter in name)


def usual_name(name: str) -> str:
    """The physical name (with `*` and `?`) of what a name in the settings means, where the app names no stack itself:
    that of `Dev/Api` is then `Dev-Api`."""
    return re.sub(r"\*+|[\[{].*?[\]}]", "*", name).replace("/", "-")


def resolve(names: Sequence[str], places: Mapping[str, StackPlace]) -> tuple[str, ...]:
    """The keys of the stacks that the names mean, in the order of the names; each once. What one wildcard means has the
    order of `places`, in which stacks come behind those they depend on.

    ConfigurationErrors `no-such-stack` for a name that means none, and `ambiguous-stack`.
    """
    return tuple(dict.fromkeys(key for name in names for key in meaning(name, places)))


def meaning(name: str, places: Mapping[str, StackPlace]) -> tuple[str, ...]:
    """The keys of the stacks that one name means, at least one. As for `cdk deploy` it is an id or a wildcard over ids
    (`*` ends at a `/`, `**` does not); besides it may be the physical name of one stack."""
    by_id = [key for key, place in places.items() if place.id == name]
    by_name = [key for key, place in places.items() if place.name == name]
    if by_id or by_name:
        found = tuple(dict.fromkeys((*by_id, *by_name)))
        if len(found) > 1:
            raise _ambiguous(name, [places[key] for key in found], places)
        return found
    if is_wild(name):
        pattern = _pattern(name)
        found = tuple(key for key, place in places.items() if pattern.fullmatch(place.id))
        found = found or tuple(key for key, place in places.items() if pattern.fullmatch(place.name))
        if found:
            return found
    raise no_such_stack(name, places)


def no_such_stack(name: str, places: Mapping[str, StackPlace]) -> ConfigurationError:
    """For a name that means no stack of the app."""
    what = "whose id matches" if is_wild(name) else "called"
    return ConfigurationError(
        "no-such-stack",
        f"the CDK app has no stack {what} {name}",
        where="cdk.stacks of the settings",
        hint="it has: " + (", ".join(sorted(map(str, places.values()))) or "none"),
    )


def _ambiguous(name: str, found: Sequence[StackPlace], places: Mapping[str, StackPlace]) -> ConfigurationError:
    said = ", ".join(f"{place} in {place.region}" if place.region else str(place) for place in found)
    names = {place.name for place in places.values() if place.id != place.name}
    alone = (place.name if place.id in names else place.id for place in found)
    return ConfigurationError(
        "ambiguous-stack",
        f"{name} means several stacks of the CDK app",
        where="cdk.stacks of the settings",
        cause=f"it is the id or the name of each of {said}",
        hint="say which: " + " or ".join(dict.fromkeys(alone)),
    )


def _pattern(name: str) -> re.Pattern[str]:
    """A wildcard as the CDK CLI reads it."""
    parts = re.findall(_PARTS, name, re.DOTALL)
    pattern = None
    if _FOREIGN.isdisjoint(name) and not any(part in _LONE for part in parts):
        with suppress(re.error):  # like [z-a]
            pattern = re.compile("".join(map(_part, parts)))
    if pattern is None:
        raise ConfigurationError(
            "bad-wildcard",
            f"{name} is not a wildcard that rajee-deploy knows",
            where="cdk.stacks of the settings",
            hint="use *, **, ?, [abc] and {this,that}, or name the stacks one by one",
        )
    return pattern


def _part(part: str) -> str:
    if part in _STARS:
        return _STARS[part]
    match part[0]:
        case "[":
            return f"[{re.escape(part[1:-1]).replace(re.escape('-'), '-')}]"
        case "{":
            return (
                "(?:"
                + "|".join("".join(map(_part, re.findall(_PARTS, each, re.DOTALL))) for each in part[1:-1].split(","))
                + ")"
            )
        case _:
            return re.escape(part)
