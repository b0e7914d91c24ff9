"""What boto3 has found out, as variables for a program that is to look nothing up: no profile, no file, no role."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.session import Session


def keys(access: str | None, secret: str | None, token: str | None) -> dict[str, str]:
    """Credentials as every AWS SDK reads them."""
    found = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
    return {name: value for name, value in found.items() if value}


def of_session(session: Session) -> dict[str, str]:
    """Keys, endpoints and certificate authorities that are in force in a session of botocore. It may ask for keys, and
    fails as botocore does; none are there where nobody has any."""
    credentials = session.get_credentials()
    frozen = credentials.get_frozen_credentials() if credentials is not None else None
    found = _endpoints(session)
    authorities = session.get_config_variable("ca_bundle")
    if authorities:
        found["AWS_CA_BUNDLE"] = str(authorities)
    return {**found, **keys(frozen.access_key, frozen.secret_key, frozen.token)} if frozen is not None else found


def _endpoints(session: Session) -> dict[str, str]:
    """What the profile says of endpoints, for all services and for single ones; variables go before it.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    profile: Mapping[str, Any] = session.get_scoped_config()
    services: Mapping[str, Any] = session.full_config.get("services", {}).get(profile.get("services"), {})
    told = {"AWS_ENDPOINT_URL": profile.get("endpoint_url")}
    for service, keys_of in services.items():
        if isinstance(keys_of, dict):
            told[f"AWS_ENDPOINT_URL_{service.upper()}"] = keys_of.get("endpoint_url")
    return {name: str(url) for name, url in told.items() if url and name not in os.environ}
