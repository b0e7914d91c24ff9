"""The short path against boto3: the same questions, the same answers; and whatever is not plainly one is left to it."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from urllib.parse import parse_qsl

import pytest
from aws_answers import BATCH, CALLS, DESCRIBE, ask, chunked, reply, short, unsized, xml

from rajee_deploy.aws import SHORT_CALLS, Aws


def without_metadata(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def asked(request: bytes) -> tuple:
    """What a request says, without what differs from one to the next, and who signed which headers of it."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    scope = re.search(r"Credential=AKIAEXAMPLE/\d{8}/(\S+),", headers["authorization"])
    said = sorted(parse_qsl(body.decode())) if b"Action=" in body else json.loads(body or b"null")
    return lines[0], said, scope[1], headers.get("x-amz-target"), headers.get("content-type"), headers["host"]


def test_every_short_call_is_tried_below():
    assert {(service, name) for service, names in SHORT_CALLS.items() for name in names} == {call[:2] for call in CALLS}


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[1])
def test_both_paths_ask_the_same_and_understand_the_same(raw, monkeypatch, call):
    service, operation, arguments, body = call
    raw.replies = [reply(body, "Content-Type: text/xml")]
    found = ask(short(), call)
    aws = Aws(region="eu-west-1")
    assert without_metadata(aws.ask(service, operation, arguments)) == without_metadata(found)
    assert aws._session is None
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "legacy")
    by_boto3 = Aws(region="eu-west-1")
    assert without_metadata(by_boto3.ask(service, operation, arguments)) == without_metadata(found)
    assert by_boto3._session is not None
    first, *others = map(asked, raw.requests)
    assert others == [first, first]


@pytest.mark.usefixtures("keys")
def test_a_session_token_is_signed_and_sent(raw, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-token")
    raw.replies = [reply(CALLS[0][3])]
    assert ask(short(), CALLS[0]) is not None
    assert b"the-token" in raw.requests[0]
    assert re.search(rb"SignedHeaders=[a-z;-]*x-amz-security-token", raw.requests[0])


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("call", [DESCRIBE, BATCH], ids=["xml", "json"])
def test_an_answer_that_is_cut_anywhere_is_none(raw, call):
    body = call[3]
    path = short()
    raw.hangs_up = True
    whole = reply(body)
    for cut in range(len(whole)):
        raw.replies = [whole[:cut]]
        assert ask(path, call) is None, cut
        path._is_lost = False
    for cut in range(len(body)):
        raw.replies = [reply(body[:cut])]  # of the right length, too
        assert ask(path, call) is None or body[:cut].strip() == body.strip(), cut
    raw.replies = [whole]
    assert ask(path, call) is not None


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("call", [DESCRIBE, BATCH], ids=["xml", "json"])
def test_chunks_are_whole_or_none(raw, call):
    whole = chunked(call[3])
    raw.replies = [whole]
    assert ask(short(), call) is not None
    path, raw.hangs_up = short(), True
    for cut in (whole.index(b"\r\n\r\n") + 4, len(whole) // 2, len(whole) - 8):
        raw.replies = [whole[:cut]]
        assert ask(path, call) is None, cut


PORTAL = b"<html><body>Welcome! Log in to our network.</body></html>"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("call", [DESCRIBE, BATCH], ids=["xml", "json"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda _body: reply(PORTAL, "Content-Type: text/html"),
        lambda _body: reply(b""),
        lambda _body: reply(b"{}"),
        lambda _body: reply(b"[]"),
        lambda _body: reply(b"null"),
        lambda _body: reply(b'{"message": "hello"}'),
        lambda _body: reply(b'{"images": 3, "repositories": 3}'),
        lambda _body: reply(b'{"images": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        lambda body: reply(PORTAL + body),
        lambda body: reply(body + PORTAL),
        lambda _body: reply(xml("ListStacks", "<StackSummaries/>")),
        lambda body: reply(body, length=len(body) - 20),
        unsized,
        lambda body: reply(gzip.compress(body), "Content-Encoding: gzip"),
        lambda body: reply(body, f"x-amz-crc32: {zlib.crc32(body) ^ 1}"),
        *(
            lambda body, status=status: reply(body, "Location: /", status=f"{status} X")
            for status in (201, 301, 302, 307, 400, 401, 403, 404, 429, 500, 502, 503, 511)
        ),
        lambda _body: b"",
        lambda _body: b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_what_is_not_plainly_the_answer_is_none(raw, call, spoil):
    raw.replies, raw.hangs_up = [spoil(call[3])], True
    assert ask(short(), call) is None


@pytest.mark.usefixtures("keys")
def test_a_right_checksum_is_fine(raw):
    raw.replies = [reply(BATCH[3], f"x-amz-crc32: {zlib.crc32(BATCH[3])}")]
    assert ask(short(), BATCH) is not None


@pytest.mark.usefixtures("keys")
def test_one_connection_serves_one_call_after_the_other(raw):
    raw.replies = [reply(DESCRIBE[3])]
    path = short()
    assert [ask(path, DESCRIBE) is not None for _ in range(3)] == [True] * 3
    assert raw.connections == 1


@pytest.mark.usefixtures("keys")
def test_a_connection_that_was_closed_in_the_meantime_is_made_again(raw):
    raw.replies, raw.idles = [reply(DESCRIBE[3])], True
    path = short()
    assert [ask(path, DESCRIBE) is not None for _ in range(3)] == [True] * 3
    assert (raw.connections, len(raw.requests)) == (3, 3)


@pytest.mark.usefixtures("keys")
def test_after_a_lost_network_it_steps_aside_and_after_a_refusal_it_does_not(raw, monkeypatch):
    raw.replies = [reply(b"", status="503 X"), reply(DESCRIBE[3])]
    path = short()
    assert (ask(path, DESCRIBE), ask(path, DESCRIBE) is not None) == (None, True)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # discard: nobody listens
    path = short()
    assert ask(path, DESCRIBE) is None
    path.plain = path.plain._replace(endpoints={"": raw.url})
    assert ask(path, DESCRIBE) is None


@pytest.mark.usefixtures("keys")
def test_arguments_that_are_wrong_are_left_for_boto3_to_say(raw):
    raw.replies = [reply(BATCH[3])]
    assert short().ask("ecr", "batch_get_image", {"imageIds": "c-1"}, "eu-west-1") is None
    assert raw.requests == []


# -- what is kept of botocore's models ------------------------------------------------------------------------------


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-3],
        lambda data: data.replace(b"StackName", b"StackNaim"),
        lambda _data: b"",
        lambda _data: b"\0" * 9,
    ],
)
def test_kept_shapes_that_are_damaged_are_cut_anew(raw, damage):
    from rajee_deploy.aws.short.shapes import place

    raw.replies = [reply(DESCRIBE[3])]
    expected = ask(short(), DESCRIBE)
    whole = place().read_bytes()
    place().write_bytes(damage(whole))
    assert ask(short(), DESCRIBE) == expected
    assert place().read_bytes() == whole


@pytest.mark.usefixtures("keys")
def test_without_a_place_to_keep_them_shapes_are_cut_each_time(raw, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "file"))
    raw.replies = [reply(DESCRIBE[3])]
    assert ask(short(), DESCRIBE) is not None
