"""OpenTelemetry's variables → where spans are sent and what they are sent with. Pure.

What has no sense is left out and said (`problems`): a variable that somebody mistyped stops no deployment. Values of
headers are secrets: no text that is made here has one.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from rajee_deploy.dataclass import dataclass
from rajee_deploy.telemetry import ENDPOINT, TRACES_ENDPOINT
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_SECONDS = 2.0  # for the whole of it, whatever a variable says
_TRACES = "v1/traces"
_PROTOCOLS = ("http/json", "http/protobuf")  # a receiver of one takes the other on the same port (by its content type)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # of RFC 9110: a header's name
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_OURS = {"content-type", "content-length", "host", "transfer-encoding", "connection", "expect"}
# What CI systems say of the pipeline that we are a step of: name, id and address of its run.
_PIPELINES = (
    (
        "GITHUB_ACTIONS",
        "{GITHUB_WORKFLOW}",
        "{GITHUB_RUN_ID}",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    ),
    ("GITLAB_CI", "{CI_PROJECT_PATH}", "{CI_PIPELINE_ID}", "{CI_PIPELINE_URL}"),
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the spans. `name` is what may be shown of the address: neither its path nor its query."""

    url: str
    name: str
    headers: Mapping[str, str]
    seconds: float = MOST_SECONDS
    certificate: str = ""  # files; "" for the system's own
    client_certificate: str = ""
    client_key: str = ""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the variables come to. Without a receiver nothing is sent, and `refusal` says why. `problems` are
    variables that are left out: the name, and what is wrong with it."""

    receiver: Receiver | None
    resource: Mapping[str, str]
    refusal: str = ""
    problems: tuple[tuple[str, str], ...] = ()


def read_variables(variables: Mapping[str, str]) -> Telemetry:
    """Of an environment in which a collector is named."""
    problems: list[tuple[str, str]] = []
    resource = {**_pipeline(variables), **_resource(variables, problems)}
    name, protocol = _of_traces(variables, "PROTOCOL")
    if protocol == "grpc":
        how = f"{name} is grpc, and http/json is what is spoken here; set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json"
        where = f"and {TRACES_ENDPOINT} to the collector's port for HTTP (http://localhost:4318/{_TRACES})"
        return Telemetry(None, resource, f"{how} {where}", tuple(problems))
    if protocol and protocol not in _PROTOCOLS:
        problems.append((name, "it has to be http/json or http/protobuf"))
    where, address = _of_traces(variables, "ENDPOINT")
    try:
        url = _address(address, is_base=where == ENDPOINT)
    except ValueError as error:
        return Telemetry(None, resource, f"{where} is no address: {error}", tuple(problems))
    receiver = Receiver(
        url.geturl(),
        f"{url.scheme}://{url.netloc}",
        _headers(variables, problems),
        _seconds(variables, problems),
        _of_traces(variables, "CERTIFICATE")[1],
        _of_traces(variables, "CLIENT_CERTIFICATE")[1],
        _of_traces(variables, "CLIENT_KEY")[1],
    )
    return Telemetry(receiver, resource, problems=tuple(problems))


def _of_traces(variables: Mapping[str, str], what: str) -> tuple[str, str]:
    """The variable of traces alone, which goes before the one for all, and its value; "" for none."""
    names = (f"OTEL_EXPORTER_OTLP_TRACES_{what}", f"OTEL_EXPORTER_OTLP_{what}")
    found = next((name for name in names if variables.get(name, "").strip()), names[1])
    return found, variables.get(found, "").strip()


def _address(text: str, *, is_base: bool) -> SplitResult:
    """Where to send. ValueError with what is wrong, in words without the address: its path may be a secret, too."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError("it cannot be read") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("it has to begin with http:// or https:// and a host")
    if "@" in url.netloc:
        raise ValueError("a password belongs into OTEL_EXPORTER_OTLP_HEADERS")
    if port == 0 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it has characters that no address has")
    path = f"{url.path.rstrip('/')}/{_TRACES}" if is_base else url.path or "/"
    return url._replace(path=path, fragment="")


def _headers(variables: Mapping[str, str], problems: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    name, text = _of_traces(variables, "HEADERS")
    for number, part in enumerate(text.split(",") if text else (), 1):
        key, is_pair, value = part.partition("=")
        header, decoded = unquote(key.strip()).lower(), unquote(value.strip(), encoding="latin-1")
        if not part.strip():
            continue
        if not is_pair or not _TOKEN.fullmatch(header) or not _VALUE.fullmatch(decoded) or header in _OURS:
            problems.append((name, f"its header number {number} is none; like api-key=secret,other=value"))
        else:
            found[header] = decoded
    return found


def _resource(variables: Mapping[str, str], problems: list[tuple[str, str]]) -> dict[str, str]:
    """Attributes of whoever makes the spans. One mistake costs all of the variable, as the specification has it."""
    name = "OTEL_RESOURCE_ATTRIBUTES"
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in variables.get(name, "").split(","))):
        key, is_pair, value = part.partition("=")
        if not is_pair or not key.strip():
            problems.append((name, "it has to be like name=value,other=value"))
            found = {}
            break
        found[unquote(key.strip())] = unquote(value.strip())
    service = variables.get("OTEL_SERVICE_NAME", "").strip()
    return {**found, "service.name": service} if service else found


def _seconds(variables: Mapping[str, str], problems: list[tuple[str, str]]) -> float:
    name, text = _of_traces(variables, "TIMEOUT")
    milliseconds = whole(text) if text else None
    if text and (milliseconds is None or milliseconds < 0):
        problems.append((name, "it has to be a number of milliseconds"))
    return min(MOST_SECONDS, milliseconds / 1000) if milliseconds and milliseconds > 0 else MOST_SECONDS


def _pipeline(variables: Mapping[str, str]) -> dict[str, str]:
    """https://opentelemetry.io/docs/specs/semconv/resource/cicd/"""
    for sign, *texts in _PIPELINES:
        if variables.get(sign) == "true":
            keys = ("cicd.pipeline.name", "cicd.pipeline.run.id", "cicd.pipeline.run.url.full")
            given = {name: value for name, value in variables.items() if value}
            return {key: text.format_map(given) for key, text in zip(keys, texts, strict=True) if _has(text, given)}
    return {}


def _has(text: str, given: Mapping[str, str]) -> bool:
    return all(name in given for name in re.findall(r"{(\w+)}", text))
