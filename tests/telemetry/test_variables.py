"""OpenTelemetry's variables: what they come to, what is left out, and that no text has a secret."""

from __future__ import annotations

import pytest

from rajee_deploy.telemetry import is_wanted
from rajee_deploy.telemetry.variables import MOST_SECONDS, Receiver, read_variables

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
BASE = {ENDPOINT: "http://c:4318"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        (BASE, True),
        ({TRACES: "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c:4318"}, False),
        ({**BASE, "OTEL_SDK_DISABLED": "True"}, False),
        ({**BASE, "OTEL_SDK_DISABLED": "1"}, True),
        ({**BASE, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**BASE, "OTEL_TRACES_EXPORTER": "console, otlp"}, True),
        ({**BASE, "OTEL_TRACES_EXPORTER": ""}, True),
    ],
)
def test_whether_anybody_is_told(variables, expected):
    assert is_wanted(variables) is expected


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        (BASE, "http://c:4318/v1/traces"),
        ({ENDPOINT: " https://c/ "}, "https://c/v1/traces"),
        ({ENDPOINT: "http://c:4318/mine/"}, "http://c:4318/mine/v1/traces"),
        ({ENDPOINT: "http://c?key=1#x"}, "http://c/v1/traces?key=1"),
        ({ENDPOINT: "http://[::1]:4318"}, "http://[::1]:4318/v1/traces"),
        ({**BASE, TRACES: "https://d/v1/other"}, "https://d/v1/other"),
        ({TRACES: "http://d:4318"}, "http://d:4318/"),
    ],
)
def test_the_address(variables, url):
    found = read_variables(variables)
    assert (found.receiver.url, found.problems) == (url, ())


@pytest.mark.parametrize(
    "text",
    [
        "c:4318",
        "ftp://c",
        "http://",
        "http:///v1",
        "http://c:port",
        "http://c:99999",
        "http://c:0",
        "http://c d/",
        "http://[c",
    ],
)
def test_what_is_no_address(text):
    found = read_variables({ENDPOINT: text})
    assert found.receiver is None
    assert f"{ENDPOINT} is no address" in found.refusal


@pytest.mark.parametrize(
    "text", ["http://me:hunter2@c:4318", "http://hunter2@c", "http://c/hunter2\x00", "hunter2://c"]
)
def test_a_refused_address_is_not_shown(text):
    assert "hunter2" not in read_variables({TRACES: text}).refusal


def test_what_is_shown_of_an_address_is_who_is_asked():
    found = read_variables({TRACES: "https://c.example/v1/hunter2?key=hunter2"})
    assert found.receiver.name == "https://c.example"


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("api-key=a", {"api-key": "a"}),
        ("Authorization=Basic%20dXNlcg%3D%3D , X-Scope=1", {"authorization": "Basic dXNlcg==", "x-scope": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=b,,", {"a": "b"}),
        ("", {}),
    ],
)
def test_headers(text, headers):
    found = read_variables({**BASE, HEADERS: text})
    assert (found.receiver.headers, found.problems) == (headers, ())


@pytest.mark.parametrize(
    "part",
    [
        "hunter2",
        "=hunter2",
        "a b=hunter2",
        "a=",
        "a=hunter2%0d%0aX: y",
        "a=hunter2%00",
        "a=%20",
        "Host=hunter2",
        "a=hunter2%0a",
    ],
)
def test_a_header_that_is_none_is_left_out_and_never_shown(part):
    found = read_variables({**BASE, HEADERS: f"one=1,{part}"})
    assert found.receiver.headers == {"one": "1"}
    ((name, problem),) = found.problems
    assert (name, "number 2" in problem, "hunter2" in problem) == (HEADERS, True, False)


def test_those_of_traces_go_first():
    found = read_variables({**BASE, HEADERS: "a=1,b=2", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=3"})
    assert found.receiver.headers == {"a": "3"}


@pytest.mark.parametrize(
    ("variables", "attributes"),
    [
        ({}, {}),
        ({"OTEL_SERVICE_NAME": "mine"}, {"service.name": "mine"}),
        ({"OTEL_RESOURCE_ATTRIBUTES": "team=pay%2Cments, service.name=x"}, {"team": "pay,ments", "service.name": "x"}),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=x", "OTEL_SERVICE_NAME": "y"}, {"service.name": "y"}),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKFLOW": "deploy",
                "GITHUB_RUN_ID": "7",
                "GITHUB_SERVER_URL": "https://g",
                "GITHUB_REPOSITORY": "o/r",
            },
            {
                "cicd.pipeline.name": "deploy",
                "cicd.pipeline.run.id": "7",
                "cicd.pipeline.run.url.full": "https://g/o/r/actions/runs/7",
            },
        ),
        ({"GITLAB_CI": "true", "CI_PIPELINE_ID": "8"}, {"cicd.pipeline.run.id": "8"}),
        (
            {"GITLAB_CI": "true", "CI_PIPELINE_ID": "8", "OTEL_RESOURCE_ATTRIBUTES": "cicd.pipeline.run.id=9"},
            {"cicd.pipeline.run.id": "9"},
        ),
    ],
)
def test_attributes_of_the_resource(variables, attributes):
    found = read_variables({**BASE, **variables})
    assert (found.resource, found.problems) == (attributes, ())


@pytest.mark.parametrize("text", ["a", "a=1,b", "=1"])
def test_one_mistake_costs_all_attributes(text):
    found = read_variables({**BASE, "OTEL_RESOURCE_ATTRIBUTES": text})
    assert (found.resource, [name for name, _ in found.problems]) == ({}, ["OTEL_RESOURCE_ATTRIBUTES"])


@pytest.mark.parametrize(
    ("text", "seconds", "is_problem"),
    [
        ("500", 0.5, False),
        ("10000", 2.0, False),
        ("0", 2.0, False),
        ("", 2.0, False),
        ("2s", 2.0, True),
        ("-1", 2.0, True),
    ],
)
def test_never_longer_than_two_seconds(text, seconds, is_problem):
    found = read_variables({**BASE, "OTEL_EXPORTER_OTLP_TIMEOUT": text})
    assert (found.receiver.seconds, bool(found.problems)) == (seconds, is_problem)
    assert MOST_SECONDS == 2.0


@pytest.mark.parametrize("protocol", ["", "http/json", "http/protobuf"])
def test_a_receiver_of_protobuf_takes_json(protocol):
    assert read_variables({**BASE, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}) == read_variables(BASE)


def test_who_speaks_grpc_alone_is_told_nothing():
    found = read_variables({**BASE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert found.receiver is None
    assert "OTEL_EXPORTER_OTLP_PROTOCOL is grpc" in found.refusal
    both = read_variables(
        {**BASE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}
    )
    assert both.receiver is not None


def test_another_protocol_is_none():
    found = read_variables({**BASE, "OTEL_EXPORTER_OTLP_PROTOCOL": "thrift"})
    assert (found.receiver is not None, [name for name, _ in found.problems]) == (
        True,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"],
    )


def test_certificates():
    found = read_variables(
        {
            **BASE,
            "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca",
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": "/me",
            "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/key",
        }
    )
    assert found.receiver == Receiver(
        "http://c:4318/v1/traces", "http://c:4318", {}, certificate="/ca", client_certificate="/me", client_key="/key"
    )
