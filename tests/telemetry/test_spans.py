"""OTLP's JSON, read as a collector does: by the schema that OpenTelemetry publishes."""

from __future__ import annotations

import base64
import json
from itertools import count
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ReadSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from rajee_deploy.telemetry.spans import TraceSpan, request_of
from rajee_deploy.telemetry.trace_parent import TraceParent

_IDS = {"traceId", "spanId", "parentSpanId"}
PARENT = TraceParent("ab" * 16, "cd" * 8, is_sampled=True, state="a=b")
ROOT = TraceSpan(
    "rajee-deploy up",
    1_700_000_000.25,
    1_700_000_010.5,
    {"text": "é", "many": ("a", "b"), "empty": "", "none": ()},
    (
        TraceSpan("build", 1_700_000_001.0, 1_700_000_002.0),
        TraceSpan(
            "deploy", 1_700_000_003.0, 1_700_000_009.0, {}, (TraceSpan("Service", 1_700_000_004.0, 1_700_000_003.0),)
        ),
    ),
    "deploy-failed",
)


def read(document: dict[str, Any]) -> ExportTraceServiceRequest:
    """Strictly: an unknown field is an error. Ids are hex in OTLP and base64 in protobuf's JSON."""

    def to_base64(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                k: base64.b64encode(bytes.fromhex(v)).decode() if k in _IDS else to_base64(v) for k, v in value.items()
            }
        return [to_base64(each) for each in value] if isinstance(value, list) else value

    return json_format.Parse(json.dumps(to_base64(document)), ExportTraceServiceRequest())


def spans(parent: TraceParent | None = None) -> list[ReadSpan]:
    numbers = count(1)
    made = request_of(ROOT, parent, {}, lambda size: next(numbers).to_bytes(size, "big"))
    return list(read(made).resource_spans[0].scope_spans[0].spans)


def test_a_collector_reads_the_tree():
    found = spans()
    names = {span.span_id: span.name for span in found}
    assert [(span.name, names.get(span.parent_span_id, "")) for span in found] == [
        ("rajee-deploy up", ""),
        ("build", "rajee-deploy up"),
        ("deploy", "rajee-deploy up"),
        ("Service", "deploy"),
    ]
    assert {span.trace_id for span in found} == {(1).to_bytes(16, "big")}
    assert len(names) == 4
    root = found[0]
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == (
        1_700_000_000_250_000_000,
        1_700_000_010_500_000_000,
    )
    assert (root.kind, root.status.code, root.status.message) == (
        ReadSpan.SPAN_KIND_INTERNAL,
        Status.STATUS_CODE_ERROR,
        "deploy-failed",
    )
    assert found[1].status == Status()
    assert found[3].end_time_unix_nano == found[3].start_time_unix_nano, "none ends before it begins"


def test_attributes_that_say_nothing_are_left_out():
    found = {each.key: each.value for each in spans()[0].attributes}
    assert set(found) == {"text", "many"}
    assert found["text"].string_value == "é"
    assert [each.string_value for each in found["many"].array_value.values] == ["a", "b"]


def test_below_a_parent():
    root, *rest = spans(PARENT)
    assert (root.parent_span_id.hex(), root.flags) == (PARENT.span_id, 0x301)
    assert {(span.trace_id.hex(), span.trace_state) for span in (root, *rest)} == {(PARENT.trace_id, "a=b")}
    assert {span.flags for span in rest} == {0x101}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"service.name": "rajee-deploy"}),
        ({"service.name": "mine", "team": "x"}, {"service.name": "mine", "team": "x"}),
    ],
)
def test_whose_spans_these_are(given, expected):
    made = request_of(ROOT, None, given, bytes)
    attributes = {each.key: each.value.string_value for each in read(made).resource_spans[0].resource.attributes}
    assert attributes.pop("service.version")
    assert attributes == expected
