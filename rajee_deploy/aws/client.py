"""The calls to AWS: by the short path where it goes, else by one boto3 session with short time-outs.

botocore turns a response that was cut off into an empty success, so callers never conclude anything from what is
missing in an answer: only an explicit not-found error means absent (see `registry`, `stack`).
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from rajee_deploy.aws.errors import (
    OutOfTimeError,
    check_region,
    error_code,
    error_message,
    opening,
    translate_errors,
    unknown,
)
from rajee_deploy.aws.received import NotAnAnswerError, examine
from rajee_deploy.aws.resolved import keys, of_session
from rajee_deploy.aws.shaped import MisshapenError, with_shape
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.system.http_limits import AWS_ANSWER, Limit, within
from rajee_deploy.system.requests_sent import note_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import boto3

    from rajee_deploy.aws.short import Short
    from rajee_deploy.model.caller import HeldKeys

T = TypeVar("T")

CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 4  # of boto3; the short path makes one before them
# The reads of a run with nothing to do, by service. Each becomes one request and one page.
SHORT_CALLS = {
    "sts": ("get_caller_identity",),
    "cloudformation": ("describe_stacks", "get_template"),
    "ecs": ("describe_services",),
    "ecr": ("batch_get_image", "describe_images", "describe_repositories"),
    "ssm": ("get_parameter",),
    "lambda": ("get_function",),
}

# What botocore's parsers raise for JSON and XML that is not as the call's description says.
_NO_ANSWER = (AttributeError, TypeError, LookupError, RuntimeError, ValueError, ArithmeticError)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
# What goes with somebody's keys: of others it would be wrong. AWS's SDKs read these, old ones the last.
_WITH_KEYS = (
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CREDENTIAL_SCOPE",
    "AWS_ACCOUNT_ID",
    "AWS_SECURITY_TOKEN",
    "AMAZON_SESSION_TOKEN",
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to AWS."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds.

    No attempt begins later than `last_attempt` after the call did, so that a network that swallows everything ends a
    run within half a minute: all attempts and the pauses between them could take twice that. `answer` is for all of
    them together, however their bytes come.
    """

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    last_attempt: float = 15
    answer: Limit = AWS_ANSWER

    @classmethod
    def of_a_look(cls) -> Patience:
        """For somebody who waits for it, and on whose answer nothing depends."""
        return cls(read=5, last_attempt=8, answer=Limit(20, AWS_ANSWER.size))


class _Clock(threading.local):
    """Of the call that this thread is making, with the calls that fetch credentials for it: the seconds that it spent
    before boto3 was asked (None where there is no call), and when boto3 first sent something. Before that a person may
    have typed a code of MFA, who may take their time."""

    spent: float | None = None
    began: float | None = None


class Aws:
    """One profile and region. What has nothing to do asks by the short path; a boto3 session is made when that does not
    go, since importing boto3 costs more than a whole no-op decision."""

    def __init__(
        self,
        profile: str | None = None,
        region: str | None = None,
        patience: Patience | None = None,
        *,
        is_short: bool = True,
    ) -> None:
        """Without `is_short` boto3 is asked at once, for whoever wants to know more of an answer than what it says."""
        self.profile = profile
        self._patience = patience or Patience()
        self._clock = _Clock()
        self._region = region
        self._short: Short | None = None
        self._is_decided = not is_short  # whether the short path goes
        self._session: boto3.Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()  # sessions are not thread-safe; clients are

    @property
    def region(self) -> str:
        """The region in force; ConfigurationError `no-region` when neither flags, settings nor AWS's own say one."""
        short = self._short_path()
        if short is not None:
            return check_region(short.plain.region)
        with self._lock:
            region = self._opened().region_name
        if not region:
            raise ConfigurationError(
                "no-region",
                "no AWS region is set",
                hint="export AWS_REGION=us-east-1   # or --region, or region of the settings' environment",
            )
        return check_region(str(region))

    def client(self, service: str, region: str = "") -> Any:
        """A client for one service in a region (default: the one in force), the same one each time."""
        region = region or self.region
        with self._lock:
            if (service, region) not in self._clients:
                with self._translated(service), opening(service):
                    made: Any = self._opened().client(service, region_name=region)  # type: ignore[call-overload]
                    urlsplit(made.meta.endpoint_url).port  # noqa: B018 -- ValueError, which botocore has at each call
                    self._clients[service, region] = made
            return self._clients[service, region]

    def ask(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Any],
        expected: Callable[[str, str], T | None] | None = None,
        region: str = "",
    ) -> dict[str, Any] | T:
        """One call: its answer, or what `expected` makes of an error's code and message (None: it is not expected).

        DeployError for every other failure, and for whoever indexes a part that the answer lacks. An answer may be
        empty although AWS sent more: conclude nothing from that.
        """
        with within(self._patience.answer, partial(unknown, _iam_name(service, operation))):
            return self._answer(service, operation, arguments, expected, region)

    def _answer(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Any],
        expected: Callable[[str, str], T | None] | None,
        region: str,
    ) -> dict[str, Any] | T:
        began = time.monotonic()
        found = self._ask_shortly(service, operation, arguments, region)
        if found is not None:
            return found
        spent = time.monotonic() - began
        from botocore.exceptions import ClientError

        client, named = self.client(service, region) if region else self.client(service), _iam_name(service, operation)
        call = getattr(client, operation)
        with translate_errors(named, self.profile):
            self._clock.spent, self._clock.began = spent, None
            try:
                answer: dict[str, Any] = call(**arguments)
            except NotAnAnswerError:
                raise
            except _NO_ANSWER as error:
                raise unknown(named, f"the answer is not AWS's: {type(error).__name__}") from error
            except ClientError as error:
                known = expected(error_code(error), error_message(error)) if expected else None
                if known is None:
                    raise
                return known
            finally:
                self._clock.spent = None
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        try:
            whole: dict[str, Any] = with_shape(_iam_name(service, operation), answer, model.output_shape)
        except MisshapenError as error:
            raise unknown(_iam_name(service, operation), str(error)) from error
        return whole

    def _ask_shortly(
        self, service: str, operation: str, arguments: Mapping[str, Any], region: str
    ) -> dict[str, Any] | None:
        """The answer, where the short path has one that leaves no doubt."""
        if operation not in SHORT_CALLS.get(service, ()) or self._patience.last_attempt <= 0:
            return None
        short = self._short_path()
        return short.ask(service, operation, arguments, region or short.plain.region) if short is not None else None

    def _short_path(self) -> Short | None:
        with self._lock:
            if not self._is_decided:
                from rajee_deploy.aws.short import Short
                from rajee_deploy.aws.short.plain import plain_settings

                plain = plain_settings(self.profile, self._region)
                if plain is not None:
                    self._short = Short(plain, SHORT_CALLS, self._patience.connect, self._patience.read)
                self._is_decided = True
            return self._short

    def held_keys(self) -> HeldKeys:
        """What the credentials in force are; those that are fetched when they are needed are fetched. DeployError when
        they cannot be had."""
        from rajee_deploy.aws.caller import keys_of

        with self._lock, self._translated("credentials"), opening("credentials"):
            return keys_of(self._opened()._session)  # noqa: SLF001 -- boto3 shows the same only in parts

    def download(self, asked: str, url: str, limit: int) -> bytes:
        """The bytes behind an address that AWS gave out, at most `limit` of them. The address opens what it names to
        whoever knows it, so it is in no error. DeployError `aws-unreachable`, `aws-error`."""
        from rajee_deploy.aws.download import download

        with within(self._patience.answer, partial(unknown, asked)):
            return download(asked, url, limit)

    def identity(self) -> Identity:
        """The account and region in force, from STS."""
        answer = self.ask("sts", "get_caller_identity", {})
        account = str(answer.get("Account", ""))
        if not account:
            raise unknown("sts:GetCallerIdentity", "the answer names no account")
        return Identity(account, self.region)

    @property
    def profile_in_force(self) -> str | None:
        """The profile whose settings count, and whose keys where the environment has none."""
        return self.profile or os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")

    def account_of(self, profile: str) -> str | None:
        """The account of another profile; None where that cannot be found out: this machine has no such profile, as in
        CI, or nobody is logged in."""
        try:
            return Aws(profile, self.region, self._patience).identity().account
        except (DeployError, EOFError):  # the latter where nobody is there to type a code of MFA
            return None

    def child_environment(self) -> dict[str, str | None]:
        """Variables that make a child program (cdk) be to AWS who we are, in this region; None takes one away.

        The keys that we ask with: the CDK CLI takes keys of the environment before its AWS_PROFILE, so with the profile
        alone it would deploy as whoever else's keys are there. The profile stays for its other settings. DeployError
        when the credentials cannot be had.
        """
        resolved = self.resolved_environment()
        region = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        told = {"AWS_PROFILE": self.profile_in_force, "AWS_DEFAULT_PROFILE": None}
        return {**region, **dict.fromkeys(_WITH_KEYS), **{name: resolved.get(name) for name in _KEYS}, **told}

    def resolved_environment(self) -> dict[str, str]:
        """Variables that say to a child program who we are, without a profile: keys, region, and what the profile
        says of endpoints and certificate authorities. DeployError when the credentials cannot be had."""
        region = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        short = self._short_path()
        if short is not None:
            return {**region, **keys(*short.plain.keys)}
        with self._lock, self._translated("credentials"), opening("credentials"):
            return {**region, **of_session(self._opened()._session)}  # noqa: SLF001 -- boto3 shows the same only in parts

    @contextmanager
    def _translated(self, asked: str) -> Iterator[None]:
        """What botocore does by itself: it may ask for credentials, which is a call like any other."""
        with translate_errors(asked, self.profile), within(self._patience.answer, partial(unknown, asked)):
            yield

    def _check_time(self, **_event: Any) -> None:
        """What botocore does before each attempt. OutOfTimeError."""
        note_request()
        clock = self._clock
        if clock.spent is None:
            return
        clock.began = clock.began or time.monotonic() - clock.spent
        if time.monotonic() - clock.began > self._patience.last_attempt:
            raise OutOfTimeError(f"no answer came within {self._patience.last_attempt:.0f} s")

    def _opened(self) -> boto3.Session:
        if self._session is None:
            import boto3
            import botocore.session

            with self._translated("credentials"), opening("credentials"):
                inner = botocore.session.get_session()
                # For the clients that fetch credentials (SSO, roles), too.
                inner.set_default_client_config(_config(self._patience))
                inner.register("before-send", self._check_time)
                inner.register("before-parse", _examine)
                self._session = boto3.Session(
                    botocore_session=inner,
                    profile_name=self.profile,
                    # botocore itself reads only AWS_DEFAULT_REGION; every other AWS SDK reads AWS_REGION.
                    region_name=self._region or os.environ.get("AWS_REGION") or None,
                )
        return self._session


def _iam_name(service: str, operation: str) -> str:
    """The name that IAM knows a call by, like `ecr:DescribeImages`."""
    return f"{service}:{operation.title().replace('_', '')}"


def _examine(**event: Any) -> None:
    """What botocore does before it parses."""
    examine(event["response_dict"], event["operation_model"].service_model.resolved_protocol)


def _config(patience: Patience) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
