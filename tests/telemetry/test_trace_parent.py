"""TRACEPARENT and TRACESTATE, as the W3C has them."""

from __future__ import annotations

import pytest

from rajee_deploy.telemetry.trace_parent import TraceParent, parse

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("text", "is_sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f" 00-{TRACE}-{SPAN}-01\n", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-02", False),  # a flag of later versions
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", True),
    ],
)
def test_a_parent(text, is_sampled):
    assert parse({"TRACEPARENT": text}) == TraceParent(TRACE, SPAN, is_sampled)


@pytest.mark.parametrize("variables", [{}, {"TRACEPARENT": ""}, {"TRACESTATE": "a=b"}])
def test_none(variables):
    assert parse(variables) is None


@pytest.mark.parametrize(
    "text",
    [
        "x",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-0x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_malformed(text):
    with pytest.raises(ValueError, match=r"it has to be like|an id of zeros"):
        parse({"TRACEPARENT": text})


@pytest.mark.parametrize(
    ("state", "kept"), [(" a=b,c=d ", "a=b,c=d"), ("", ""), ("a=\x00", ""), ("a=é", ""), ("a" * 513, "")]
)
def test_the_state_goes_along_where_it_is_one(state, kept):
    found = parse({"TRACEPARENT": f"00-{TRACE}-{SPAN}-01", "TRACESTATE": state})
    assert found is not None
    assert found.state == kept
