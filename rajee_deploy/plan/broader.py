"""What one template allows that another one does not, in lines for a person to read. Pure.

What is only written in another way, or narrower than before, is not broader. It must never be the only thing that a
question stands on: the CDK CLI compares for that, too, and each sees what the other does not.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rajee_deploy.plan.allowances import Allowance

_FORBIDDING = ("Deny", "block", "boundary")
_ANYWHERE = {False: "0.0.0.0/0", True: "::/0"}
_STATEMENTS, _RULES = ("Allow", "Deny"), ("ingress", "egress")
_ANY = "*"  # among actions: those with a wildcard
_MOST = 2000  # that are compared; whatever is new besides counts as broader
_SHOWN = 4  # actions in a line
_LONGEST = 60  # of a condition in a line
_PORTS = 65535


def broader(
    before: Mapping[Allowance, str], after: Mapping[Allowance, str], names: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """What is allowed after and was not before, in lines, by the logical id of the resource that says or said so."""
    found: dict[str, list[tuple[str, Allowance]]] = {}
    new = [each for each in after if each.kind not in _FORBIDDING and each not in before]
    gone = [each for each in before if each.kind in _FORBIDDING and each not in after]
    for mark, some, sources, by in (("+", new, after, before), ("-", gone, before, after)):
        index = _Index(by) if some else None
        for number, each in enumerate(some):
            if index is None or number > _MOST or not index.covers(each):
                found.setdefault(sources[each], []).append((mark, each))
    return {logical: tuple(_lines(marked, names.get(logical, logical))) for logical, marked in found.items()}


class _Index:
    """Allowances by what can cover another one: a template may have thousands."""

    def __init__(self, by: Iterable[Allowance]) -> None:
        self._found: dict[tuple[str, ...], list[Allowance]] = {}
        for each in by:
            if each.kind in _RULES:
                self._found.setdefault((each.kind, each.on, each.who), []).append(each)
            elif each.kind in _STATEMENTS:
                what = _ANY if _has_wildcard(each.what) else each.what.lower()
                self._found.setdefault((each.kind, each.who, what), []).append(each)

    def covers(self, one: Allowance) -> bool:
        """Whether something says as much or more already."""
        keys: list[tuple[str, ...]] = []
        if one.kind in _RULES:
            keys = [(one.kind, one.on, who) for who in (one.who, _ANYWHERE[":" in one.who])]
        elif one.kind in _STATEMENTS:
            keys = [(one.kind, who, what) for who in (one.who, "*") for what in (one.what.lower(), _ANY)]
        return any(_covers(each, one) for key in keys for each in self._found.get(key, ()))


def _covers(wide: Allowance, narrow: Allowance) -> bool:
    if narrow.kind in _RULES:
        return _covers_ports(wide.what, narrow.what)
    is_action = wide.what.lower() == narrow.what.lower() or _matches(wide.what.lower(), narrow.what.lower())
    return wide.when in ("", narrow.when) and is_action and (wide.on == narrow.on or _matches(wide.on, narrow.on))


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def _matches(pattern: str, text: str) -> bool:
    """Whether an IAM pattern covers a text. There `[` is a character as any other."""
    if pattern.startswith("all but") or not _has_wildcard(pattern):
        return False
    return not text.startswith("all but") and fnmatchcase(text, pattern.replace("[", "[[]"))


def _covers_ports(wide: str, narrow: str) -> bool:
    if wide in (narrow, "all traffic"):
        return True
    (protocol, low, high), other = _ports(wide), _ports(narrow)
    return protocol == other[0] and low <= other[1] and other[2] <= high


def _ports(text: str) -> tuple[str, int, int]:
    found = re.fullmatch(r"(\w+)(?: (\d+)(?:-(\d+))?)?", text, re.ASCII)
    if found is None:
        return text, 0, 0
    low = int(found[2]) if found[2] else 0
    return found[1], low, int(found[3]) if found[3] else (low if found[2] else _PORTS)


def _lines(marked: Iterable[tuple[str, Allowance]], owner: str) -> Iterator[str]:
    """What is allowed, in lines: what differs in the action alone stands in one."""
    grouped: dict[tuple[str, Allowance], list[str]] = {}
    for mark, each in marked:
        whats = grouped.setdefault((mark, each._replace(what="") if each.kind in ("Allow", "Deny") else each), [])
        whats.append(each.what)
    for (mark, each), whats in grouped.items():
        more = f" and {len(whats) - _SHOWN} more" if len(whats) > _SHOWN else ""
        yield f"{mark} {_sentence(each, ', '.join(whats[:_SHOWN]) + more, owner)}"


def _sentence(each: Allowance, what: str, owner: str) -> str:
    own = f"${{{owner}}}"
    match each.kind:
        case "Allow" | "Deny":
            words = ["deny " if each.kind == "Deny" else "", what]
            words += [f" on {each.on}"] if each.on not in (own, "") else []
            words += [f" for {each.who}"] if each.who != own else []
            words += [f" where {each.when if len(each.when) <= _LONGEST else 'a condition holds'}"] if each.when else []
            return "".join(words)
        case "ingress" | "egress":
            way = "from" if each.kind == "ingress" else "to"
            return f"{each.kind} {what} {way} {each.who}" + (f" in {each.on}" if each.on != own else "")
        case "managed" | "boundary":
            kind = "managed policy" if each.kind == "managed" else "permissions boundary"
            return f"{kind} {what.rpartition('/')[2]}"
        case "grant":
            return "it allows something by being there: read its properties"
        case _:
            return f"the block of {what}" if each.kind == "block" else what
