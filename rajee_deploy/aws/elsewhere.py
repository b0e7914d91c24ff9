"""Who we are to AWS in another region, and behind a role in another account.

For another region the same credentials do. Another account is asked by a role of its own, which our credentials may
assume; its keys end after an hour, and botocore has them renewed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rajee_deploy.aws.client import Aws
from rajee_deploy.aws.errors import unknown
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3

T = TypeVar("T")

_KEYS = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}


class Asks(Protocol):
    """Whoever makes calls to AWS."""

    def ask(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Any],
        expected: Callable[[str, str], T | None] | None = None,
        region: str = "",
    ) -> dict[str, Any] | T:
        """See Aws."""
        ...


class InRegion:
    """The same credentials in another region."""

    def __init__(self, aws: Aws, region: str) -> None:
        self._aws = aws
        self._region = region

    def ask(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Any],
        expected: Callable[[str, str], T | None] | None = None,
        region: str = "",
    ) -> dict[str, Any] | T:
        """See Aws."""
        return self._aws.ask(service, operation, arguments, expected, region or self._region)


class Either:
    """Two ways to ask: by `first`, and where that is denied by `second`, which is made then, and asks from there on."""

    def __init__(self, first: Asks, second: Callable[[], Asks]) -> None:
        self._asks = first
        self._second: Callable[[], Asks] | None = second

    def ask(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Any],
        expected: Callable[[str, str], T | None] | None = None,
        region: str = "",
    ) -> dict[str, Any] | T:
        """See Aws. Where both are denied, it is the first one's error that tells."""
        try:
            return self._asks.ask(service, operation, arguments, expected, region)
        except DeployError as error:
            if error.code != "access-denied" or self._second is None:
                raise
            second, self._second = self._second(), None
            try:
                answer = second.ask(service, operation, arguments, expected, region)
            except DeployError as other:
                if other.code != "access-denied":
                    raise
                raise error from other
            self._asks = second
            return answer


class Assumed(Aws):
    """A role that `base` assumes, in a region. `external_id` is "" for none."""

    def __init__(self, base: Aws, role: str, external_id: str, region: str) -> None:
        super().__init__(base.profile, region)
        self._is_decided = True  # the short path takes no keys that end
        self._base = base
        self._role = role
        self._external_id = external_id
        self._where = region

    @property
    def region(self) -> str:
        """See Aws."""
        return self._where

    def _opened(self) -> boto3.Session:
        if self._session is None:
            from botocore.credentials import RefreshableCredentials

            # Before there is a session: one without these keys would ask with our own, in our own account.
            held = RefreshableCredentials.create_from_metadata(self._keys(), self._keys, "sts-assume-role")
            session = super()._opened()
            session._session._credentials = held  # type: ignore[attr-defined]  # noqa: SLF001 -- as botocore's own users do
        return super()._opened()

    def _keys(self) -> dict[str, str]:
        given = {"ExternalId": self._external_id} if self._external_id else {}
        asked = {"RoleArn": self._role, "RoleSessionName": "rajee-deploy", **given}
        try:
            found: Mapping[str, Any] = self._base.ask("sts", "assume_role", asked).get("Credentials", {})
        except DeployError as error:
            if error.code != "access-denied":
                raise
            raise DeployError(
                error.code,
                f"the role {self._role} may not be assumed",
                where=error.where,
                cause=error.cause,
                hint="there it takes cdk bootstrap --trust with this account, and sts:AssumeRole here",
            ) from error
        ends = found.get("Expiration")
        if not all(found.get(name) for name in _KEYS.values()) or not isinstance(ends, datetime):
            raise unknown(f"sts:AssumeRole {self._role}", "the answer lacks the keys")
        return {**{name: str(found[key]) for name, key in _KEYS.items()}, "expiry_time": ends.isoformat()}
