"""What can be wrong with credentials and with the network, as it really comes: over HTTP, and from AWS's own files."""

from __future__ import annotations

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rajee_deploy.aws import ATTEMPTS, Aws, Patience
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.state import StackAbsent
from rajee_deploy.stack.describe import CloudFormation

HTML = {"Content-Type": "text/html"}
IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)
PORTAL = b"<!doctype html><html><body>Welcome! Log in to our network.<br></body></html>"
XHTML = b"<html><body>Welcome! Log in to our network.</body></html>"


def query_error(code: str, message: str = "because") -> bytes:
    """As STS and CloudFormation say it."""
    told = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
    return f"<ErrorResponse><Error>{told}</Error><RequestId>1</RequestId></ErrorResponse>".encode()


class Server:
    """Answers every request alike, and counts them by their path."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, {}, b""
        self.by_path: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                server.asked.append(path)
                status, body = server.by_path.get(path, (server.status, server.body))
                self.send_response(status)
                for name, value in {**server.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST  # noqa: N815 -- the names that http.server looks for

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server():
    found = Server()
    yield found
    found.close()


@pytest.fixture(params=["short", "boto3"])
def way(request) -> str:
    """The path that calls take: boto3 alone, or the short one before it."""
    return request.param


@pytest.fixture
def clean(monkeypatch, tmp_path, way):
    """No credentials from anywhere, and no proxy."""
    import os

    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    if way == "boto3":
        monkeypatch.setenv("AWS_DEFAULTS_MODE", "legacy")  # boto3's default, but more than the short path knows
    return tmp_path


@pytest.fixture
def keys(clean, server, monkeypatch):
    """Keys in the environment, and the server as AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-canary")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    return clean


def failure(act) -> DeployError:
    with pytest.raises(DeployError) as caught:
        act()
    found = caught.value
    assert "secret-canary" not in f"{found.problem} {found.where} {found.cause} {found.hint}"
    assert found.where or isinstance(found, ConfigurationError)
    return found


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("status", "body", "code", "hint"),
    [
        (403, query_error("ExpiredToken"), "expired-credentials", "aws sso login"),
        (400, query_error("ExpiredTokenException"), "expired-credentials", "aws sso login"),
        (403, query_error("InvalidClientTokenId"), "bad-credentials", "keys"),
        (403, query_error("SignatureDoesNotMatch", "The signature does not match"), "bad-credentials", "keys"),
        (403, query_error("RequestTimeTooSkewed"), "clock-skew", "timedatectl"),
        (
            403,
            query_error("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2"),
            "clock-skew",
            "clock",
        ),
        (403, query_error("InvalidSignatureException", "Signature not yet current: 2"), "clock-skew", "clock"),
        (403, query_error("AccessDenied"), "access-denied", "permissions"),
        (400, query_error("Throttling"), "throttled", "again"),
        (400, query_error("ServiceUnavailable"), "aws-error", ""),
        (400, query_error("InternalFailure"), "aws-error", "above"),
        (500, query_error("InternalFailure"), "aws-error", "AWS's side"),
        (500, b"Internal Server Error", "aws-error", "login page"),
        (503, PORTAL, "aws-error", "login page"),
        (403, b"Forbidden", "aws-error", "login page"),
        (403, b"", "aws-error", "login page"),
        (407, b"\xff\xfe", "aws-error", "login page"),
        (200, PORTAL, "unknown-answer", "login page"),
        (200, XHTML, "unknown-answer", "proxy"),
        (200, b"OK", "unknown-answer", "proxy"),
        (302, b"", "aws-error", "login page"),
        (403, PORTAL, "aws-error", "login page"),
        (403, XHTML, "aws-error", "login page"),
        (404, XHTML, "aws-error", "login page"),
        (511, XHTML, "aws-error", "login page"),
        (200, b"", "unknown-answer", "proxy"),
    ],
)
def test_what_comes_back_over_http(server, status, body, code, hint):
    server.answer(status, body, HTML if b"<html>" in body else {})
    for act in (Aws(region="us-east-1").identity, lambda: CloudFormation(Aws(region="us-east-1")).describe("App")):
        found = failure(act)
        assert found.code == code
        assert hint in found.hint
        assert found.exit_code == 1


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("body", [b"[" * 100_000 + b"]" * 100_000, b'{"imageDetails": [{"imagePushedAt": 1e400}]}'])
def test_json_that_no_parser_takes_is_no_answer(server, body):
    server.answer(200, body, {"Content-Type": "application/x-amz-json-1.1"})
    found = failure(lambda: Aws(region="us-east-1").ask("ecr", "describe_images", {"repositoryName": "team/app"}))
    assert found.code == "unknown-answer"


CUT = json.dumps({"imageDetails": [{"imageTags": ["c-1"]}]}).encode()


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, CUT.replace(b"c-1", b"c-\xff"), "unknown-answer"),
        (400, b'{"__type": "ThrottlingException", "message": "\xff"}', "aws-error"),
        (500, b'{"__type": "ServerException", "message": "\xff"}', "aws-error"),
        (403, b"\xff\xfe", "aws-error"),
        (200, CUT[:-3], "unknown-answer"),
        (200, PORTAL, "unknown-answer"),
        (200, b"[]", "unknown-answer"),
        (400, b'{"__type": 5}', "unknown-answer"),
        (400, b'{"__type": "LayersNotFoundException", "message": "no"}', "aws-error"),
        (500, b'{"__type": "ServerException"}', "aws-error"),
        (400, b'{"__type": "KmsException"}', "aws-error"),
        (400, b'{"__type": "SomethingNobodyKnowsException"}', "aws-error"),
    ],
)
def test_what_comes_back_as_json(server, status, body, code):
    """Never exit 64 for something that AWS, or somebody in its place, says."""
    server.answer(status, body, {"Content-Type": "application/x-amz-json-1.1"})
    aws = Aws(region="us-east-1")
    for act in (
        lambda: aws.ask("ecr", "describe_images", {"repositoryName": "team/app"}),
        lambda: aws.ask("ecs", "describe_services", {"services": ["a"]}),
        lambda: aws.ask("ssm", "get_parameter", {"Name": "/a"}),
        lambda: aws.ask("lambda", "get_function", {"FunctionName": "a"}),
    ):
        found = failure(act)
        assert (found.code, found.exit_code) == (code, 1)
        assert found.hint, "no way out"
        assert "AWS_ENDPOINT_URL" not in found.hint


@pytest.mark.usefixtures("keys")
def test_a_failure_of_a_server_without_aws_words_is_tried_again(server, way):
    """A load balancer's own page, say."""
    server.answer(502, b"bad gateway")
    assert failure(Aws(region="us-east-1").identity).code == "aws-error"
    assert len(server.asked) == ATTEMPTS + (way == "short")


@pytest.mark.usefixtures("keys")
def test_an_endpoint_that_is_none_is_a_setting(monkeypatch):
    for value in ("nonsense", "http://[::1", "localhost:4566", "http://a:b"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", value)
        found = failure(Aws(region="us-east-1").identity)
        assert (found.code, found.exit_code, "AWS_ENDPOINT_URL" in found.hint) == ("bad-endpoint", 64, True), value


@pytest.mark.usefixtures("keys")
def test_only_cloudformations_own_words_mean_that_a_stack_is_absent(server):
    reader = CloudFormation(Aws(region="us-east-1"))
    server.answer(400, query_error("ValidationError", "Stack with id App does not exist"))
    assert reader.describe("App") == StackAbsent()
    server.answer(404, XHTML.replace(b"Welcome", b"App does not exist"), HTML)
    assert failure(lambda: reader.describe("App")).code == "aws-error"
    server.answer(400, query_error("ValidationError", "Stack with id Other does not exist"))
    assert failure(lambda: reader.describe("App")).code == "aws-error"


@pytest.mark.usefixtures("keys")
def test_a_throttled_call_is_tried_again_but_not_for_ever(server, way):
    server.answer(400, query_error("Throttling"))
    assert failure(Aws(region="us-east-1").identity).code == "throttled"
    assert len(server.asked) == ATTEMPTS + (way == "short")


@pytest.mark.usefixtures("keys")
def test_no_attempt_begins_when_the_time_of_a_call_is_over(server):
    server.answer(503, b"")
    found = failure(Aws(region="us-east-1", patience=Patience(last_attempt=0)).identity)
    assert (found.code, "no answer came" in found.cause) == ("aws-unreachable", True)
    assert server.asked == [], "not even the first: the time is over at once"


@pytest.mark.usefixtures("keys")
def test_whoever_types_a_code_of_mfa_takes_their_time(server, monkeypatch):
    """botocore asks for it where it signs."""
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "legacy")
    server.answer(200, IDENTITY)
    aws = Aws(region="us-east-1", patience=Patience(last_attempt=0.2))
    assert aws.region == "us-east-1"  # what that imports is not timed below
    aws._opened()._session.register("before-sign", lambda **_event: time.sleep(0.3))
    assert aws.identity().account == "123456789012"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("region", ["us_east_1", "us-east-1 ", "ünited"])
def test_a_region_that_is_none_is_a_setting(region):
    found = failure(Aws(region=region).identity)
    assert (found.code, found.exit_code, "--region" in found.hint) == ("bad-region", 64, True)


def test_a_program_for_credentials_that_prints_something_else(clean):
    (clean / "config").write_text("[profile team]\ncredential_process = /bin/echo hello\n")
    found = failure(Aws("team", "us-east-1").identity)
    assert (found.code, found.exit_code, "credential_process" in found.hint) == ("bad-aws-settings", 64, True)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("accepts", [True, False], ids=["no answer", "no connection"])
def test_a_network_that_swallows_everything(monkeypatch, accepts):
    with socket.create_server(("127.0.0.1", 0), backlog=64 if accepts else 0) as hole:
        waiting = []
        for _ in range(0 if accepts else 4):  # the queue of those who wait to be accepted is full
            each = socket.socket()
            each.settimeout(0)
            each.connect_ex(hole.getsockname())
            waiting.append(each)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{hole.getsockname()[1]}")
        patience = Patience(connect=0.2, read=0.2, last_attempt=0.1)
        found = failure(Aws(region="us-east-1", patience=patience).identity)
        for each in waiting:
            each.close()
    assert found.code == "aws-unreachable"
    assert "network" in found.hint
    assert "sts:GetCallerIdentity" in found.where


# -- credentials that cannot be had ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("clean")
def test_none_at_all():
    found = failure(Aws(region="us-east-1").identity)
    assert (found.code, "AWS_PROFILE" in found.hint) == ("no-credentials", True)


@pytest.mark.usefixtures("clean")
def test_half_of_them(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    assert failure(Aws(region="us-east-1").identity).code == "no-credentials"


@pytest.mark.usefixtures("clean")
def test_a_profile_that_does_not_exist(monkeypatch):
    found = failure(Aws("nobody", "us-east-1").identity)
    assert (found.code, "nobody" in found.problem, found.exit_code) == ("no-profile", True, 64)
    monkeypatch.setenv("AWS_PROFILE", "nobody-either")
    found = failure(Aws(region="us-east-1").identity)
    assert (found.code, "nobody-either" in found.problem) == ("no-profile", True)


def sso_profile(clean, server) -> None:
    (clean / "config").write_text(
        "[profile team]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        f"[sso-session s]\nsso_region = us-east-1\nsso_start_url = {server.url}\n"
    )


def test_an_sso_login_that_never_was(clean, server):
    sso_profile(clean, server)
    found = failure(Aws("team", "us-east-1").identity)
    assert (found.code, found.hint) == ("expired-credentials", "aws sso login --profile team")


def test_an_sso_login_that_aws_ended(clean, server, monkeypatch):
    from hashlib import sha1

    sso_profile(clean, server)
    cache = clean / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {
        "startUrl": server.url,
        "region": "us-east-1",
        "accessToken": "secret-canary",
        "expiresAt": "2999-01-01T00:00:00Z",
    }
    (cache / f"{sha1(b's', usedforsecurity=False).hexdigest()}.json").write_text(json.dumps(token))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    server.answer(401, json.dumps({"__type": "UnauthorizedException", "message": "Session token not found"}).encode())
    found = failure(Aws("team", "us-east-1").identity)
    assert (found.code, found.hint) == ("expired-credentials", "aws sso login --profile team")


def test_a_role_that_cannot_be_assumed_and_a_network_that_fails_meanwhile(clean, server, monkeypatch):
    (clean / "config").write_text(
        "[profile base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret-canary\n"
        "[profile team]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    server.answer(403, query_error("AccessDenied", "not authorized to perform sts:AssumeRole"))
    found = failure(Aws("team", "us-east-1").identity)
    assert (found.code, "AssumeRole" in found.cause) == ("access-denied", True)
    server.answer(503, b"")
    server.asked.clear()
    found = failure(Aws("team", "us-east-1", Patience(last_attempt=0)).identity)
    assert (found.code, server.asked) == ("aws-unreachable", [])


def test_a_program_for_credentials_that_fails(clean):
    (clean / "config").write_text("[profile team]\ncredential_process = /bin/false\n")
    found = failure(Aws("team", "us-east-1").identity)
    assert (found.code, "team" in found.hint) == ("expired-credentials", True)
