"""Every answer over HTTP ends: at every place that asks, whatever part of it trickles or never stops.

Who these places are, `test_http_readers` holds.
"""

from __future__ import annotations

import gzip
import os
import re
import ssl
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from endless_server import FLOODS, TRICKLES, Endless, Slow, make_certificate

from rajee_deploy.aws import Aws, Patience, pages
from rajee_deploy.aws.pages import MOST, Most
from rajee_deploy.engine.docker_engine import _version
from rajee_deploy.errors import DeployError
from rajee_deploy.model import RemoteSource
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.registry.fetched import find_remote
from rajee_deploy.registry.http import RegistryHttp
from rajee_deploy.registry.oci import OciRepository
from rajee_deploy.sandbox.control import _ask
from rajee_deploy.system.http_limits import AWS_ANSWER, DOWNLOAD, LOCAL_ANSWER, REGISTRY_ANSWER, Clock, Limit, OverError
from rajee_deploy.telemetry.collector import send
from rajee_deploy.telemetry.variables import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable

SOON = Limit(0.05, 1 << 30)
SMALL = Limit(60, 100_000)
PACED = Limit(60, 1 << 30, every=0.1, least=10_000)


class Place(NamedTuple):
    """Somebody who asks: how it is told whom and how long, the settings of AWS that go with it, and its error's code
    and the words that say who was asked."""

    ask: Callable[[str, Limit], object]
    code: str
    where: str
    variables: dict[str, str] = {}  # noqa: RUF012 -- never written to; `{}` stands for the server's address


def aws(limit: Limit) -> Aws:
    return Aws(region="us-east-1", patience=Patience(answer=limit))


def registry(scheme_less: str, limit: Limit) -> object:
    asked = RegistryHttp(scheme_less, lambda _host: None, limit)
    return asked.ask("GET", "team/base/manifests/1", scope="repository:team/base:pull", limit=1 << 20)


def address(url: str) -> str:
    return url.partition("//")[2]


KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "{}"}
PLACES = {
    "the short path": Place(lambda _, limit: aws(limit).identity(), "unknown-answer", "sts:GetCallerIdentity", KEYS),
    "boto3": Place(
        lambda _, limit: aws(limit).identity(),
        "unknown-answer",
        "sts:GetCallerIdentity",
        {**KEYS, "AWS_DEFAULTS_MODE": "legacy"},  # boto3's default, but more than the short path knows
    ),
    "credentials": Place(
        lambda _, limit: aws(limit).resolved_environment(),
        "unknown-answer",
        "credentials",
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{}/keys"},
    ),
    "a download": Place(
        lambda url, limit: aws(limit).download("ecr:GetDownloadUrlForLayer", url, 1 << 20), "unknown-answer", "ecr:Get"
    ),
    "a registry": Place(lambda url, limit: registry(address(url), limit), "registry-answer", "127.0.0.1"),
    "our own records": Place(
        lambda url, limit: OciRepository(PushAccess(f"{address(url)}/app", "AWS", "x"), limit).find_manifest("m-1"),
        "unknown-answer",
        "app manifests/m-1",
    ),
    "ADD": Place(
        lambda url, limit: find_remote(RemoteSource(f"{url}/a", None, f"{url}/a"), limit),
        "remote-unreachable",
        "127.0.0.1",
    ),
}
KINDS = {**TRICKLES, **FLOODS}


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """No settings but those of the place."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def use(variables: dict[str, str], url: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(url))

    return use


def refusal(server: Slow, act: Callable[[], object]) -> DeployError:
    """The error, and that it was us who left."""
    with pytest.raises(DeployError) as caught:
        act()
    assert server.was_left.wait(10), "the server gave up first"
    return caught.value


# Of an error, ADD wants the status alone.
CASES = [(name, kind) for name in PLACES for kind in KINDS if (name, kind) != ("ADD", "an error's body trickles")]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_an_answer_without_end_is_none(settings, name, kind):
    place = PLACES[name]
    with Slow(KINDS[kind]).listening() as server:
        url = f"http://{server.address}"
        settings(place.variables, url)
        error = refusal(server, lambda: place.ask(url, SOON if kind in TRICKLES else SMALL))
    assert (error.code, error.exit_code) == (place.code, 1)
    assert place.where in error.where
    assert ("had not ended after 0.05 s" if kind in TRICKLES else "longer than 100,000 bytes") in error.cause
    assert error.hint


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_and_a_sandbox_on_this_machine(tmp_path, kind):
    limit = SOON if kind in TRICKLES else SMALL
    with Slow(KINDS[kind]).listening(tmp_path / "engine") as server:
        with pytest.raises(TimeoutError, match=r"had not ended|longer than"):
            _version(f"unix://{tmp_path / 'engine'}", limit)
        assert server.was_left.wait(10)
    with Slow(KINDS[kind]).listening() as server:
        assert _ask(int(server.address.rpartition(":")[2]), limit) is None
        assert server.was_left.wait(10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_collector(settings, kind):
    settings({}, "")
    with Slow(KINDS[kind]).listening() as server:
        url = f"http://{server.address}/v1/traces"
        seconds = 0.05 if kind in TRICKLES else 10  # of an endless answer the bytes count
        why = send(Receiver(url, url, {}, seconds), b"{}")
        assert server.was_left.wait(10), "the server gave up first"
    assert re.search(r"had not (ended|answered) after 0\.05 s" if kind in TRICKLES else "longer than 65,536 bytes", why)


UNAUTHORIZED = (
    b'HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Bearer realm="http://%s/token",service="s"\r\n\r\n'
)


@pytest.mark.parametrize("kind", ["a header trickles", "a body trickles", "an endless body"])
def test_a_token_server(kind):
    with Slow(KINDS[kind]).listening() as server:
        server.first.append(UNAUTHORIZED % server.address.encode())
        error = refusal(server, lambda: registry(server.address, SOON if kind in TRICKLES else SMALL))
    assert error.code == "registry-answer"
    assert server.first == []


@pytest.mark.parametrize("name", ["boto3", "a download", "a registry", "our own records", "ADD"])
@pytest.mark.parametrize("kind", ["a header trickles", "headers trickle", "endless headers"])
def test_a_proxy_that_never_says_yes(settings, name, kind):
    endless = {**TRICKLES, "endless headers": Endless(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * 1000, is_fast=True)}[kind]
    place = PLACES[name]
    with Slow(endless).listening() as server:
        settings({**place.variables, "HTTPS_PROXY": f"http://{server.address}"}, "https://registry.test")
        error = refusal(server, lambda: place.ask("https://registry.test", Limit(0.1, 100_000)))
    assert error.code == place.code
    assert "its answer" in error.cause


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("name", ["the short path", "boto3", "a download", "ADD"])
@pytest.mark.parametrize("kind", ["a header trickles", "chunks trickle", "an endless body"])
def test_over_tls(settings, certificate, name, kind):
    place = PLACES[name]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Slow(KINDS[kind], tls=tls).listening() as server:
        url = f"https://{server.address}"
        settings({**place.variables, "AWS_CA_BUNDLE": str(certificate), "REQUESTS_CA_BUNDLE": str(certificate)}, url)
        error = refusal(server, lambda: place.ask(url, SOON if kind in TRICKLES else SMALL))
    assert error.code == place.code


# -- the clock -----------------------------------------------------------------------------------------------------


def test_what_may_be_long_has_to_come_at_a_pace():
    with Slow(TRICKLES["a body trickles"]).listening() as server:
        url = f"http://{server.address}"
        error = refusal(server, lambda: find_remote(RemoteSource(url, None, url), PACED))
    assert "fewer than 10,000 bytes came within 0.1 s" in error.cause


@pytest.mark.parametrize(
    ("now", "count", "left"),
    [
        (0, 0, 60),
        (59, 0, 1),
        (61, 0, "fewer than 100 bytes came within 60 s"),
        (61, 99, "fewer than 100 bytes came within 60 s"),
        (61, 100, 59),
        (61, 1000, 539),  # it never has more than all
        (600, 1000, "its answer had not ended after 600 s; 1,000 bytes had come"),
        (0, 1001, "its answer is longer than 1,000 bytes"),
    ],
)
def test_what_a_clock_leaves(now, count, left):
    time = [5.0]
    clock = Clock(Limit(600, 1000, every=60, least=100), lambda: time[0])
    clock.left()
    time[0] += now

    def ask() -> float:
        clock.count(count, count)
        return clock.left()

    if isinstance(left, int):
        assert ask() == left
    else:
        with pytest.raises(OverError, match=left):
            ask()


def test_it_starts_when_an_answer_is_waited_for():
    time = [5.0]
    clock = Clock(Limit(1, 1), lambda: time[0])
    time[0] += 100  # whoever types a code of MFA takes it
    assert clock.left() == 1


def test_a_connection_that_is_used_again_has_its_own_patience(settings):
    """The last read of an answer may have been cut shorter than the next one's."""
    said = b"<GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
    body = b"<GetCallerIdentityResponse>%s</GetCallerIdentityResponse>" % said
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with Slow(TRICKLES["a body trickles"], first=(whole, whole)).listening() as server:
        settings(KEYS, f"http://{server.address}")
        asked = aws(Limit(5, 1 << 20))
        assert [asked.identity().account for _ in range(2)] == ["1", "1"]
        (kept,) = next(iter(asked._short._kept.values()))
        assert kept.sock.gettimeout() == Patience().read


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("name", ["a registry", "our own records", "ADD"])
def test_what_a_redirect_says_is_never_unpacked(name):
    """Nobody reads it, and a few kilobytes may become gigabytes."""
    packed = gzip.compress(bytes(16 << 20))
    head = b"HTTP/1.1 307 No\r\nLocation: /b\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with Slow(TRICKLES["a header trickles"], first=(head + packed,)).listening() as server:
        tracemalloc.start()
        try:
            url = f"http://{server.address}"
            refusal(server, lambda: PLACES[name].ask(url, SOON))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert most < 8 << 20
    assert server.first == []


# -- pages ---------------------------------------------------------------------------------------------------------


class Pages:
    """Each page names another one."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, *_arguments: Any) -> dict[str, Any]:
        self.asked += 1
        return {"NextToken": str(self.asked)}


@pytest.mark.parametrize("most", [1, 5])
def test_pages_without_end(most):
    cloud = Pages()
    with pytest.raises(DeployError, match="ecs:ListTasks") as caught:
        list(pages(cloud, "ecs", "list_tasks", {}, None, Most(most)))
    assert (caught.value.code, cloud.asked) == ("unknown-answer", most)
    assert f"more than {most} pages" in caught.value.cause


def test_pages_that_take_too_long():
    cloud = Pages()
    with pytest.raises(DeployError, match="ecs:ListTasks") as caught:
        list(pages(cloud, "ecs", "list_tasks", {}, None, Most(seconds=-1)))
    assert (caught.value.code, cloud.asked) == ("unknown-answer", 1)
    assert "its pages had not ended after -1 s" in caught.value.cause


# -- the documentation ---------------------------------------------------------------------------------------------


def mib(limit: Limit) -> str:
    return f"{limit.size >> 20} MiB"


def test_the_limits_are_those_of_the_documentation():
    text = (Path(__file__).parents[1] / "docs" / "limits.md").read_text("utf-8")
    sentences = (
        f"One of AWS has {AWS_ANSWER.seconds} seconds and {mib(AWS_ANSWER)}",
        f"one of a registry {REGISTRY_ANSWER.seconds} seconds (with its token server) and {mib(REGISTRY_ANSWER)}",
        f"on this machine {LOCAL_ANSWER.seconds} seconds and {mib(LOCAL_ANSWER)}",
        f"in pages has at most {MOST.pages:,}, and {MOST.seconds:g} seconds for all of them",
        f"at {DOWNLOAD.least >> 10} KiB a minute or faster, within an hour, and {DOWNLOAD.size >> 30} GiB at most",
    )
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert (DOWNLOAD.seconds, DOWNLOAD.every) == (3600, 60)
    assert Patience().answer == AWS_ANSWER
