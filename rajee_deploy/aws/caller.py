"""Who asks AWS: by which credentials, until when they hold, and how far this machine's clock is from AWS's.

For people who ask what is wrong; a run needs none of it. Must never show a key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws.errors import no_credentials, unknown
from rajee_deploy.model.caller import Caller, HeldKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.session import Session

    from rajee_deploy.aws.client import Aws

# By botocore's names: credentials that it has others for before they end, with nobody's help.
_RENEWED = frozenset({"iam-role", "container-role", "assume-role", "assume-role-with-web-identity"})


class IdentityCall:
    """One call to STS, and what is learned by the way: by how many seconds this machine's clock is ahead of AWS's
    (`seconds_ahead`), None where no answer told."""

    def __init__(self, aws: Aws, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._aws = aws
        self._now = now
        self.seconds_ahead: float | None = None

    def caller(self) -> Caller:
        """Who we are. DeployError; the clock may be known then all the same."""
        events = self._aws.client("sts").meta.events
        events.register("after-call.sts.GetCallerIdentity", self._hear)
        try:
            answer = self._aws.ask("sts", "get_caller_identity", {})
        finally:
            events.unregister("after-call.sts.GetCallerIdentity", self._hear)
        if not answer.get("Account"):
            raise unknown("sts:GetCallerIdentity", "the answer names no account")
        return Caller(str(answer["Account"]), self._aws.region, str(answer.get("Arn", "")))

    def _hear(self, **event: Any) -> None:
        told = parse_date(str(event["http_response"].headers.get("Date", "")))
        if told is not None:
            self.seconds_ahead = (self._now() - told).total_seconds()


def parse_date(text: str) -> datetime | None:
    """The time of an HTTP Date header; None for what is none."""
    try:
        told = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def keys_of(session: Session) -> HeldKeys:
    """The credentials of a session of botocore. DeployError `no-credentials`, and what fetching them raises."""
    credentials = session.get_credentials()
    if credentials is None:
        raise no_credentials("credentials")
    source, has_token = str(credentials.method), bool(credentials.token)  # which fetches them
    ends = getattr(credentials, "_expiry_time", None)
    is_temporary = ends is not None or has_token
    return HeldKeys(source, is_temporary, source in _RENEWED, ends)
