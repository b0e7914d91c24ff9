"""The collector of OpenTelemetry's that the environment names: it gets the spans of a run once its verdict is known.

One POST of OTLP/JSON, written directly: the SDK would cost a tenth of a second in each run. It must never fail a run,
nor hold one up for longer than `collector.MOST_SECONDS`. Where no collector is named nothing of this is imported but
this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT, TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


def is_wanted(variables: Mapping[str, str]) -> bool:
    """Whether a collector is named, and nobody has switched it off."""
    if not (variables.get(ENDPOINT) or variables.get(TRACES_ENDPOINT)):
        return False
    is_off = variables.get("OTEL_SDK_DISABLED", "").lower() == "true"
    exporters = variables.get("OTEL_TRACES_EXPORTER", "").lower().split(",")
    return not is_off and any(each.strip() in {"", "otlp"} for each in exporters)
