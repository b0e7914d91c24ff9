"""An answer of AWS as botocore's model describes it: every value of its type, and a key that is missing an answer too.

botocore's parsers hand on what came: a number where the model says text, an endless float, half a character. And a
record without a part that somebody needs would be a KeyError somewhere else. So every answer passes here once, and
whoever reads one may index it.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws.errors import unknown

if TYPE_CHECKING:
    from botocore.model import Shape

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
    "list": list,
    "map": dict,
    "structure": dict,
}
_OWN = "ResponseMetadata"
_MOST = 1 << 63
_YEARS = range(1970, 9999)  # those that every time zone has


class MisshapenError(ValueError):
    """The answer is not what its model says."""


class Answered(dict[str, Any]):
    """A structure of an answer. Who asks for a part that it lacks gets DeployError `unknown-answer`."""

    __slots__ = ("asked",)

    def __init__(self, asked: str, parts: dict[str, Any]) -> None:
        super().__init__(parts)
        self.asked = asked

    def __missing__(self, key: str) -> Any:
        raise unknown(self.asked, f"a part of the answer lacks {key}")


def with_shape(asked: str, answer: Any, shape: Shape | None) -> Any:
    """The answer to a call (named as IAM does) with its structures as Answered. MisshapenError."""
    if shape is None:
        return answer
    kind = shape.type_name
    # boto3 parses a template that is JSON, where its model says text (botocore.handlers.json_decode_template_body).
    if shape.name == "TemplateBody" and isinstance(answer, dict):
        return answer
    parts: Any = answer
    if not isinstance(answer, _TYPES[kind]) or (isinstance(answer, bool) and kind != "boolean"):
        raise MisshapenError(f"{shape.name} is no {kind}")
    if kind == "structure":
        known: dict[str, Shape] = shape.members  # type: ignore[attr-defined] # of its subclass
        # What the model does not know, botocore leaves out, but for its own word on the call.
        kept = {name: value for name, value in parts.items() if value is not None and (name in known or name == _OWN)}
        return Answered(asked, {name: with_shape(asked, value, known.get(name)) for name, value in kept.items()})
    if kind == "list":
        return [with_shape(asked, value, shape.member) for value in parts]  # type: ignore[attr-defined] # of its subclass
    if kind == "map":
        return {name: with_shape(asked, value, shape.value) for name, value in parts.items()}  # type: ignore[attr-defined] # of its subclass
    if not _is_usable(answer):
        raise MisshapenError(f"{shape.name} is out of all bounds")
    return answer


def _is_usable(value: Any) -> bool:
    """Whether it can be written, counted with, and moved to another time zone."""
    match value:
        case str():
            return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
        case bool() | bytes():
            return True
        case int():
            return abs(value) < _MOST
        case float():
            return math.isfinite(value)
        case _:
            return value.year in _YEARS
