"""Whether a NoEcho parameter still has the value that this machine deployed: told by a keyed digest, since
CloudFormation shows no such value.

Owns one small file of this user, readable for him alone: a random key, and by stack the digests of its last confirmed
deployment from here, with the moment at which CloudFormation began it. They say something only while the stack was not
updated since by anybody, and for that very stack, not for one of the same name. No digest leaves this machine. A file
that is lost or torn costs a comparison by CloudFormation, and never a value.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import DOCUMENT, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.plan.state import StackPresent

NAME = "secret-values.json"
SCHEMA = "rajee-deploy.secret-values/1"
KEPT = 200  # stacks
_KEY_BYTES = 32


class SecretValues(Protocol):
    """What is remembered of values that CloudFormation hides."""

    def compare(self, state: StackPresent, values: Mapping[str, str]) -> dict[str, bool]:
        """Whether each value is the deployed one; names of which that is not known are left out."""
        ...

    def knows(self, state: StackPresent) -> bool:
        """Whether any value is known of the stack as it is."""
        ...

    def keep(self, state: StackPresent, values: Mapping[str, str], before: StackPresent | None = None) -> None:
        """Remember that these are the values of a stack whose deployment was confirmed, and that what else was known of
        it `before` stayed. OSError."""
        ...


class LocalSecretValues:
    """In the state directory `place`."""

    def __init__(self, place: Path) -> None:
        self._path = place / NAME

    def compare(self, state: StackPresent, values: Mapping[str, str]) -> dict[str, bool]:
        """See SecretValues."""
        import hmac  # where there are secrets alone

        document = self._read()
        digests = _known_digests(document, state)
        if not digests:
            return {}
        key = bytes.fromhex(document["key"])
        return {
            name: hmac.compare_digest(digests[name], _digest(key, state, name, value))
            for name, value in values.items()
            if name in digests
        }

    def knows(self, state: StackPresent) -> bool:
        """See SecretValues."""
        return bool(_known_digests(self._read(), state))

    def keep(self, state: StackPresent, values: Mapping[str, str], before: StackPresent | None = None) -> None:
        """See SecretValues."""
        document = self._read()
        key = document.get("key") or os.urandom(_KEY_BYTES).hex()
        stacks = {name: told for name, told in document.get("stacks", {}).items() if name != state.identifier}
        is_same = before is not None and before.identifier == state.identifier
        stayed = _known_digests(document, before) if before is not None and is_same else {}
        if not _is_told(state) or not (values or stayed):
            return
        given = {name: _digest(bytes.fromhex(key), state, name, value) for name, value in values.items()}
        digests = {**stayed, **given}
        stacks[state.identifier] = {"since": state.since, "values": digests}
        newest = dict(list(stacks.items())[-KEPT:])
        make_place(self._path.parent, NAME)
        text = json.dumps({"schema": SCHEMA, "key": key, "stacks": newest})
        write_atomically(self._path, text.encode(), private=True)

    def _read(self) -> dict[str, Any]:
        try:
            document = read_json(self._path, DOCUMENT)
            is_ours = document["schema"] == SCHEMA and len(bytes.fromhex(document["key"])) == _KEY_BYTES
            stacks = [(told["since"], *told["values"].values()) for told in document["stacks"].values()]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
        is_sound = is_ours and all(isinstance(text, str) for told in stacks for text in told)
        return dict(document) if is_sound else {}


def _is_told(state: StackPresent) -> bool:
    """Whether CloudFormation said which stack it is, and when it was changed last."""
    return bool(state.identifier and state.since)


def _known_digests(document: Mapping[str, Any], state: StackPresent) -> dict[str, str]:
    """The digests of a stack that nobody updated since they were taken, by parameter."""
    found = document.get("stacks", {}).get(state.identifier)
    return dict(found["values"]) if found and _is_told(state) and found["since"] == state.since else {}


def _digest(key: bytes, state: StackPresent, name: str, value: str) -> str:
    import hmac

    told = json.dumps([state.identifier, name, value])
    return hmac.new(key, told.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
