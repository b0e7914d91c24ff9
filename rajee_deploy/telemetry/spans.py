"""A run as spans within spans, and these as OTLP's JSON. Pure.

Ids are hex, kinds and states numbers, and times decimal texts there, unlike in protobuf's own JSON:
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from rajee_deploy import __version__
from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.telemetry.trace_parent import TraceParent

NAME = "rajee-deploy"
_INTERNAL = 1  # SPAN_KIND_INTERNAL
_ERROR = 2  # STATUS_CODE_ERROR
_SAMPLED, _KNOWN_WHERE, _IS_REMOTE = 0x01, 0x100, 0x200  # flags of a span: the last two say where its parent was
_MILLION = 1_000_000  # a double knows no more of today than its microseconds


@dataclass(frozen=True, slots=True)
class TraceSpan:
    """A piece of time, with edges in seconds since the epoch, and its parts. `error` is the code that ended it."""

    name: str
    begin: float
    end: float
    attributes: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[TraceSpan, ...] = ()
    error: str = ""


def request_of(
    root: TraceSpan, parent: TraceParent | None, resource: Mapping[str, str], random: Callable[[int], bytes]
) -> dict[str, Any]:
    """An ExportTraceServiceRequest. The root is below the given parent, in its trace; `random` makes ids."""
    trace = {"traceId": parent.trace_id if parent else random(16).hex()}
    if parent and parent.state:
        trace["traceState"] = parent.state
    spans = list(_flat(root, parent.span_id if parent else "", random))
    flags = _SAMPLED | _KNOWN_WHERE
    documents = [{**trace, **each, "flags": flags} for each in spans]
    if parent:
        documents[0]["flags"] = flags | _IS_REMOTE
    whose = {"service.name": NAME, "service.version": __version__, **resource}
    scope = {"name": NAME, "version": __version__}
    scopes = [{"scope": scope, "spans": documents}]
    return {"resourceSpans": [{"resource": {"attributes": _attributes(whose)}, "scopeSpans": scopes}]}


def _flat(span: TraceSpan, above: str, random: Callable[[int], bytes]) -> Iterator[dict[str, Any]]:
    own = random(8).hex()
    yield {
        "spanId": own,
        **({"parentSpanId": above} if above else {}),
        "name": span.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanoseconds(span.begin),
        "endTimeUnixNano": _nanoseconds(max(span.begin, span.end)),
        "attributes": _attributes(span.attributes),
        "status": {"code": _ERROR, "message": span.error} if span.error else {},
    }
    for part in span.parts:
        yield from _flat(part, own, random)


def _attributes(values: Mapping[str, str | tuple[str, ...]]) -> list[dict[str, Any]]:
    """Without those that say nothing."""
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value]


def _value(value: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [{"stringValue": each} for each in value]}}


def _nanoseconds(seconds: float) -> str:
    return str(max(0, round(seconds * _MILLION)) * 1000)
