"""A run's spans at a collector: what they say, and that no collector changes how a run ends."""

from __future__ import annotations

import json
import os
import signal
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from collectors import Collector
from run_worlds import World

from rajee_deploy.actions.history import keep, record_of
from rajee_deploy.actions.send_trace import spans_of
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.actions.watch import TimeSpent
from rajee_deploy.errors import DeployError
from rajee_deploy.report.history import History, PastRun
from rajee_deploy.report.timings import Phase
from rajee_deploy.rollout.spans import Span

TRACE, PARENT = "ab" * 16, "cd" * 8
RECORD = PastRun(
    "2026-01-01T00:00:00+00:00",
    "/home/me/app",
    "prod",
    "code",
    "done",
    10.0,
    ("app",),
    ("App",),
    {"app": "c-1"},
    (Phase("start", 0.0, 0.5), Phase("deploy App", 1.0, 8.0)),
)


@pytest.fixture
def world(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("OTEL_", "TRACE")) or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("state", "cache"):
        monkeypatch.setenv(f"RAJEE_DEPLOY_{name.upper()}_DIR", str(tmp_path / name))
    (tmp_path / "project").mkdir()
    return World(tmp_path / "project")


@pytest.fixture
def collector(world, monkeypatch):  # noqa: ARG001 -- the variables are cleared before one is set
    with Collector().listening() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        yield found


def spans(collector):
    (sent,) = collector.sent
    return json.loads(sent.body)["resourceSpans"][0]["scopeSpans"][0]["spans"]


def facts(span):
    return {each["key"]: each["value"].get("stringValue") for each in span["attributes"]}


def test_up_tells_of_itself_and_its_phases(world, collector, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-{PARENT}-01")
    _, record = recorded_run(world.context("prod"), 1)
    root, *phases = spans(collector)
    assert (root["name"], root["traceId"], root["parentSpanId"]) == ("rajee-deploy up", TRACE, PARENT)
    assert (root["status"], facts(root)["cicd.pipeline.task.run.result"]) == ({}, "success")
    assert facts(root)["vcs.ref.head.revision"] == world.revision
    assert facts(root)["rajee_deploy.run.id"] == record.id
    assert facts(root)["deployment.environment.name"] == "prod"
    assert [each["name"] for each in phases] == [each.name for each in record.phases]
    assert {each["parentSpanId"] for each in phases} == {root["spanId"]}
    edges = [(int(each["startTimeUnixNano"]), int(each["endTimeUnixNano"])) for each in (root, *phases)]
    assert all(edges[0][0] <= begin <= end for begin, end in edges)
    assert "traces-not-sent" not in world.talk.getvalue()


def test_up_that_has_nothing_to_do_tells_too(world, collector):
    recorded_run(world.context(), 1)
    recorded_run(world.context(), 1)
    assert len(collector.sent) == 2


class StopError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "result", "code"),
    [
        (DeployError("build-failed", "no", hint="x"), "failure", "build-failed"),
        (KeyboardInterrupt(), "cancellation", "interrupted"),
        (StopError(), "error", "bug"),
    ],
)
def test_a_run_that_failed_tells_its_code(world, collector, error, result, code):
    def fail(*_arguments, **_named):
        raise error

    run = world.context()
    run.ports = replace(run.ports, reader=type("Fails", (), {"describe": fail, "observe": fail})())
    with pytest.raises(type(error)):
        recorded_run(run, 1)
    root = spans(collector)[0]
    assert (root["status"], facts(root)["error.type"]) == ({"code": 2, "message": code}, code)
    assert facts(root)["cicd.pipeline.task.run.result"] == result
    assert History().runs()[0][0].outcome in {"failed", "interrupted"}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "nonsense"}, "no spans are sent: OTEL_EXPORTER_OTLP_ENDPOINT is no address"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "no spans are sent: OTEL_EXPORTER_OTLP_PROTOCOL is grpc"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "http://127.0.0.1:1: Connection refused"),
    ],
)
def test_a_collector_that_is_none_is_one_warning_and_nothing_else(world, collector, monkeypatch, variables, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    run = world.context()
    _, record = recorded_run(run, 1)
    assert (record.outcome, collector.sent) == ("done", [])
    assert [each.code for each in run.console.warned] == ["traces-not-sent"]
    assert words in run.console.warned[0].message


def test_what_is_left_out_is_said_and_the_rest_is_sent(world, collector, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", "hunter2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")
    run = world.context()
    recorded_run(run, 1)
    assert [each.code for each in run.console.warned] == ["telemetry-variable"] * 2
    assert "hunter2" not in world.talk.getvalue()
    assert "parentSpanId" not in spans(collector)[0]


@pytest.mark.parametrize(("name", "value"), [("TRACEPARENT", f"00-{TRACE}-{PARENT}-00"), ("OTEL_SDK_DISABLED", "true")])
def test_who_keeps_no_trace_is_sent_none(world, collector, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    run = world.context()
    recorded_run(run, 1)
    assert (collector.sent, run.console.warned) == ([], [])


def test_an_answer_with_our_keys_in_it_shows_none(world, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2-and-more")
    with Collector(401, b'{"message":"who is hunter2-and-more?"}').listening() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        recorded_run(world.context(), 1)
    assert collector.sent[0].headers["authorization"] == "Bearer hunter2-and-more"
    assert "it answered 401; who is ***?" in world.talk.getvalue()


def test_whoever_does_not_wait_has_the_run_as_it_ended(world, monkeypatch):
    """Ctrl-C while the collector is waited for."""
    record = record_of(world.context(), None, datetime.now(UTC), "done")
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            keep(world.context(), record)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "it was not waited for" in world.talk.getvalue()
    assert History().runs()[0] == (record,)


def test_names_may_be_of_any_bytes(world, collector):
    run = world.context()
    keep(run, replace(record_of(run, None, datetime.now(UTC), "done"), environment="half \udcff"))
    assert facts(spans(collector)[0])["deployment.environment.name"] == "half ?"


def test_what_aws_said_of_a_deployment_is_inside_of_it(world):
    run = world.context()
    begin = 1_700_000_000.0
    rollout = (Span("start tasks", begin, 2.0), Span("health checks", begin + 2, 3.0))
    run.times_spent["App"] = TimeSpent((Span("Service", begin, 6.0),), {"api": rollout}, ())
    run.times_spent["Gone"] = TimeSpent((Span("Queue", begin, 1.0),), {}, ())
    root = spans_of(run, RECORD, "up", begin + 20)
    assert [each.name for each in root.parts] == ["start", "deploy App", "Queue"]
    resource, service = root.parts[1].parts
    assert (resource.name, resource.begin, resource.end) == ("Service", begin, begin + 6)
    assert (service.name, service.begin, service.end) == ("rollout of api", begin, begin + 5)
    assert [each.name for each in service.parts] == ["start tasks", "health checks"]


@pytest.mark.parametrize(
    ("revision", "commit", "dirty"), [("1" * 40, "1" * 40, ""), ("1" * 40 + "-dirty", "1" * 40, "true"), ("", "", "")]
)
def test_the_commit_is_without_what_its_checkout_was(world, revision, commit, dirty):
    root = spans_of(world.context(), replace(RECORD, revision=revision), "rollback", 1e9)
    assert (root.name, root.attributes["vcs.ref.head.revision"]) == ("rajee-deploy rollback", commit)
    assert (root.attributes["rajee_deploy.dirty"], root.attributes["rajee_deploy.project"]) == (dirty, "app")
