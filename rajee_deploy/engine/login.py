"""A private DOCKER_CONFIG for one run: the user's own settings, plus a login for one registry host.

The user's directory is read and linked to, and never written by us; buildx keeps its builders there. Our directory is
private (0700) and removed on every exit.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rajee_deploy.engine.ambient import PROXIES
from rajee_deploy.errors import DeployError
from rajee_deploy.system.places import user_docker_config
from rajee_deploy.system.regular_files import read_json
from rajee_deploy.system.temporary import LOCK, private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.model.repository import PushAccess

_HELPER = "rajee-deploy-run"  # docker calls the program docker-credential-<this> for the host
_HELPER_SCRIPT = '#!/bin/sh\n[ "$1" = get ] && exec cat "$(dirname "$0")/login.json"\nexit 1\n'


@contextmanager
def private_docker_config(access: PushAccess, proxies: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Yields the environment variables that make docker use the private configuration. `proxies` are the build
    arguments that docker makes of the proxies in it; None leaves them as the user has them."""
    own = user_docker_config()
    with private_directory("login") as directory:
        _link_all_but_ours(own, directory)
        config = _with_login(_read(own / "config.json"), access, directory)
        if proxies is not None:
            keys = {argument: key for key, argument in PROXIES.items()}
            config["proxies"] = {"default": {keys[name]: value for name, value in proxies.items()}}
        _write_private(directory / "config.json", config)
        yield {
            "DOCKER_CONFIG": str(directory),
            # Builders the user made live here; without it buildx would see none of them.
            "BUILDX_CONFIG": os.environ.get("BUILDX_CONFIG") or str(own / "buildx"),
            "PATH": f"{directory}{os.pathsep}{os.environ.get('PATH', '')}",
        }


# The user's directory may be one of ours: a program that a build starts may run us.
_OURS = {"config.json", "login.json", f"docker-credential-{_HELPER}", LOCK}


def _link_all_but_ours(own: Path, directory: Path) -> None:
    """Contexts, plugins, certificates: whatever else docker looks for beside its config.json."""
    if not own.is_dir():
        return
    for entry in own.iterdir():
        if entry.name not in _OURS:
            (directory / entry.name).symlink_to(entry.absolute())


def _read(path: Path) -> dict[str, Any]:
    try:
        document = read_json(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DeployError(
            "docker-config",
            "docker's configuration cannot be read",
            where=str(path),
            cause=str(error),
            hint="correct the file or move it away (docker cannot read it either), then run again",
        ) from error
    return document if isinstance(document, dict) else {}


def _with_login(config: dict[str, Any], access: PushAccess, directory: Path) -> dict[str, Any]:
    """The user's configuration with a login for one host.

    Docker looks into `auths` only where neither a credential store nor a helper is configured. Where one is, a helper
    for our host alone goes before it, so that the logins in the store keep working.
    """
    if "credsStore" not in config and access.host not in config.get("credHelpers", {}):
        basic = b64encode(f"{access.username}:{access.password}".encode()).decode()
        return {**config, "auths": {**config.get("auths", {}), access.host: {"auth": basic}}}
    login = {"ServerURL": access.host, "Username": access.username, "Secret": access.password}
    _write_private(directory / "login.json", login)
    helper = directory / f"docker-credential-{_HELPER}"
    helper.write_text(_HELPER_SCRIPT, "utf-8")
    helper.chmod(0o700)
    return {**config, "credHelpers": {**config.get("credHelpers", {}), access.host: _HELPER}}


def _write_private(path: Path, document: dict[str, Any]) -> None:
    path.touch(0o600)
    path.write_text(json.dumps(document), "utf-8")
