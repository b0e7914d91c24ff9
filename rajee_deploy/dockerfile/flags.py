"""The `--flags` of instructions: which ones each takes, and their values.

Owns flag syntax only. Must never act on a flag: what one makes an instruction read is in `stage_reads`. Follows
BuildKit's frontend/dockerfile/instructions/bflag.go.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.golang import nearest


class FlagKind(Enum):
    """What a flag takes: nothing or a truth value, one text, or several texts (the flag may be repeated)."""

    SWITCH = "switch"
    TEXT = "text"
    LIST = "list"


_TRANSFER = {"chown": FlagKind.TEXT, "chmod": FlagKind.TEXT, "link": FlagKind.SWITCH, "exclude": FlagKind.LIST}
FLAGS: dict[str, dict[str, FlagKind]] = {
    "COPY": {**_TRANSFER, "from": FlagKind.TEXT, "parents": FlagKind.SWITCH},
    "ADD": {**_TRANSFER, "keep-git-dir": FlagKind.SWITCH, "checksum": FlagKind.TEXT, "unpack": FlagKind.SWITCH},
    "RUN": {"mount": FlagKind.LIST, "network": FlagKind.TEXT, "security": FlagKind.TEXT, "device": FlagKind.LIST},
    "FROM": {"platform": FlagKind.TEXT},
    "HEALTHCHECK": dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), FlagKind.TEXT),
}


class Flags(NamedTuple):
    """The flags that were given, by name. Switches are `true` or `false`."""

    texts: dict[str, str]
    lists: dict[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """The flag's value, empty where it was not given."""
        return self.texts.get(name, "")

    def list(self, name: str) -> tuple[str, ...]:
        """The flag's values in order."""
        return self.lists.get(name, ())

    def canonical(self, *without: str) -> dict[str, str | tuple[str, ...]]:
        """All that were given except those named, sorted: their order among each other means nothing."""
        given: dict[str, str | tuple[str, ...]] = {**self.texts, **self.lists}
        return {name: given[name] for name in sorted(given) if name not in without}


def read_flags(instruction: str, words: tuple[str, ...]) -> Flags:
    """The flags of an instruction. SyntaxProblemError for unknown, repeated or malformed ones."""
    known = FLAGS.get(instruction, {})
    texts: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for word in words:
        name, sign, value = word[2:].partition("=")
        if not word.startswith("--") or name not in known:
            raise SyntaxProblemError(_unknown(instruction, name if word.startswith("--") else word, known))
        if name in texts:
            raise SyntaxProblemError(f"{instruction} takes --{name} only once")
        if known[name] is FlagKind.SWITCH:
            texts[name] = _switch(name, value, given=bool(sign))
        elif not sign:
            raise SyntaxProblemError(f"--{name} needs a value: --{name}=…")
        elif known[name] is FlagKind.LIST:
            lists.setdefault(name, []).append(value)
        else:
            texts[name] = value
    return Flags(texts, {name: tuple(values) for name, values in lists.items()})


def _unknown(instruction: str, name: str, known: dict[str, FlagKind]) -> str:
    guess = nearest(name, list(known))
    return f"{instruction} knows no flag --{name}" + (f" (did you mean --{guess}?)" if guess else "")


def _switch(name: str, value: str, *, given: bool) -> str:
    if not given:
        return "true"
    if value.lower() not in ("true", "false"):
        raise SyntaxProblemError(f"--{name} is true or false, not {value!r}")
    return value.lower()
