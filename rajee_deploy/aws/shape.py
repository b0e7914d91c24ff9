"""Whether an answer is what AWS's own description of the call says, part by part. Pure.

botocore's parsers take JSON as it comes: a number where a text should be, a text that no encoding has, a moment that no
clock shows. Everything that reads an answer stands on this check, so that what somebody between us and AWS sends is
never our own failure. It takes more than AWS would say and nothing that its readers could stumble over.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Records that are none without these: the descriptions leave every part of an answer out of what is required.
NEEDED = {
    "Parameter": ("ParameterKey",), "Output": ("OutputKey",), "StackEvent": ("EventId", "Timestamp"),
    "StackResourceSummary": ("LogicalResourceId", "ResourceType"), "Deployment": ("id", "status"),
    "ServiceDeploymentBrief": ("createdAt",), "ServiceEvent": ("id", "createdAt", "message"), "TaskSet": ("id",),
    "TargetHealthDescription": ("TargetHealth",), "TargetHealth": ("State",),
}  # fmt: skip
_KEYED = ("cloudformation", "Tag", "Key")  # other services' tags are of another shape
# boto3 gives a template as what its JSON says; whoever reads one looks for himself.
_FREE = ("TemplateBody",)


def problem(service: str, answer: Any, shape: Any, place: str = "answer") -> str:
    """What is wrong with an answer to `service`, whose description is `shape`: the first part that is not as it should
    be, without its value, which may be a secret. "" for a good one."""
    return next(_problems(service, answer, shape, place), "")


def _problems(service: str, value: Any, shape: Any, place: str) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            needed = NEEDED.get(shape.name, ()) if shape.members.keys() >= set(NEEDED.get(shape.name, ())) else ()
            if (service, shape.name) == _KEYED[:2]:
                needed = _KEYED[2:]
            yield from (f"{place} lacks {name}" for name in needed if name not in value)
            for name in value.keys() & shape.members.keys():
                if shape.members[name].name not in _FREE:
                    yield from _problems(service, value[name], shape.members[name], f"{place}.{name}")
        case "list" if isinstance(value, list):
            for number, each in enumerate(value):
                yield from _problems(service, each, shape.member, f"{place}[{number}]")
        case "map" if isinstance(value, dict):
            for key, each in value.items():
                yield from _problems(service, key, shape.key, f"a key of {place}")
                yield from _problems(service, each, shape.value, f"a value of {place}")
        case kind if not _is_scalar(kind, value):
            yield f"{place} is no {kind}"


def _is_scalar(kind: str, value: Any) -> bool:
    match kind:
        case "string" | "character":
            return isinstance(value, str) and _is_unicode(value)
        case "boolean":
            return isinstance(value, bool)
        case "integer" | "long" | "float" | "double":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case "timestamp":
            return isinstance(value, datetime) and _is_on_clocks(value)
        case "structure" | "list" | "map":
            return False
        case _:
            return True  # bytes, and what nobody here reads


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, as JSON can write it
        return False
    return True


def _is_on_clocks(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError, OSError):  # the first and the last day of the calendar
        return False
    return True
