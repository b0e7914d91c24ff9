"""Build secrets: that their sources are there, and that their values stay out of what is said.

The values are read only to be kept out of messages; the engine reads them by itself. They are never arguments.
The values of build arguments stay out of it, too: engines show instructions with the values put in, and people do pass
what nobody else should read (a proxy with its password is one). They are shown by their names, as in the Dockerfile.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.system.regular_files import read_text
from rajee_deploy.text.hiding import hider_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rajee_deploy.engine import BuildEvent
    from rajee_deploy.settings.build_settings import Secret


def secret_flags(secrets: Sequence[Secret]) -> list[str]:
    """The engine's flags, which name ids and sources."""
    return [
        f"--secret=id={secret.id},{f'env={secret.variable}' if secret.variable else f'src={secret.path}'}"
        for secret in secrets
    ]


# The image of the frontend, which the lock pins: no secret, and what an error must name.
_FRONTEND = "BUILDKIT_SYNTAX"


class Redactor:
    """Takes the values of secrets and of build arguments out of text. DeployError `secret-missing` when a secret has no
    source."""

    def __init__(self, secrets: Sequence[Secret], build_args: Mapping[str, str] | None = None) -> None:
        args = sorted((build_args or {}).items())
        named = [(form, f"${name}") for name, value in args if name != _FRONTEND for form in _forms(value)]
        self._hide = hider_of((_value(secret) for secret in secrets), named)

    def __call__(self, text: str) -> str:
        return self._hide(text)

    def events(self, on_event: Callable[[BuildEvent], None]) -> Callable[[BuildEvent], None]:
        """What hands events on without the values."""
        return lambda event: on_event(replace(event, name=self(event.name)))


def _forms(value: str) -> tuple[str, ...]:
    """A value as it is, and as it stands in a Dockerfile in plain words: in double quotes, and in a JSON array."""
    quoted = re.sub(r'[\\"$]', r"\\\g<0>", value)
    return value, quoted, json.dumps(re.sub(r"[\\'\"$]", r"\\\g<0>", value), ensure_ascii=False)[1:-1]


def find_missing(secrets: Sequence[Secret]) -> Iterator[DeployError]:
    """`secret-missing` for each that has no source."""
    for secret in secrets:
        try:
            _value(secret)
        except DeployError as error:
            yield error


def _value(secret: Secret) -> str:
    if secret.variable:
        value = os.environ.get(secret.variable)
        if value is None:
            raise DeployError(
                "secret-missing",
                f"the secret {secret.id} is not there: {secret.variable} is not set",
                where=f"secrets.{secret.id}",
                hint=f"export {secret.variable}, then run again",
            )
        return value
    try:
        return read_text(secret.path, errors="replace")
    except OSError as error:
        raise DeployError(
            "secret-missing",
            f"the secret {secret.id} is not there",
            where=secret.path,
            cause=error.strerror or str(error),
            hint=f"make the file, or change secrets.{secret.id} in the settings",
        ) from error
