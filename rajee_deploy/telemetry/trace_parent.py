"""The span that a run is a part of, as whoever started us says it: the variables TRACEPARENT and TRACESTATE. Pure.

https://www.w3.org/TR/trace-context/#traceparent-header, and for the variables
https://opentelemetry.io/docs/specs/otel/context/env-carriers/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a later version adds stands behind another hyphen; of this one nothing follows.
_FORM = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(-.*)?"
)
_SAMPLED = 1
_NO_VERSION = "ff"
_LONGEST_STATE = 512


@dataclass(frozen=True, slots=True)
class TraceParent:
    """Ids in lower-case hex. `is_sampled`: whether whoever made the span keeps it."""

    trace_id: str
    span_id: str
    is_sampled: bool
    state: str = ""


def parse(variables: Mapping[str, str]) -> TraceParent | None:
    """The given parent, None for none. ValueError where TRACEPARENT is malformed, with what is wrong."""
    text = variables.get("TRACEPARENT", "").strip()
    if not text:
        return None
    found = _FORM.fullmatch(text)
    if found is None or found["version"] == _NO_VERSION or (found["version"] == "00" and found[5]):
        raise ValueError("it has to be like 00-<32 hex digits>-<16 hex digits>-01")
    if not int(found["trace"], 16) or not int(found["span"], 16):
        raise ValueError("an id of zeros is none")
    state = variables.get("TRACESTATE", "").strip()
    is_state = len(state) <= _LONGEST_STATE and state.isascii() and state.isprintable()
    is_sampled = bool(int(found["flags"], 16) & _SAMPLED)
    return TraceParent(found["trace"], found["span"], is_sampled, state if is_state else "")
