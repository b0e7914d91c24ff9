"""The user's own logins to registries, from docker's configuration: plain ones, credential stores and helpers.

Reads and asks; never writes, and keeps no secret anywhere but in the value it returns.
"""

from __future__ import annotations

import warnings
from dataclasses import field

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError

DOCKER_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Login:
    """A user's name and password, or an identity token in their place. Secrets are kept out of repr."""

    username: str
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)


def find_login(host: str) -> Login | None:
    """The login for a registry's host (`docker.io`, `localhost:5000`), or None where the user has none.

    DeployError `docker-config` for a configuration or a credential helper that does not work.
    """
    from docker import auth
    from docker.errors import DockerException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # docker-py warns of a missing helper, then fails on it
            found = auth.load_config().resolve_authconfig(host)
    except (DockerException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DeployError(
            "docker-config",
            f"docker's login for {host} cannot be read",
            where="docker's config.json",
            # Of a helper's answer nothing is shown: it may hold what it should keep.
            cause=str(error) if isinstance(error, DockerException) else type(error).__name__,
            hint=f"docker login {host}, or correct credsStore and credHelpers there",
        ) from error
    values = {str(key).lower(): value for key, value in (found or {}).items()}
    if values.get("identitytoken"):
        return Login("", "", str(values["identitytoken"]))
    if values.get("username"):
        return Login(str(values["username"]), str(values.get("password") or ""))
    return None
