"""The only door to boto3: one session, short time-outs, and AWS's errors told apart.

botocore turns a response that was cut off into an empty success, so callers never conclude anything from what is
missing in an answer: only an explicit not-found error means absent (see `registry`, `stack`).
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy.errors import ConfigurationError, DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import boto3

T = TypeVar("T")

CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 4

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch",
            "AuthFailure", "InvalidAccessKeyId"}  # fmt: skip
_SKEWED = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
              "RequestLimitExceeded", "RequestThrottled", "SlowDown"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to AWS."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds.

    No attempt begins later than `last_attempt` after the call did, so that a network that swallows everything ends a
    run within half a minute: all attempts and the pauses between them could take twice that.
    """

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    last_attempt: float = 15


class OutOfTimeError(Exception):
    """A call would have to be tried again, but its time is over."""


class _Clock(threading.local):
    """When the call that this thread is making began, with the calls that fetch credentials for it."""

    began: float | None = None


class Aws:
    """A boto3 session, made when first asked: importing boto3 costs more than a whole no-op decision."""

    def __init__(self, profile: str | None = None, region: str | None = None, patience: Patience | None = None) -> None:
        self.profile = profile
        self._patience = patience or Patience()
        self._clock = _Clock()
        self._region = region
        self._session: boto3.Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()  # sessions are not thread-safe; clients are

    @property
    def region(self) -> str:
        """The region in force; ConfigurationError `no-region` when neither flags, settings nor AWS's own say one."""
        with self._lock:
            region = self._opened().region_name
        if not region:
            raise ConfigurationError(
                "no-region", "no AWS region is set", hint="use --region, the settings' region, or AWS_REGION"
            )
        return str(region)

    def client(self, service: str, region: str = "") -> Any:
        """A client for one service in a region (default: the one in force), the same one each time."""
        region = region or self.region
        with self._lock:
            if (service, region) not in self._clients:
                with translated(service, self.profile):
                    self._clients[service, region] = self._opened().client(service, region_name=region)  # type: ignore[call-overload]
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

        DeployError for every other failure. An answer may be empty although AWS sent more: conclude nothing from that.
        """
        from botocore.exceptions import ClientError

        client = self.client(service, region) if region else self.client(service)
        call = getattr(client, operation)
        with translated(_named(service, operation), self.profile):
            self._clock.began = time.monotonic()
            try:
                answer: dict[str, Any] = call(**arguments)
            except (
                AttributeError,
                TypeError,
                KeyError,
            ) as error:  # what botocore's parser makes of JSON that is no answer
                raise unknown(_named(service, operation), f"the answer is not AWS's: {error}") from error
            except ClientError as error:
                known = expected(error_code(error), _message(error)) if expected else None
                if known is None:
                    raise
                return known
            finally:
                self._clock.began = None
        return answer

    def download(self, asked: str, url: str, limit: int) -> bytes:
        """The bytes behind an address that AWS gave out, at most `limit` of them. The address opens what it names to
        whoever knows it, so it is in no error. DeployError `aws-unreachable`, `aws-error`."""
        from rajee_deploy.download import download

        return download(asked, url, limit)

    def identity(self) -> Identity:
        """The account and region in force, from STS."""
        answer = self.ask("sts", "get_caller_identity", {})
        account = str(answer.get("Account", ""))
        if not account:
            raise unknown("sts:GetCallerIdentity", "the answer names no account")
        return Identity(account, self.region)

    def child_environment(self) -> dict[str, str]:
        """Variables that make a child program (cdk) use this very profile and region."""
        chosen = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        if self.profile:
            chosen["AWS_PROFILE"] = self.profile
        return chosen

    def _check_time(self, **_event: Any) -> None:
        """What botocore does before each attempt. OutOfTimeError."""
        began = self._clock.began
        if began is not None and time.monotonic() - began > self._patience.last_attempt:
            raise OutOfTimeError(f"no answer came within {self._patience.last_attempt:.0f} s")

    def _opened(self) -> boto3.Session:
        if self._session is None:
            import boto3
            import botocore.session

            with translated("credentials", self.profile):
                inner = botocore.session.get_session()
                # For the clients that fetch credentials (SSO, roles), too.
                inner.set_default_client_config(_config(self._patience))
                inner.register("before-send", self._check_time)
                self._session = boto3.Session(
                    botocore_session=inner,
                    profile_name=self.profile,
                    # botocore itself reads only AWS_DEFAULT_REGION; every other AWS SDK reads AWS_REGION.
                    region_name=self._region or os.environ.get("AWS_REGION") or None,
                )
        return self._session


def _config(patience: Patience) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )


def unknown(asked: str, cause: str) -> DeployError:
    """The error for an answer that says neither present nor absent: the run stops, nothing is guessed."""
    return DeployError(
        "unknown-answer",
        f"{asked} gave an answer that cannot be trusted",
        where=asked,
        cause=cause,
        hint="run again; if it stays, look for a proxy that cuts or rewrites responses",
    )


@contextmanager
def translated(asked: str, profile: str | None = None) -> Iterator[None]:
    """Turn botocore's errors into ours. `asked` names the service or call. ClientErrors that a caller expects
    (not found) are to be caught inside."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    login = f"aws sso login --profile {profile}" if profile else "aws sso login"
    try:
        yield
    except exceptions.ProfileNotFound as error:
        raise ConfigurationError(
            "no-profile",
            f"the AWS profile {profile or os.environ.get('AWS_PROFILE')!r} does not exist",
            cause=str(error),
            hint="aws configure list-profiles",
        ) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise DeployError(
            "no-credentials",
            "AWS credentials were not found",
            where=asked,
            cause=str(error),
            hint="set AWS_PROFILE or --profile, or log in; without an account: rajee-deploy sandbox start",
        ) from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.CredentialRetrievalError) as error:
        raise DeployError(
            "expired-credentials", "the AWS login has ended", where=asked, cause=str(error), hint=login
        ) from error
    except exceptions.ClientError as error:
        raise _from_response(asked, error, login) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError, ResponseParserError, OutOfTimeError) as error:
        raise DeployError(
            "aws-unreachable",
            "AWS could not be reached",
            where=asked,
            cause=str(error),
            hint="check the network, its proxy or login page, the region and AWS_ENDPOINT_URL",
        ) from error
    except ValueError as error:  # how botocore says that AWS_ENDPOINT_URL is no address
        raise ConfigurationError(
            "bad-endpoint",
            "a setting of AWS is malformed",
            where=asked,
            cause=str(error),
            hint="check AWS_ENDPOINT_URL",
        ) from error
    except exceptions.BotoCoreError as error:
        raise DeployError("aws-error", "the call to AWS failed", where=asked, cause=str(error)) from error


def error_code(error: Any) -> str:
    """The AWS error code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _message(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def _named(service: str, operation: str) -> str:
    """The name that IAM knows a call by, like `ecr:DescribeImages`."""
    return f"{service}:{operation.title().replace('_', '')}"


def _from_response(asked: str, error: Any, login: str) -> DeployError:  # noqa: PLR0911 -- one return for each kind
    code = error_code(error)
    cause = _message(error) or str(error)
    if code in _EXPIRED:
        return DeployError(
            "expired-credentials", "the AWS credentials have expired", where=asked, cause=cause, hint=login
        )
    # A signature is good for some minutes around AWS's own time.
    if code in _SKEWED or ("Signature" in code and ("Signature expired" in cause or "not yet current" in cause)):
        return DeployError(
            "clock-skew", "this machine's clock is not AWS's", where=asked, cause=cause,
            hint="set the clock (timedatectl set-ntp true), then run again",
        )  # fmt: skip
    if code in _INVALID:
        return DeployError(
            "bad-credentials", "AWS does not know these credentials", where=asked, cause=cause,
            hint="check the keys or the profile, and this machine's clock",
        )  # fmt: skip
    if code in _DENIED:
        return DeployError(
            "access-denied", "AWS refused the call", where=asked, cause=cause,
            hint="README lists the permissions that plan and up need",
        )  # fmt: skip
    if code in _THROTTLED:
        return DeployError(
            "throttled", "AWS throttled the call", where=asked, cause=cause, hint="run again in a minute"
        )
    if not code or code.isdecimal():  # botocore found none of AWS's codes in it
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", code)
        return DeployError(
            "aws-error", f"the answer (HTTP {status}) is not one of AWS's", where=asked, cause=cause,
            hint="run again; if it stays, look for a proxy or a login page between this machine and AWS",
        )  # fmt: skip
    return DeployError("aws-error", f"AWS answered {code}", where=asked, cause=cause)
