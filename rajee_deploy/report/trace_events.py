"""Runs as a trace that Perfetto (ui.perfetto.dev) and chrome://tracing open: the Trace Event Format's JSON. Pure.

Each run is a process, and all begin at zero, in the order in which they were: what is days apart could not be compared
on one scale. A run's own slice and the phases that follow one another are one thread; a phase that overlaps another is
on the next one, since on a thread a slice within a slice is drawn as a part of it. Never decides which runs are shown.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rajee_deploy import __version__
from rajee_deploy.report.timings import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rajee_deploy.report.history import PastRun
    from rajee_deploy.report.timings import Phase

_MICROSECONDS = 1_000_000
_APART = 10  # threads have numbers of their own; one with its process's number is the main one for Perfetto


def trace(runs: Sequence[PastRun]) -> str:
    """The trace of these runs, which are oldest first."""
    events = [event for number, run in enumerate(runs, 1) for event in _of_run(_APART * number, run)]
    document = {
        "displayTimeUnit": "ms",
        "otherData": {"made by": f"rajee-deploy {__version__}", "runs": str(len(runs))},
        "traceEvents": events,
    }
    # Names as they are: Perfetto (v52) shows the escapes of JSON in a process's name.
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _of_run(process: int, run: PastRun) -> Iterator[dict[str, Any]]:
    lanes = lanes_of(run.phases)
    end = max([_ticks(run.seconds), *(tick for lane in lanes for _, _, tick in lane)])
    yield _named("process_name", process, process, name=_title(run))
    yield _named("process_sort_index", process, process, sort_index=process)
    yield _slice(process, process, f"{run.kind}, {run.outcome}", (0, end), _facts(run))
    for thread, lane in enumerate(lanes, process):
        yield _named("thread_name", process, thread, name="run" if thread == process else "at the same time")
        yield _named("thread_sort_index", process, thread, sort_index=thread)
        for phase, begin, stop in lane:
            yield _slice(process, thread, phase.name, (begin, stop), {"seconds": round(phase.seconds, 3)})


def lanes_of(phases: Iterable[Phase]) -> list[list[tuple[Phase, int, int]]]:
    """Phases side by side: on a lane none begins before the former has ended. Their edges are in microseconds."""
    lanes: list[list[tuple[Phase, int, int]]] = []
    for phase in sorted(phases, key=lambda each: (each.start, -each.seconds)):
        begin, stop = _ticks(phase.start), _ticks(phase.start + max(0.0, phase.seconds))
        free = next((lane for lane in lanes if lane[-1][2] <= begin), None)
        if free is None:
            free = []
            lanes.append(free)
        free.append((phase, begin, stop))
    return lanes


def _slice(process: int, thread: int, name: str, edges: tuple[int, int], facts: dict[str, Any]) -> dict[str, Any]:
    """A complete event. Whole numbers: neighbours must not overlap by what rounding leaves."""
    begin, stop = edges
    kind = "phase" if "kind" not in facts else "run"
    place = {"pid": process, "tid": thread, "ts": begin, "dur": stop - begin}
    return {"ph": "X", "cat": kind, "name": _text(name), **place, "args": facts}


def _named(what: str, process: int, thread: int, **facts: Any) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": process, "tid": thread, "args": facts}


def _title(run: PastRun) -> str:
    """What tells runs apart in a list of them, where the middle of a name is cut out."""
    at = datetime.fromisoformat(run.at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = (at, run.environment, run.kind, duration(max(0.0, run.seconds)))
    return _text(" ".join(part for part in parts if part))


def _facts(run: PastRun) -> dict[str, Any]:
    """What is shown beside a run that is chosen; the project by its name alone, as the page has it."""
    facts = {
        "kind": run.kind,
        "outcome": run.outcome,
        "error": run.error,
        "cause": run.cause,
        "reason": run.reason,
        "revision": run.revision,
        "environment": run.environment,
        "project": PurePath(run.project).name,
        "at": run.at,
        "built": ", ".join(run.built),
        "deployed": ", ".join(run.deployed),
        **{f"tag of {image}": tag for image, tag in run.tags.items()},
    }
    return {_text(name): _text(value) for name, value in facts.items() if value}


def _ticks(seconds: float) -> int:
    return max(0, round(seconds * _MICROSECONDS))


def _text(text: str) -> str:
    """Without halves of characters, which readers of JSON refuse."""
    return text.encode("utf-8", "replace").decode()
