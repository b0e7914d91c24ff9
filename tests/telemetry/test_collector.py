"""One POST to a collector, whoever is there instead. Answers without end: test_slow_answers.py."""

from __future__ import annotations

import os
import socket
import ssl
import threading

import pytest
from collectors import Collector
from endless_server import make_certificate

from rajee_deploy.telemetry.collector import send
from rajee_deploy.telemetry.variables import Receiver


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def to(url: str, seconds: float = 10, **more: str) -> Receiver:
    return Receiver(f"{url}/v1/traces", url, {"api-key": "hunter2"}, seconds, **more)


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> tuple[str, int]:
    """What is made of an answer, and how many requests came."""
    with Collector(status, body, **headers).listening() as collector:
        return send(to(collector.url), b'{"resourceSpans":[]}'), len(collector.sent)


def test_what_is_sent():
    with Collector().listening() as collector:
        assert send(to(collector.url), b'{"resourceSpans":[]}') == ""
    (sent,) = collector.sent
    assert (sent.path, sent.body) == ("/v1/traces", b'{"resourceSpans":[]}')
    assert {name: sent.headers[name] for name in ("content-type", "api-key")} == {
        "content-type": "application/json",
        "api-key": "hunter2",
    }
    assert sent.headers["user-agent"].startswith("rajee-deploy/")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (202, b"{}"),
        (200, b'{"partialSuccess":{}}'),
        (200, b'{"partialSuccess":{"rejectedSpans":"0","errorMessage":"better do so"}}'),
        (200, b"\x00\xff"),
        (200, b"[]"),
        (200, b'{"partialSuccess":7}'),
    ],
)
def test_spans_that_were_taken(status, body):
    assert answer(status, body) == ("", 1)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b'{"message":"no such field"}', "it answered 400; no such field"),
        (401, b"<html>", "it answered 401"),
        (404, b"", "it answered 404; the path is not a collector's; a base address gets /v1/traces"),
        (415, b"{}", "it answered 415; it may not take JSON"),
        (503, b'{"message":7}', "it answered 503"),
        (
            200,
            b'{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}',
            "it rejected 3 of the spans; too old",
        ),
        (200, b'{"partialSuccess":{"rejectedSpans":2}}', "it rejected 2 of the spans"),
    ],
)
def test_spans_that_were_not_taken_and_nobody_asks_again(status, body, words):
    assert answer(status, body) == (words, 1)


def test_long_words_are_cut():
    why, _ = answer(400, b'{"message":"%s"}' % (b"x" * 1000))
    assert len(why) < 300


def test_a_page_is_no_answer():
    assert answer(200, b"log in", **{"Content-Type": "text/html; charset=utf-8"}) == (
        "a page answered, which is no collector's",
        1,
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    with Collector().listening() as elsewhere:
        why, asked = answer(status, b"", Location=f"{elsewhere.url}/v1/traces")
    assert (why, asked, elsewhere.sent) == (f"it answered {status}; redirects are not followed", 1, [])


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert send(to(f"http://127.0.0.1:{port}"), b"{}") == "Connection refused"


def test_who_accepts_and_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        why = send(to(f"http://127.0.0.1:{listener.getsockname()[1]}", 0.05), b"{}")
    assert "0.05 s" in why


def test_who_does_not_read():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        why = send(to(f"http://127.0.0.1:{listener.getsockname()[1]}", 0.05), bytes(64 << 20))
    assert why in {"it had not answered after 0.05 s", "timed out"}


def test_who_speaks_something_else():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        why = send(to(f"http://127.0.0.1:{listener.getsockname()[1]}"), b"{}")
        thread.join()
    assert why == "it does not speak HTTP (BadStatusLine)"


def test_names_that_nobody_answers_for(monkeypatch):
    """What looks them up cannot be interrupted."""
    asked, over = threading.Event(), threading.Event()

    def look_up(*_arguments, **_named):
        asked.set()
        over.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        assert send(to("http://collector.test:4318", 0.05), b"{}") == "it had not answered after 0.05 s"
        assert asked.is_set()
    finally:
        over.set()


def test_a_name_that_does_not_exist(monkeypatch):
    def look_up(*_arguments, **_named):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert send(to("http://collector.test:4318"), b"{}") == "Name or service not known"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "its certificate is not trusted: self-signed certificate"),
        ({"certificate": "both.pem"}, ""),
        ({"certificate": "both.pem", "client_certificate": "both.pem"}, ""),
        ({"certificate": "none.pem"}, "No such file or directory"),
        ({"certificate": "empty.pem"}, "no connection over TLS: NO_CERTIFICATE_OR_CRL_FOUND"),
    ],
)
def test_over_tls(tmp_path, monkeypatch, more, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.pem").touch()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(make_certificate(tmp_path))
    with Collector().listening(tls) as collector:
        assert send(to(collector.url, **more), b"{}") == words
    assert len(collector.sent) == (0 if words else 1)


def test_tls_where_there_is_none():
    with Collector().listening() as collector:
        assert (
            send(to(collector.url.replace("http:", "https:")), b"{}") == "no connection over TLS: WRONG_VERSION_NUMBER"
        )


@pytest.mark.parametrize(("host", "is_asked"), [("collector.test", True), ("localhost", False), ("127.0.0.1", False)])
def test_a_proxy_is_for_others_than_this_machine(monkeypatch, host, is_asked):
    with Collector().listening() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        send(to(f"http://{host}:1"), b"{}")
    assert [sent.path for sent in proxy.sent] == (["http://collector.test:1/v1/traces"] if is_asked else [])
