"""AWS's and botocore's errors, told apart: each becomes the one that a user can act on."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError, DeployError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch",
            "AuthFailure", "InvalidAccessKeyId"}  # fmt: skip
_SKEWED = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
              "RequestLimitExceeded", "RequestThrottled", "SlowDown"}  # fmt: skip

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_ZONE = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)([a-z])\.amazonaws\.")  # in the address of an endpoint


class OutOfTimeError(Exception):
    """A call would have to be tried again, but its time is over."""


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
            hint=_unreachable_hint(str(error)),
        ) from error
    except exceptions.InvalidRegionError as error:
        raise _bad_region(asked, str(error)) from error
    except ValueError as error:  # how botocore says that AWS_ENDPOINT_URL is no address
        raise ConfigurationError(
            "bad-endpoint",
            "a setting of AWS is malformed",
            where=asked,
            cause=str(error),
            hint="check AWS_ENDPOINT_URL",
        ) from error
    except exceptions.BotoCoreError as error:
        raise DeployError(
            "aws-error", "the call to AWS failed", where=asked, cause=str(error),
            hint="the cause is botocore's own word: look at the profile's settings (aws configure list)",
        ) from error  # fmt: skip


def _bad_region(asked: str, cause: str) -> ConfigurationError:
    """For a region that no address can have, with where it stands, and what is probably meant."""
    names = [name for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if os.environ.get(name, "-") in cause]
    text = os.environ[names[0]] if names else (re.search(r"'([^']*)'", cause) or ["", ""])[1]
    meant = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    like = meant if _REGION.fullmatch(meant) else "us-east-1"
    hint = f"export {names[0]}={like}" if names else f'write it like "{like}": --region, or region of the settings'
    return ConfigurationError(
        "bad-region", f"{text!r} is no AWS region", where=names[0] if names else asked, cause=cause, hint=hint
    )


def _unreachable_hint(cause: str) -> str:
    zone = _ZONE.search(cause)
    if zone:
        return f"{zone[1]}{zone[2]} is an availability zone: the region is {zone[1]}"
    return "check the network, its proxy or login page, the region and AWS_ENDPOINT_URL"


def error_code(error: Any) -> str:
    """The AWS error code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def _from_response(asked: str, error: Any, login: str) -> DeployError:  # noqa: PLR0911 -- one return for each kind
    code = error_code(error)
    cause = error_message(error) or str(error)
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
    return DeployError(
        "aws-error", f"AWS answered {code}", where=asked, cause=cause,
        hint="the cause is AWS's own word; run again where it sounds like a moment's trouble",
    )  # fmt: skip
