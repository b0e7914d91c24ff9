"""Which inputs of the infrastructure moved between two hashes, in words: names alone, never a value. Pure.

What a hash was made of is kept where it was made (see `stack.input_store`): each input's name with a digest of what it
said then. A variable is called by its name, a context value by its key.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.fingerprint import IGNORED, RECORD, TAKEN
from rajee_deploy.model.revision import commit_of, short_commit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.fingerprint import Fingerprint

SHOWN = 3
_HEX = 16
_HASHED_OTHERWISE = frozenset({"scheme", RECORD})
# How a kind of input is called; those of paths have none. What is listed says less than what lies in it: it is last.
_WORDS = {
    "env": "variable {}",
    "context": "context value {}",
    "given": "context value {}",
    "version": "version of {}",
    "library": "library {}",
    "package": "package {}",
    "list": "names in {}",
    "modules": "modules in {}",
    "scripts": "scripts in {}",
    "upward": "{} above the checkout",
    "self": "the {} of this machine",
    "environment": "the environment (synth reads all variables)",
    "image": "image {}",
    "image-assets": "cdk.image-assets of the settings",
    "image-lock": "rajee-deploy.lock",
}
_LAST = frozenset({"list", "modules", "scripts", "upward"})
_BECAUSE = {"changed": "changed", "new": "is new", "gone": "is gone"}
_ORDER = ("changed", "new", "gone")


class FormerInputs(NamedTuple):
    """What a hash was made of: by name, a digest of what the input said. `app` is where the CDK app lies in the
    checkout, from which some names count. `settings` are keys of the settings that had other values then, and that
    decide which synths are compared at all."""

    inputs: Mapping[str, str]
    app: str = ""
    settings: tuple[str, ...] = ()


class InputChange(NamedTuple):
    """One input that moved: `how` is changed, new or gone; `what` is its name for people."""

    what: str
    how: str


def digests_of(fingerprint: Fingerprint) -> dict[str, str]:
    """The inputs that count, by name, each with a digest of what it says."""
    return {
        item.name: hashlib.sha256(item.text.encode("utf-8", "surrogateescape")).hexdigest()[:_HEX]
        for item in fingerprint.inputs
        if not item.name.startswith((TAKEN, IGNORED))
    }


def changed_inputs(former: FormerInputs, now: Fingerprint) -> tuple[InputChange, ...]:
    """What moved, files first. A name on one side alone says nothing where the lists were made in two ways (by the
    kernel's record of a synth, and without it), nor where it lies outside of the checkout: lists that travel lack it.
    """
    before, after = former.inputs, digests_of(now)
    is_alike = (RECORD in before) == (RECORD in after)
    found = [(name, "changed") for name in before.keys() & after.keys() if before[name] != after[name]]
    built = [{input_name(name, "") for name in side if name.startswith("image:")} for side in (before, after)]
    anew = built[0] & built[1]  # by another Dockerfile, with other arguments: the input itself has another name then
    if is_alike:
        found += [(name, "new") for name in after.keys() - before.keys() if not _is_elsewhere(name)]
        found += [(name, "gone") for name in before.keys() - after.keys() if not _is_elsewhere(name)]
    ranked = sorted(
        (_rank(name), _ORDER.index(how), input_name(name, former.app), how)
        for name, how in found
        if not _is_other(name)
    )
    told: dict[str, str] = {f"{key} of the settings": "changed" for key in former.settings}
    for _, _, what, how in ranked:
        told.setdefault(what, "changed" if what in anew else how)  # a path may count in several ways
    return tuple(InputChange(what, how) for what, how in told.items())


def in_words(changes: Sequence[InputChange], most: int = SHOWN) -> str:
    """The first of them: `infra/app.py, infra/new.py (new), variable SIZE (gone) … and 2 more inputs`."""
    told = [each.what if each.how == "changed" else f"{each.what} ({each.how})" for each in changes[:most]]
    more = len(changes) - most
    return ", ".join(told) + (f" … and {more} more input{'s' if more > 1 else ''}" if more > 0 else "")


def because(changes: Sequence[InputChange]) -> str:
    """The first of them as the reason: `because infra/app.py changed, and 1 more`."""
    what, how = changes[0]
    others = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"because {what} {_BECAUSE[how]}{others}"


def unknown_here(revision: str) -> str:
    """What to say where this machine never had what is recorded, and how to find out; `revision` is what the stack
    records ("" or "-" for none)."""
    commit = commit_of(revision)
    how = f": git diff --stat {short_commit(commit)} shows it" if re.fullmatch("[0-9a-f]{40}", commit) else ""
    return f"which of them is not known on this machine{how}"


def input_name(name: str, app: str) -> str:
    """An input's name as people know it; paths from the top of the checkout. `app` is where the CDK app lies."""
    kind, _, rest = name.removeprefix("traced:").partition(":")
    if kind == "file" and not name.startswith("traced:"):
        return _declared_name(rest, app)
    if kind == "image":  # before its name stands a digest of what is built from where
        rest = rest.partition(":")[2]
    text = _WORDS.get(kind, "{}").format(rest.removeprefix("./") or ".")
    return text if rest or kind in _WORDS else name


def path_of(name: str, app: str) -> str:
    """The path that an input is of; "" for one that is of none."""
    kind = name.removeprefix("traced:").partition(":")[0]
    return "" if kind in _WORDS or _is_other(name) else input_name(name, app)


def _declared_name(rest: str, app: str) -> str:
    """`input:2:a.py`, one of cdk.inputs; `lock:infra/package-lock.json`; `~/.cdk.json`; else a path in the app."""
    kind, _, more = rest.partition(":")
    if kind == "lock" and more:
        return more
    if kind == "input" and re.match(r"\d+:", more):
        return f"{more.partition(':')[2]} (of cdk.inputs)"
    return rest if rest.startswith("~/") or app in ("", ".") else f"{app}/{rest}"


def _is_elsewhere(name: str) -> bool:
    path = name.removeprefix("traced:").partition(":")[2]
    return name.startswith("traced:") and path.startswith(("/", "~", "$TMPDIR"))


def _is_other(name: str) -> bool:
    return name in _HASHED_OTHERWISE or name.startswith(("impure:", TAKEN, IGNORED))


def _rank(name: str) -> int:
    kind = name.removeprefix("traced:").partition(":")[0]
    return 2 if kind in _LAST else int(kind in _WORDS)
