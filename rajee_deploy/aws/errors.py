"""AWS's and botocore's errors, told apart: each becomes the one that a user can act on."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws.received import NotAnAnswerError
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_INVALID = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "InvalidAccessKeyId",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_SKEWED = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "OptInRequired"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ProvisionedThroughputExceededException",
    "BandwidthLimitExceeded",
}
# What to do about the codes that somebody can do something about, by how they begin.
_QUOTA = "a quota of this account is used up: aws service-quotas shows and raises it; or remove what nobody needs"
_ELSEWHERE = "the endpoint does not know this call: check AWS_ENDPOINT_URL and the region"
_HINTS = (
    (
        "LayersNotFound",
        "a layer is not in the repository any more: aws ecr batch-delete-image, then run again: it is built anew",
    ),
    ("LayerInaccessible", "the layer is archived or not ready yet; run again, or restore the image in ECR"),
    ("ReferencedImagesNotFound", "an image of this index is not there (any more): run again, it is built anew"),
    (
        "Kms",
        "look at the KMS key of the repository or parameter: it must be enabled, and you must be allowed to use it",
    ),
    ("LimitExceeded", _QUOTA),
    ("ServiceQuotaExceeded", _QUOTA),
    ("InvalidAction", _ELSEWHERE),
    ("UnknownOperation", _ELSEWHERE),
)
_SERVERS_FAULT = 500
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_QUOTED = 1000  # characters of what somebody said

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
# A zone in a region, or a local zone: us-east-1a, us-west-2-lax-1a.
_ZONE_NAME = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d{1,2})(?:[a-z]|-[a-z]+-\d{1,2}[a-z])")
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
        hint="run again; if it stays, look for a proxy or login page that cuts or rewrites responses",
    )


def no_credentials(asked: str, cause: str = "") -> DeployError:
    """The error where nobody has any."""
    return DeployError(
        "no-credentials",
        "AWS credentials were not found",
        where=asked,
        cause=cause,
        hint="set AWS_PROFILE or --profile, or log in; without an account: rajee-deploy sandbox start",
    )


@contextmanager
def translate_errors(asked: str, profile: str | None = None) -> Iterator[None]:
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
        raise no_credentials(asked, str(error)) from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.CredentialRetrievalError) as error:
        raise DeployError(
            "expired-credentials", "the AWS login has ended", where=asked, cause=str(error), hint=login
        ) from error
    except exceptions.ClientError as error:
        raise _from_response(asked, error, login) from error
    except NotAnAnswerError as error:
        raise _not_aws(asked, error) from error
    except ResponseParserError as error:
        # Its text goes on with the whole answer, and so with every parameter in it.
        raise unknown(asked, lines_of(str(error))[0]) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError, OutOfTimeError) as error:
        raise DeployError(
            "aws-unreachable",
            "AWS could not be reached",
            where=asked,
            cause=str(error),
            hint=_unreachable_hint(str(error)),
        ) from error
    except exceptions.InvalidRegionError as error:
        raise _bad_region(asked, str(error)) from error
    except exceptions.BotoCoreError as error:
        raise DeployError(
            "aws-error",
            "the call to AWS failed",
            where=asked,
            cause=str(error),
            hint="the cause is botocore's own word: look at the profile's settings (aws configure list)",
        ) from error


@contextmanager
def opening(asked: str) -> Iterator[None]:
    """Turn what botocore raises for settings that it cannot read into ours, while a session or a client is made and
    nothing was asked yet."""
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except BotoCoreError:  # some are ValueErrors, too
        raise
    except ValueError as error:
        is_address = any(word in str(error) for word in ("endpoint", "URL", "Port"))
        raise ConfigurationError(
            "bad-endpoint" if is_address else "bad-aws-settings",
            "a setting of AWS is malformed",
            where=asked,
            cause=str(error),
            hint="check AWS_ENDPOINT_URL, and endpoint_url of the profile"
            if is_address
            else "check the profile in AWS_CONFIG_FILE, and what its credential_process prints",
        ) from error


def _not_aws(asked: str, error: NotAnAnswerError) -> DeployError:
    if error.status < 300:  # noqa: PLR2004 -- HTTP's successes
        return unknown(asked, str(error))
    return _no_code(asked, error.status, str(error))


def _no_code(asked: str, status: object, cause: str) -> DeployError:
    return DeployError(
        "aws-error",
        f"the answer (HTTP {status}) is not one of AWS's",
        where=asked,
        cause=cause,
        hint="run again; if it stays, look for a proxy or a login page between this machine and AWS",
    )


def check_region(region: str) -> str:
    """The region. ConfigurationError `bad-region` for a zone: botocore takes its name for a region's, and every call
    then goes to an address that nobody has."""
    zone = _ZONE_NAME.fullmatch(region)
    if zone is None:
        return region
    named = next((name for name in _REGION_VARIABLES if os.environ.get(name) == region), "")
    hint = (
        f"export {named}={zone[1]}" if named else f'write "{zone[1]}": --region, or region of the settings or profile'
    )
    raise ConfigurationError(
        "bad-region",
        f"{region!r} is no AWS region: it is an availability zone of {zone[1]}",
        where=named or "region",
        hint=hint,
    )


def _bad_region(asked: str, cause: str) -> ConfigurationError:
    """For a region that no address can have, with where it stands, and what is probably meant."""
    names = [name for name in _REGION_VARIABLES if os.environ.get(name) and os.environ[name] in cause]
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
    cause = (error_message(error) or str(error))[:_QUOTED]
    if code in _EXPIRED:
        return DeployError(
            "expired-credentials", "the AWS credentials have expired", where=asked, cause=cause, hint=login
        )
    # A signature is good for some minutes around AWS's own time.
    if code in _SKEWED or ("Signature" in code and ("Signature expired" in cause or "not yet current" in cause)):
        return DeployError(
            "clock-skew",
            "this machine's clock is not AWS's",
            where=asked,
            cause=cause,
            hint="set the clock (timedatectl set-ntp true), then run again",
        )
    if code in _INVALID:
        return DeployError(
            "bad-credentials",
            "AWS does not know these credentials",
            where=asked,
            cause=cause,
            hint="check the keys or the profile, and this machine's clock",
        )
    if code in _DENIED:
        return DeployError(
            "access-denied",
            "AWS refused the call",
            where=asked,
            cause=cause,
            hint="rajee-deploy permissions plan (and permissions up) prints what is needed",
        )
    if code in _THROTTLED:
        return DeployError(
            "throttled", "AWS throttled the call", where=asked, cause=cause, hint="run again in a minute"
        )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", code)
    if not code or code.isdecimal():  # botocore found none of AWS's codes in it
        return _no_code(asked, status, cause)
    return DeployError("aws-error", f"AWS answered {code}", where=asked, cause=cause, hint=_hint(code, status))


def _hint(code: str, status: object) -> str:
    known = next((hint for begins, hint in _HINTS if code.startswith(begins)), "")
    if known or not isinstance(status, int):
        return known
    if status >= _SERVERS_FAULT:
        return "this is a failure on AWS's side: run again in a minute (https://health.aws.amazon.com/health/status)"
    return "AWS says above what is wrong; correct that and run again"
