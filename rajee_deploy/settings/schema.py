"""The JSON Schema of the settings, made of their definition: editors complete and check by it. `init` writes it beside
the settings; for whoever points an editor at the package it lies here as schema.json, which a test compares:

python -m rajee_deploy.settings.schema rajee_deploy/settings/schema.json

Draft 4: the newest that TOML editors read (taplo, and what is built on it). It must never refuse what the reader takes:
what other keys, files or the environment decide is left to the reader.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.settings import keys
from rajee_deploy.settings.keys import CDK_KEYS, ENVIRONMENT_KEYS, FREE, IMAGE_KEYS, TOP_KEYS
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.settings.keys import Key

_TEXT = {"type": "string"}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    keys.STRING: _TEXT,
    keys.BOOLEAN: {"type": "boolean"},
    keys.NUMBER: {"type": "integer"},
    keys.STRINGS: {"type": "object", "additionalProperties": _TEXT},
    keys.LIST: {"type": "array"},
    keys.TABLE: {"type": "object"},
}
# Values of the app's own parameters: see `parameters`.
_GIVEN = {
    "anyOf": [
        _TEXT,
        {"type": "object", "properties": {"env": _TEXT}, "required": ["env"], "additionalProperties": False},
    ]
}
# What the tables hold that have no keys of ours, or those of another one.
_INSIDE: Mapping[str, Mapping[str, Any]] = {
    "cdk": {"$ref": "#/definitions/cdk"},
    "images": {"type": "object", "additionalProperties": {"$ref": "#/definitions/image"}},
    "environments": {"type": "object", "additionalProperties": {"$ref": "#/definitions/environment"}},
    "parameters": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _GIVEN}},
}


def schema() -> dict[str, Any]:
    """The schema of rajee-deploy.toml."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Settings of rajee-deploy",
        **_table(TOP_KEYS),
        "definitions": {
            "cdk": _table(CDK_KEYS),
            "environment": _table(ENVIRONMENT_KEYS),
            "image": _table(IMAGE_KEYS),
        },
    }


def _table(table: Mapping[str, Key]) -> dict[str, Any]:
    names = list(table)
    either = [[names[at - 1], name] for at, name in enumerate(names) if table[name].is_alternative]
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: _value(name, key) for name, key in table.items()},
        "additionalProperties": False,
    }
    return {**made, "not": {"anyOf": [{"required": both} for both in either]}} if either else made


def _value(name: str, key: Key) -> dict[str, Any]:
    inside = _INSIDE.get(name) if key.takes == keys.TABLE else None
    about = {"description": _description(name, key)} if key.lines else {}
    if inside is not None and "$ref" in inside:
        return dict(inside)  # draft 4 reads nothing that stands beside one
    return {**about, **(inside if inside is not None else _type(name, key))}


def _description(name: str, key: Key) -> str:
    """As in docs/settings.md."""
    return "\n".join(
        f"{name}{value}" + f"  # {' '.join(lines_of(comment))}" * bool(comment) for value, comment in key.lines
    )


def _type(name: str, key: Key) -> Mapping[str, Any]:
    match key.takes, key.among:
        case keys.STRING_OR_FALSE, tuple(texts):
            return {"enum": [False, *texts]}
        case keys.STRING_OR_LIST, _:
            return {"anyOf": [_TEXT, _list(name)]}
        case keys.LIST, _:
            return _list(name)
        case takes, range() as numbers:
            return {**_TYPES[takes], "minimum": numbers[0], "maximum": numbers[-1]}
        case takes, texts:
            return {**_TYPES[takes], "enum": list(texts)} if texts else _TYPES[takes]


def _list(name: str) -> dict[str, Any]:
    """See `list_problem`."""
    if name in FREE:
        return {"type": "array", "items": _TEXT}
    return {"type": "array", "items": {**_TEXT, "pattern": r"\S"}, "uniqueItems": True}


def text() -> str:
    """The file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
