"""What a build gets from its surroundings, without a flag of ours: from the environment, and from docker's settings.

Two machines must not make two contents of one tag, so each of these counts, is kept away, or changes no content. The
table says which; it was read in buildx (v0.13.1 and at commit 461836ba) and docker's CLI, and tests hold it against the
real ones. What takes a flag (`--add-host`, `--allow`, `--cgroup-parent`, `--network`, `--sbom`, `--shm-size`,
`--ulimit`, `--annotation`) we never give. Reads the environment and docker's configuration; runs nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model import Digest
from rajee_deploy.system.places import user_docker_config
from rajee_deploy.system.regular_files import DOCUMENT, read_json, read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping


class Treatment(Enum):
    """What becomes of it."""

    COUNTED = "an input of the hash"
    KEPT_AWAY = "kept from the build"
    NO_EFFECT = "changes no content"


class Ambient(NamedTuple):
    """One thing that buildx or docker's CLI takes by itself, and why it is treated as it is."""

    name: str
    treatment: Treatment
    why: str


EPOCH = "SOURCE_DATE_EPOCH"
POLICY = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"
_COUNTED, _KEPT_AWAY, _NO_EFFECT = Treatment
TABLE = (
    Ambient(EPOCH, _COUNTED, "a build argument that dates the image; one that is given goes before it"),
    Ambient("proxies in config.json", _COUNTED, "build arguments; each counts where the Dockerfile declares it"),
    Ambient(POLICY, _COUNTED, "its rules may put other sources in the place of those that are named"),
    Ambient("BUILDX_GIT_LABELS", _KEPT_AWAY, "labels of the repository around the private copy, not of the user's"),
    Ambient("BUILDX_GIT_INFO", _KEPT_AWAY, "provenance would name the repository around the private copy"),
    Ambient("BUILDX_GIT_CHECK_DIRTY", _NO_EFFECT, "goes with the two above"),
    Ambient("BUILDX_NO_DEFAULT_ATTESTATIONS", _NO_EFFECT, "--provenance is always given, and there is no SBOM"),
    Ambient("BUILDX_NO_DEFAULT_OCI_ARTIFACT", _NO_EFFECT, "the form of attestations"),
    Ambient("BUILDX_NO_DEFAULT_LOAD", _NO_EFFECT, "--push is always given"),
    Ambient("BUILDX_METADATA_PROVENANCE", _NO_EFFECT, "what the metadata file tells"),
    Ambient("BUILDX_METADATA_WARNINGS", _NO_EFFECT, "what the metadata file tells"),
    Ambient("BUILDX_SEND_GIT_QUERY_AS_INPUT", _NO_EFFECT, "how git sources of the main context are named; it is local"),
    Ambient("BUILDX_DEFAULT_POLICY", _NO_EFFECT, "refuses sources, replaces none"),
    Ambient("BUILDX_EXPERIMENTAL", _NO_EFFECT, "more flags, which are not given"),
    Ambient("BUILDKIT_PROGRESS", _NO_EFFECT, "--progress is always given"),
    Ambient("BUILDKIT_COLORS", _NO_EFFECT, "how progress looks"),
    Ambient("DOCKER_DEFAULT_PLATFORM", _NO_EFFECT, "--platform is always given"),
    Ambient("DOCKER_BUILDKIT", _NO_EFFECT, "chooses between builders of `docker build`; `docker buildx` has one"),
    Ambient(
        "DOCKER_HOST, DOCKER_CONTEXT, BUILDX_BUILDER, BUILDX_CONFIG, BUILDKIT_HOST", _NO_EFFECT, "which engine builds"
    ),
    Ambient("the builder's own cache", _NO_EFFECT, "keyed by all that a step reads"),
    Ambient("ACTIONS_RUNTIME_TOKEN and its kin", _NO_EFFECT, "the login of a cache that cache-to names"),
)
# The environment that keeps away what the table says is kept away.
NEUTRAL = {each.name: "false" for each in TABLE if each.treatment is _KEPT_AWAY}
# Of docker's `proxies`, what buildx passes, by these names alone: no `allProxy`, and no copy in lower case.
PROXIES = {"httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "noProxy": "NO_PROXY", "ftpProxy": "FTP_PROXY"}
_SOCKET = "unix:///var/run/docker.sock"
_BY_SSH = "http://docker.example.com"  # what docker's CLI calls an engine that it talks to by ssh
_PORT = 2375
_EARLIEST, _LATEST = -62_167_219_200, 253_402_300_799  # the years 0 and 9999
_LONGEST = 11  # digits of a date in seconds until 5138


def proxies(builder: str | None, given: Mapping[str, str]) -> dict[str, str]:
    """The build arguments that docker makes of the proxies in the user's configuration: those under the address of the
    engine that the docker command talks to go before `default`. One that is given in whatever case goes before them, as
    in newer versions of buildx."""
    try:
        document = _document(user_docker_config() / "config.json")
        tables = document.get("proxies") or {}
        table = tables[address] if tables and (address := _address(document, builder)) in tables else None
        table = tables.get("default") if table is None else table
        named = {PROXIES[key]: str(value) for key, value in (table or {}).items() if key in PROXIES and value}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # docker itself says what is wrong with it when it builds
    taken = {name.upper() for name in given}
    return {name: value for name, value in named.items() if name not in taken}


def check_epoch(value: str, where: str) -> None:
    """ConfigurationError `bad-epoch` for a SOURCE_DATE_EPOCH with which a build fails, or whose date no hash knows.

    BuildKit reads a whole number of seconds (Go's ParseInt), writes it as a date, which has a year of four digits, and
    takes none for "". The newest take the name of a stage or a named context for the date of that: what it comes to is
    in no file that is read.
    """
    if not value or (re.fullmatch(r"[+-]?[0-9]{1,20}", value) and _EARLIEST <= int(value) <= _LATEST):
        return
    digits = value.removeprefix("-")
    in_seconds = (
        f"; this looks like milliseconds: {value[:-3]}" if digits.isdecimal() and len(digits) > _LONGEST else ""
    )
    raise ConfigurationError(
        "bad-epoch",
        f"{value!r} is no date in whole seconds since 1970",
        where=where,
        hint=f"for the date of the commit: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct){in_seconds}",
    )


def source_policy() -> Digest | None:
    """The digest of the source policy that buildx follows, None without one. DeployError where it cannot be read."""
    path = os.environ.get(POLICY)
    if not path:
        return None
    try:
        return Digest("sha256", hashlib.sha256(read_regular(path, DOCUMENT)).hexdigest())
    except OSError as error:
        raise DeployError(
            "unreadable",
            "the source policy cannot be read",
            where=path,
            cause=error.strerror or str(error),
            hint=f"correct the path in {POLICY}, or unset {POLICY} (buildx cannot read it either), then run again",
        ) from error


def _address(document: Mapping[str, Any], builder: str | None) -> str:
    """The address of the engine, as docker's CLI calls it. A `builder` that buildx does not know is a docker context,
    and the docker command is told to use that."""
    own = os.environ.get("BUILDX_CONFIG") or user_docker_config() / "buildx"
    if builder and not (Path(own) / "instances" / builder.lower()).exists():
        return _of_context(builder)
    host = os.environ.get("DOCKER_HOST", "").strip()
    if host:
        return _normalise(host)
    return _of_context(os.environ.get("DOCKER_CONTEXT") or document.get("currentContext") or "default")


def _of_context(name: str) -> str:
    if name == "default":
        return _SOCKET
    folder = hashlib.sha256(name.encode()).hexdigest()
    meta = _document(user_docker_config() / "contexts" / "meta" / folder / "meta.json")
    return _by_ssh(meta["Endpoints"]["docker"].get("Host") or _SOCKET)


def _normalise(host: str) -> str:
    """DOCKER_HOST as docker's CLI reads it (ParseHost in its opts/hosts.go)."""
    scheme, mark, rest = host.partition("://")
    if not mark:
        scheme, rest = "tcp", host
    if scheme == "unix":
        return host if rest else _SOCKET
    if scheme != "tcp":
        return _by_ssh(host)
    place, slash, path = rest.partition("/")
    found = re.fullmatch(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d*))?", place)
    if found is None:
        raise ValueError(host)
    return f"tcp://{found['host'] or 'localhost'}:{found['port'] or _PORT}{slash}{path}"


def _by_ssh(address: str) -> str:
    return _BY_SSH if address.startswith("ssh://") else address


def _document(path: Path) -> Mapping[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds no object")  # noqa: TRY004 -- one kind of error for all of this
    return document
