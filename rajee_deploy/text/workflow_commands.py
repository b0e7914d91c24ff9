"""Lines by which a step of GitHub Actions tells its service something, whatever the texts in them say.

Escapes as the runner reads them: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts. It writes
nothing; what is written goes past the guard of `system.streams`, so nothing else may be (see `write_command` there).
"""

from __future__ import annotations

_OF_A_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_OF_A_PROPERTY = {**_OF_A_MESSAGE, ":": "%3A", ",": "%2C"}


def workflow_command(name: str, message: str = "", **properties: str) -> str:
    """One line. `name` and the names of properties are ours; a property of "" is left out."""
    given = ",".join(f"{key}={_escape(value, _OF_A_PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{_escape(message, _OF_A_MESSAGE)}"


def _escape(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(sign, sign) for sign in text)
