"""`RUN --mount=…`: the fields of a mount and what they ask for.

Owns the syntax and the rules of one mount. Must never know stages or build contexts. Follows BuildKit's
frontend/dockerfile/instructions/commands_runmount.go (commit 73ed6825c4b7).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.golang import nearest, parse_bool

if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_SHARING = ("shared", "private", "locked")
_KEYS = (
    "type",
    "from",
    "source",
    "target",
    "readonly",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "src",
    "dst",
    "destination",
    "ro",
    "rw",
    "readwrite",
    "env",
)
_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_SIZE = r"(?i)[0-9]+(?:\.[0-9]+)?\s?(?:[kmgtp]i?)?b?\Z"
_MAX_ID = 2**32 - 1

_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)')


class Mount(NamedTuple):
    """One mount, expanded. `origin` is what stands behind `from=`, empty for the main build context."""

    kind: str = "bind"
    origin: str = ""
    source: str = ""
    target: str = ""
    identifier: str = ""

    @property
    def secret(self) -> str | None:
        """`secret:id` or `ssh:id`; None for other mounts."""
        if self.kind == "secret":
            return f"secret:{self.source or self.identifier or posixpath.basename(self.target.rstrip('/'))}"
        return f"ssh:{self.identifier or 'default'}" if self.kind == "ssh" else None


def fields_of(text: str) -> tuple[str, ...]:
    """The fields of one CSV record. SyntaxProblemError for misplaced quotes."""
    fields = []
    position = 0
    while True:
        field, position = _field(text, position)
        fields.append(field)
        if position >= len(text):
            return tuple(fields)
        position += 1  # the comma; a trailing one opens an empty field
        if position == len(text):
            return (*fields, "")


def _field(text: str, position: int) -> tuple[str, int]:
    if not text.startswith('"', position):
        end = text.find(",", position)
        end = len(text) if end < 0 else end
        if '"' in text[position:end]:
            raise SyntaxProblemError(f"a field of the mount has a quote in the middle: {text[position:end]!r}")
        return text[position:end], end
    found = _QUOTED.match(text, position)
    if not found:
        raise SyntaxProblemError(f"a quoted field of the mount has no end: {text[position:]!r}")
    return found[1].replace('""', '"'), found.end()


def static_origin(text: str) -> str:
    """The `from=` of a mount as written: stages are found by it before anything is expanded."""
    origin = ""
    for field in fields_of(text):
        key, sign, value = field.partition("=")
        if sign and key.lower() == "from":
            origin = value
    return origin


def check_static(text: str) -> None:
    """What BuildKit refuses in every stage, reachable or not. SyntaxProblemError."""
    for field in fields_of(text):
        key, _, value = field.partition("=")
        if key.lower() == "from" and re.search(r"\$.", value):
            raise SyntaxProblemError(
                "'from' of a mount does not expand variables; define a stage with FROM using ARG from global scope"
            )


def source_as_written(text: str) -> str:
    """The source of a mount before expansion; `/` where there is none."""
    return _as_written(text, "source", "src") or "/"


def type_as_written(text: str) -> str:
    """The type of a mount before expansion; "" where there is none."""
    return _as_written(text, "type")


def _as_written(text: str, *keys: str) -> str:
    found = ""
    for field in fields_of(text):
        key, _, value = field.partition("=")
        if key.lower() in keys:
            found = value
    return found


def read_mount(text: str, expand: Callable[[str], str]) -> Mount:
    """The mount that a flag asks for. SyntaxProblemError where BuildKit refuses it; expand's errors pass."""
    values: dict[str, str] = {}
    kind = "bind"
    for field in fields_of(text):
        written, sign, value = field.partition("=")
        key = written.lower()
        key = _ALIASES.get(key, key)
        if not sign:
            if key not in ("readonly", "readwrite", "required"):
                raise SyntaxProblemError(f"invalid field {field!r} of a mount: it must be a key=value pair")
            value = "true"
        elif key not in _KEYS:
            guess = nearest(key, _KEYS)
            hint = f" (did you mean {guess}?)" if guess else ""
            raise SyntaxProblemError(f"unexpected key {written!r} in the mount field {field!r}{hint}")
        else:
            value = expand(value)
        _check(key, value, kind)
        if key == "type":
            kind = value.lower()
        values[key] = value
    _check_together(kind, values)
    return Mount(kind, values.get("from", ""), values.get("source", ""), values.get("target", ""), values.get("id", ""))


def _check(key: str, value: str, kind: str) -> None:
    if key == "type" and value.lower() not in TYPES:
        guess = nearest(value, TYPES)
        raise SyntaxProblemError(f"unsupported mount type {value!r}" + (f" (did you mean {guess}?)" if guess else ""))
    if (key == "required" and kind not in ("secret", "ssh")) or (key == "size" and kind != "tmpfs"):
        raise SyntaxProblemError(f"unexpected key {key!r} for mount type {kind!r}")
    wrong = (
        (key in ("readonly", "readwrite", "required") and parse_bool(value) is None)
        or (key == "size" and not re.match(_SIZE, value))
        or (key == "sharing" and value.lower() not in _SHARING)
        or (key == "mode" and not _is_number(value, 8))
        or (key in ("uid", "gid") and not _is_number(value, 10))
    )
    if wrong:
        raise SyntaxProblemError(f"invalid value for {key} of a mount: {value!r}")


def _is_number(text: str, base: int) -> bool:
    digits = "[0-7]{1,20}" if base == 8 else "[0-9]{1,20}"  # noqa: PLR2004 -- octal
    return bool(re.fullmatch(digits, text)) and int(text, base) <= _MAX_ID


def _check_together(kind: str, values: dict[str, str]) -> None:
    for key in ("mode", "uid", "gid"):
        if key in values and kind not in ("secret", "ssh", "cache"):
            raise SyntaxProblemError(f"{key} is not allowed for mounts of type {kind!r}")
    if values.get("sharing") and kind != "cache":
        raise SyntaxProblemError(f"sharing is not allowed for mounts of type {kind!r}")
    if kind == "secret":
        if values.get("from"):
            raise SyntaxProblemError("a secret mount should not have a from")
        if not (values.get("source") or values.get("target") or values.get("id")):
            raise SyntaxProblemError("a secret mount needs an id, a source or a target")
        if values.get("source") and values.get("id"):
            raise SyntaxProblemError("a secret mount has an id or a source, not both")
    if kind == "ssh" and values.get("source"):
        raise SyntaxProblemError("an ssh mount has no source")
    if (
        kind in ("bind", "cache", "tmpfs")
        and "target" in values
        and not values["target"].strip("/")
        and values["target"]
    ):
        raise SyntaxProblemError(f"invalid mount target {values['target']!r}")
