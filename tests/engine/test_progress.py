"""BuildKit's raw progress, read line by line."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.engine.progress import Progress

STARTED, COMPLETED = "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:02.623456789Z"


def feed(*documents) -> tuple[list, Progress]:
    events: list = []
    progress = Progress(events.append)
    for document in documents:
        progress.line(document if isinstance(document, str) else json.dumps(document))
    return events, progress


def vertex(**fields):
    return {"vertexes": [{"digest": "d", "name": "[1/2] COPY a", **fields}]}


def test_a_step_begins_and_ends_once():
    begin, end = vertex(started=STARTED), vertex(started=STARTED, completed=COMPLETED)
    events, _ = feed(begin, begin, end, end)
    assert [(e.name, e.seconds, e.cached) for e in events] == [
        ("[1/2] COPY a", None, False),
        ("[1/2] COPY a", 2.5, False),
    ]


def test_documents_may_be_indented():
    document = json.dumps(vertex(started=STARTED, completed=COMPLETED), indent=2)
    events, progress = feed(*document.splitlines(), "ERROR: failed")
    assert [event.name for event in events] == ["[1/2] COPY a"]
    assert progress.failure() == "ERROR: failed"


def test_a_cached_step():
    events, _ = feed(vertex(started=STARTED, completed=STARTED, cached=True))
    assert [(e.seconds, e.cached) for e in events] == [(0.0, True)]


def test_internal_steps_are_left_out():
    events, _ = feed({"vertexes": [{"digest": "d", "name": "[internal] load .dockerignore", "started": STARTED}]})
    assert events == []


def test_of_an_internal_step_that_was_shown_while_it_moved_something_the_end_is_told():
    name = "[internal] load build context"
    moves = {"statuses": [{"vertex": "d", "id": "context", "current": 5}]}
    begun = {"vertexes": [{"digest": "d", "name": name, "started": STARTED}]}
    ended = {"vertexes": [{"digest": "d", "name": name, "started": STARTED, "completed": COMPLETED}]}
    events, _ = feed(begun, moves, begun, ended, ended)
    assert [(e.name, e.seconds, e.moved) for e in events] == [
        ("load build context", None, 5),
        ("load build context", 2.5, 0),
    ]


def test_a_failure_tells_step_output_and_words():
    log = {"logs": [{"vertex": "d", "data": base64.b64encode(b"make: no rule\n").decode()}]}
    _, progress = feed(
        log, vertex(started=STARTED, completed=COMPLETED, error="exit code: 2"), "Dockerfile:3", "ERROR: failed"
    )
    assert progress.failure().splitlines() == ["step: [1/2] COPY a", "make: no rule", "Dockerfile:3", "ERROR: failed"]


def test_steps_that_were_cancelled_are_not_the_failure():
    failed = vertex(started=STARTED, completed=COMPLETED, error="boom")
    other = {
        "vertexes": [
            {
                "digest": "e",
                "name": "[2/2] RUN x",
                "started": STARTED,
                "completed": COMPLETED,
                "error": "context canceled",
            }
        ]
    }
    _, progress = feed(failed, other)
    assert progress.failure().splitlines() == ["step: [1/2] COPY a", "boom"]


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "{}", '{"vertexes": null}', '{"logs": [{"vertex": "d"}]}', '{"logs": [{"data": "*"}]}']
)
def test_lines_that_say_nothing(line):
    events, _ = feed(line)
    assert events == []


@given(st.text())
def test_no_line_stops_it(line):
    feed(line)


LOADS = (
    "[internal] load build context",
    "[internal] load build definition from Dockerfile",
    "[context n] load from client",
)
FAILED = {"digest": "f", "name": "[2/2] RUN x", "started": STARTED, "completed": COMPLETED, "error": "exit code: 1"}


@pytest.mark.parametrize("name", LOADS)
@pytest.mark.parametrize(
    ("transfer", "in_order"),
    [
        ({"started": STARTED}, False),
        ({"started": STARTED, "completed": COMPLETED, "error": "context canceled"}, False),
        ({"started": STARTED, "completed": COMPLETED}, True),
    ],
)
def test_a_failure_in_order_is_one_after_all_transfers(name, transfer, in_order):
    moving = {"vertexes": [{"digest": "d", "name": name, "started": STARTED}]}
    _, progress = feed(moving, {"vertexes": [{"digest": "d", "name": name, **transfer}]}, {"vertexes": [FAILED]})
    assert progress.ended_in_order == in_order


def test_base_images_are_no_transfer():
    looked_up = {"digest": "d", "name": "[internal] load metadata for a", "started": STARTED, "error": "not found"}
    assert feed({"vertexes": [looked_up]})[1].ended_in_order


@pytest.mark.parametrize("told", [[], [{"digest": "d", "name": LOADS[0], "started": STARTED, "completed": COMPLETED}]])
def test_an_engine_that_is_lost_tells_nothing(told):
    """What it did after its last words nobody knows."""
    _, progress = feed({"vertexes": told}, "ERROR: failed to receive status: rpc error: code = Unavailable")
    assert not progress.ended_in_order
