"""Who asks, until when, and what the clock is off by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from botocore.credentials import Credentials, DeferredRefreshableCredentials, RefreshableCredentials

from rajee_deploy.aws import Aws
from rajee_deploy.aws.caller import IdentityCall, keys_of, parse_date
from rajee_deploy.errors import DeployError
from rajee_deploy.model.caller import Caller, HeldKeys

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
ENDS = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
ANSWER = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
SKEWED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>"
    "<Message>Signature expired: a is now earlier than b</Message></Error></ErrorResponse>"
)


def reply(body: str, status: str = "200 OK", date: str = "Mon, 30 Nov 2026 12:00:00 GMT") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"Date: {date}\r\n" if date else "") + "\r\n" + body).encode()


@pytest.fixture
def identity(keys):
    """One that looks at a clock which stands at noon and 90 seconds."""
    assert keys
    return IdentityCall(Aws(region="us-east-1", is_short=False), lambda: NOON + timedelta(seconds=90))


def test_who_we_are_and_what_the_time_is(raw, identity):
    raw.replies = [reply(ANSWER.format(arn="arn:aws:iam::123456789012:user/ann"))]
    assert identity.seconds_ahead is None
    assert identity.caller() == Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ann")
    assert identity.seconds_ahead == 90
    assert len(raw.requests) == 1


def test_the_time_is_heard_from_a_refusal_too(raw, identity):
    raw.replies = [reply(SKEWED, "403 Forbidden")]
    with pytest.raises(DeployError) as caught:
        identity.caller()
    assert (caught.value.code, identity.seconds_ahead) == ("clock-skew", 90)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 12:00:00 GMT"])
def test_an_answer_that_does_not_tell_the_time(raw, identity, date):
    raw.replies = [reply(ANSWER.format(arn="x"), date=date)]
    assert identity.caller().arn == "x"
    assert identity.seconds_ahead is None


def test_an_answer_without_an_account_is_unknown(raw, identity):
    raw.replies = [reply(ANSWER.format(arn="x").replace("123456789012", ""))]
    with pytest.raises(DeployError) as caught:
        identity.caller()
    assert caught.value.code == "unknown-answer"


def test_dates_of_http():
    assert parse_date("Mon, 30 Nov 2026 12:00:00 GMT") == NOON
    assert parse_date("Mon, 30 Nov 2026 12:00:00 -0000") == NOON


def refreshed():
    return {"access_key": "a", "secret_key": "b", "token": "t", "expiry_time": ENDS.isoformat()}


CREDENTIALS = {
    "keys of a user": (Credentials("a", "b", method="shared-credentials-file"), ("shared-credentials-file", False)),
    "a token that says no end": (Credentials("a", "b", "t", method="env"), ("env", True)),
    "with an end": (RefreshableCredentials("a", "b", "t", ENDS, refreshed, "sso"), ("sso", True, False, ENDS)),
    "fetched when they are needed": (
        DeferredRefreshableCredentials(refreshed, "assume-role"),
        ("assume-role", True, True, ENDS),
    ),
    "of a machine": (
        RefreshableCredentials("a", "b", "t", ENDS, refreshed, "iam-role"),
        ("iam-role", True, True, ENDS),
    ),
}


@pytest.mark.parametrize("case", CREDENTIALS)
def test_until_when_credentials_hold(case):
    credentials, expected = CREDENTIALS[case]
    session = botocore.session.get_session()
    session._credentials = credentials
    assert keys_of(session) == HeldKeys(*expected)


@pytest.mark.usefixtures("clean")
def test_nobody_has_any():
    with pytest.raises(DeployError) as caught:
        Aws(region="us-east-1", is_short=False).held_keys()
    assert caught.value.code == "no-credentials"


@pytest.mark.usefixtures("keys")
def test_keys_of_the_environment():
    assert Aws(region="us-east-1").held_keys() == HeldKeys("env", is_temporary=False)
