"""A run that has ended, as spans for the collector that the environment names. Nobody comes here where none is named.

It must never change how a run ends: whatever is amiss is a warning.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rajee_deploy.console import hide, without_secrets
from rajee_deploy.model.revision import commit_of, is_dirty
from rajee_deploy.telemetry.collector import send
from rajee_deploy.telemetry.spans import NAME, TraceSpan, request_of
from rajee_deploy.telemetry.trace_parent import parse
from rajee_deploy.telemetry.variables import read_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.watch import TimeSpent
    from rajee_deploy.report.history import PastRun
    from rajee_deploy.rollout.spans import Span
    from rajee_deploy.telemetry.trace_parent import TraceParent

_BY_AWS = {"rajee_deploy.clock": "AWS"}  # another than the one of the spans around
# https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/: what kept a task from its end is an error, not a failure
_RESULTS = {"done": "success", "accepted": "success", "interrupted": "cancellation"}
_OWN_FAULTS = ("bug", "machine")


def send_trace(run: CurrentRun, record: PastRun, verb: str) -> None:
    """Tell the collector; what keeps it from being told is a warning."""
    found = read_variables(os.environ)
    _hide(found.receiver.headers.values() if found.receiver else ())
    for name, problem in found.problems:
        run.console.warn("", f"{name} is left out: {problem}", "telemetry-variable")
    if found.receiver is None:
        run.console.warn("", f"no spans are sent: {found.refusal}", "traces-not-sent")
        return
    parent = _parent(run)
    if parent is not None and not parent.is_sampled:
        return  # whoever began the trace does not keep it
    root = spans_of(run, record, verb, time.time())
    body = _encode(request_of(root, parent, found.resource, os.urandom))
    try:
        problem = send(found.receiver, body)
    except KeyboardInterrupt:
        problem = "it was not waited for"  # how the run ended is known, and stays so
    if problem:
        run.console.warn("", f"spans did not arrive at {found.receiver.name}: {problem}", "traces-not-sent")


def spans_of(run: CurrentRun, record: PastRun, verb: str, now: float) -> TraceSpan:
    """The run with its phases, and the deployments in these with what AWS said of their resources and services."""
    begin = now - run.timings.total
    phases = [TraceSpan(each.name, begin + each.start, begin + each.start + each.seconds) for each in record.phases]
    last = {each.name: number for number, each in enumerate(phases)}
    loose: list[TraceSpan] = []
    for stack, spent in run.times_spent.items():
        parts = tuple(_deployment(spent))
        number = last.get(f"deploy {stack}")
        if number is None:
            loose += parts
        else:
            each = phases[number]
            phases[number] = TraceSpan(each.name, each.begin, each.end, each.attributes, (*each.parts, *parts))
    facts = _facts(record, verb)
    error = "" if _result(record) == "success" else record.error or record.outcome
    return TraceSpan(f"{NAME} {verb}", begin, begin + record.seconds, facts, (*phases, *loose), error)


def _deployment(spent: TimeSpent) -> Iterable[TraceSpan]:
    yield from map(_by_aws, spent.resources)
    for service, spans in spent.phases.items():
        parts = tuple(map(_by_aws, spans))
        begin, end = min(each.begin for each in parts), max(each.end for each in parts)
        yield TraceSpan(f"rollout of {service}", begin, end, _BY_AWS, parts)


def _by_aws(span: Span) -> TraceSpan:
    return TraceSpan(span.name, span.start, span.start + span.seconds, _BY_AWS)


def _facts(record: PastRun, verb: str) -> Mapping[str, str | tuple[str, ...]]:
    result = _result(record)
    return {
        "cicd.pipeline.task.name": f"{NAME} {verb}",
        "cicd.pipeline.task.type": "deploy",
        "cicd.pipeline.task.run.result": result,
        "deployment.environment.name": record.environment,
        "vcs.ref.head.revision": commit_of(record.revision),
        "rajee_deploy.dirty": "true" if is_dirty(record.revision) else "",
        "error.type": "" if result == "success" else record.error or record.outcome,
        "rajee_deploy.kind": record.kind,
        "rajee_deploy.outcome": record.outcome,
        "rajee_deploy.project": PurePath(record.project).name,
        "rajee_deploy.run.id": record.id,
        "rajee_deploy.images.built": record.built,
        "rajee_deploy.stacks.deployed": record.deployed,
        "rajee_deploy.images": tuple(f"{name}:{tag}" for name, tag in record.tags.items()),
    }


def _result(record: PastRun) -> str:
    return _RESULTS.get(record.outcome, "error" if record.error in _OWN_FAULTS else "failure")


def _parent(run: CurrentRun) -> TraceParent | None:
    try:
        return parse(os.environ)
    except ValueError as error:
        run.console.warn("", f"TRACEPARENT is left out: {error}", "telemetry-variable")
        return None


def _hide(values: Iterable[str]) -> None:
    """Keep what headers say out of all that is said: whole, and without the word in front (Bearer)."""
    secrets = {part for value in values for part in (value, value.rpartition(" ")[2])}
    if secrets:
        hide(secrets)


def _encode(document: dict[str, Any]) -> bytes:
    """Without halves of characters, which no receiver takes: names of files and of AWS may have any."""
    text = json.dumps(without_secrets(document), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
