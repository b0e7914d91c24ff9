"""What a name outside the Dockerfile refers to: an image, a git repository, a URL, a named build context.

Owns the grammar of references. Must never ask a registry what stands behind one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import is_local_context
from rajee_deploy.model.repository import TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCRATCH = "scratch"
RESERVED = (SCRATCH, "context")
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = (
    rf"(?P<name>(?:{_HOST}(?::[0-9]+)?/)?{_PART}(?:/{_PART})*)"
    rf"(?::(?P<tag>{TAG}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?\Z"
)
_DIGESTS = r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}"
_HEX = r"[a-f0-9]{64}\Z"
_MAX_NAME = 255
_SCHEME = r"([a-zA-Z0-9]+)://"
_SCP = r"(?s)[a-zA-Z0-9_-]+@[a-zA-Z0-9.-]+:.*\Z"
_FRONTENDS = ("docker/dockerfile", "docker/dockerfile-upstream")
# Docker Hub by all its names, and the public places where Docker's own `docker/…` images are the same: Google's mirror
# of Docker Hub, and the namespace `docker` of Amazon's public registry, which is Docker's. Anybody else's registry may
# have a `docker/dockerfile` that is something else, so those are known by the settings alone.
_HUBS = ("docker.io", "registry-1.docker.io", "registry.hub.docker.com", "mirror.gcr.io", "public.ecr.aws")


class Image(NamedTuple):
    """An image reference, normalised: `name` with its registry, `tag` and `digest` empty where there is none."""

    name: str
    tag: str
    digest: str

    @property
    def familiar(self) -> str:
        """As people write it: without Docker Hub's own prefixes, and without the tag `latest`."""
        name = self.name.removeprefix("docker.io/")
        name = name.removeprefix("library/") if name.count("/") == 1 else name
        if self.digest:
            return f"{name}{self.tag and f':{self.tag}'}@{self.digest}"
        return name if self.tag in ("", "latest") else f"{name}:{self.tag}"


def parse_image(text: str) -> Image:
    """Read an image reference as the distribution library normalises it. ValueError says what is wrong with it."""
    if re.match(_HEX, text):
        raise ValueError("64 hex digits are an image's identifier, not its name")
    domain, slash, rest = text.partition("/")
    if not slash or ("." not in domain and ":" not in domain and domain != "localhost" and domain.lower() == domain):
        domain, rest = "docker.io", text
    domain = "docker.io" if domain == "index.docker.io" else domain
    if domain == "docker.io" and "/" not in rest:
        rest = f"library/{rest}"
    path = re.split("[:@]", rest, maxsplit=1)[0]
    if path.lower() != path:
        raise ValueError("an image's name must be in lower case")
    found = re.match(_REFERENCE, f"{domain}/{rest}")
    if not found or len(found["name"]) > _MAX_NAME + len(domain):
        raise ValueError("it is no image reference")
    if found["digest"] and not re.fullmatch(_DIGESTS, found["digest"]):
        raise ValueError("its digest is malformed")
    return Image(found["name"], found["tag"] or "", found["digest"] or "")


def is_known_frontend(reference: str, mirrors: Iterable[str] = ()) -> bool:
    """Whether a `# syntax=` names Docker's own Dockerfile frontend, at whatever tag or digest: on Docker Hub, or on one
    of the `mirrors` of it, each a host with the path before `docker/dockerfile`."""
    try:
        name = parse_image(reference).name
    except ValueError:
        return False
    return any(name == f"{place}/{frontend}" for place in (*_HUBS, *mirrors) for frontend in _FRONTENDS)


def possible_mirror(reference: str) -> str:
    """What the settings would have to name for a `# syntax=` to be Docker's, "" where it cannot be."""
    try:
        name = parse_image(reference).name
    except ValueError:
        return ""
    return next((name[: -len(each) - 1] for each in _FRONTENDS if name.endswith(f"/{each}")), "")


def is_remote(source: str) -> bool:
    """Whether a source of ADD is fetched: an http(s) URL or a git repository."""
    return source.startswith(("http://", "https://")) or is_git(source)


def is_git(source: str) -> bool:
    """Whether a source is a git repository: `git://`, `ssh://`, `git@host:path`, or an http(s) URL of a `.git`."""
    if source.startswith(("./", "../", "github.com/")):
        return False
    scheme = re.match(_SCHEME, source)
    if scheme:
        path = re.split("[?#]", source[scheme.end() :], maxsplit=1)[0]
        kind = scheme[1].lower()
        return kind in ("git", "ssh") or (kind in ("http", "https") and "/" in path and path.endswith(".git"))
    return bool(re.match(_SCP, source))


class NamedContexts:
    """The named build contexts of a build, found by the names that BuildKit looks for."""

    def __init__(self, contexts: Mapping[str, str], platform: str) -> None:
        """ConfigurationError `bad-context-name` for a name that no engine takes."""
        for name in contexts:
            _check_context_name(name)
        self._platform = platform
        self._values = contexts
        self._names = {_context_key(name): name for name in contexts}

    def find(self, name: str) -> str | None:
        """The key of the named context that replaces a stage or an image, or None."""
        if not self._names or name.lower() in RESERVED:
            return None
        key = _context_key(name)
        return self._names.get(f"{key}::{self._platform}", self._names.get(key))

    def value(self, key: str) -> str:
        """What the context is: a directory, or a reference with its scheme."""
        return self._values[key]

    def is_local(self, key: str) -> bool:
        return is_local_context(self._values[key])

    def locals(self) -> list[str]:
        """The keys of all that are directories."""
        return [key for key in self._values if self.is_local(key)]


def _check_context_name(name: str) -> None:
    """buildx reads every name as an image's (build.ParseContextNames), whether or not the Dockerfile uses it."""
    try:
        parse_image(name.partition("::")[0])
    except ValueError as error:
        hint = f"--build-context {name.lower()}=…" if name.lower() != name else "names are like those of images"
        raise ConfigurationError(
            "bad-context-name", f"a build context cannot be called {name!r}", cause=str(error), hint=hint
        ) from error


def _context_key(name: str) -> str:
    try:
        return parse_image(name).familiar
    except ValueError:
        return name
