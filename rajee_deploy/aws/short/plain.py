"""Whether this machine's AWS settings are plain enough for the short path, and what they are then.

Plain are: keys in the environment or in the shared files, a region of the commercial partition, endpoints from the
environment, a file of certificate authorities. It lists what it knows. Whatever else is set (a variable or a key of a
profile that is not in these lists, a proxy, models of one's own) makes this path step aside for boto3.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import getproxies

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = re.compile(
    r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|(DEFAULT_)?(REGION|PROFILE)|CONFIG_FILE"
    r"|SHARED_CREDENTIALS_FILE|ENDPOINT_URL(_\w+)?|CA_BUNDLE|EC2_METADATA_DISABLED|DEFAULT_OUTPUT|PAGER|EXECUTION_ENV)"
)
_KEYS = ("aws_access_key_id", "aws_secret_access_key")
_OF_PROFILES = {*_KEYS, "aws_session_token", "region", "output", "cli_pager", "cli_history", "cli_auto_prompt"}
# botocore's own rules say the same for each region that it knows (see the contract test); the pattern is its, too.
_COMMERCIAL = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
_HOSTS = {
    "sts": "sts",
    "cloudformation": "cloudformation",
    "ecr": "api.ecr",
    "ecs": "ecs",
    "ssm": "ssm",
    "lambda": "lambda",
}


class Keys(NamedTuple):
    """Credentials that do not change during a run, as botocore's signer takes them."""

    access_key: str
    secret_key: str
    token: str | None


class PlainSettings(NamedTuple):
    """Plain settings. `authorities` is a file or directory of certificates, "" for those of boto3."""

    keys: Keys
    region: str
    authorities: str
    endpoints: Mapping[str, str]

    def endpoint(self, service: str, region: str) -> str | None:
        """Where a service is asked; None where botocore's rules have to say it."""
        chosen = self.endpoints.get(service) or self.endpoints.get("")
        if chosen:
            return chosen
        return f"https://{_HOSTS[service]}.{region}.amazonaws.com" if _COMMERCIAL.fullmatch(region) else None


def plain_settings(profile: str | None, region: str | None) -> PlainSettings | None:
    """The settings in force, with the same precedence as boto3's; None when they are not plain."""
    profiles = _profiles(profile) if _is_known() else None
    if profiles is None:
        return None
    has_own = profile is None and any(name.upper() in os.environ for name in _KEYS)  # a named profile goes before them
    keys = _environment_keys() if has_own else _profile_keys(*profiles)
    variables = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    found = region or variables or profiles[0].get("region", "")
    endpoints = {service: os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}", "") for service in _HOSTS}
    endpoints[""] = os.environ.get("AWS_ENDPOINT_URL", "")
    if keys is None or not _COMMERCIAL.fullmatch(found) or not all(map(_is_root, filter(None, endpoints.values()))):
        return None
    authorities = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE", "")
    return PlainSettings(keys, found, authorities, endpoints)


def _is_known() -> bool:
    """Whether every variable that botocore may look at is one of ours and says something, and no proxy is set."""
    names = [name for name in os.environ if name.upper().startswith(("AWS_", "BOTO"))]
    known = all(_VARIABLES.fullmatch(name) and os.environ[name] for name in names)
    is_proxied = any(address for scheme, address in getproxies().items() if scheme != "no")
    has_models = os.path.exists(Path("~/.aws/models").expanduser())  # noqa: PTH110 -- as botocore asks: never an error
    return known and not is_proxied and not has_models and os.environ.get("REQUESTS_CA_BUNDLE") != ""


def _profiles(profile: str | None) -> tuple[dict[str, str], dict[str, str]] | None:
    """The profile in force, of the config file and of the credentials file; None where they hold more than we know, or
    do not have it."""
    named = [os.environ[name] for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if name in os.environ]
    if profile is None and len(set(named)) > 1:
        return None
    name = profile or (named[0] if named else "default")
    places = (
        Path(os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser(),
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser(),
    )
    try:
        config = load_config(str(places[0])) if places[0].exists() else {}
        shared = raw_config_parse(str(places[1])) if places[1].exists() else {}
    except (BotoCoreError, OSError, ValueError):
        return None
    own, secret = config.get("profiles", {}).get(name), shared.get(name)
    if (own is None and secret is None and name != "default") or "plugins" in config:
        return None
    return (own or {}, secret or {}) if {*(own or {}), *(secret or {})} <= _OF_PROFILES else None


def _environment_keys() -> Keys | None:
    key, secret = (os.environ.get(name.upper(), "") for name in _KEYS)
    return Keys(key, secret, os.environ.get("AWS_SESSION_TOKEN")) if key and secret else None


def _profile_keys(own: Mapping[str, str], shared: Mapping[str, str]) -> Keys | None:
    """The keys of one of the two files; None when none has them, or both do."""
    having = [each for each in (own, shared) if any(key in each for key in (*_KEYS, "aws_session_token"))]
    if len(having) != 1:
        return None
    key, secret = (having[0].get(name, "") for name in _KEYS)
    return Keys(key, secret, having[0].get("aws_session_token")) if key and secret else None


def _is_root(address: str) -> bool:
    """Whether an endpoint is scheme, host and port alone."""
    return re.fullmatch(r"https?://([\w.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?/?", address) is not None
