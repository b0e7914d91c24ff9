"""The build cache that a team shares: from the settings' short forms to what buildx or buildah is told.

A cache is no input: it makes a build fast and never decides what is in the image. Pure but for the environment's
variables of GitHub Actions.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from rajee_deploy.model.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GITHUB = "gha"
_CONTINUED = re.compile(r"[\\`][ \t]*\n")  # a line that goes on, whichever sign says so
_MOUNT = re.compile(r"--mount=(\S+)")
_NO_FILES = re.compile(r"\btype=(cache|secret|ssh|tmpfs)\b")
# What the toolkit gives to actions alone (a step of `run:` gets it through an action that exports it).
_GITHUB_TOKEN = "ACTIONS_RUNTIME_TOKEN"  # noqa: S105 -- the name of a variable
_GITHUB_ADDRESSES = ("ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL")
# ECR takes a cache only as an image manifest with OCI media types.
# https://docs.docker.com/build/cache/backends/registry/
_REGISTRY_TO = "mode=max,image-manifest=true,oci-mediatypes=true"


def cache_flags(
    sources: Sequence[str], targets: Sequence[str], host: str, name: str, environment: Mapping[str, str] | None = None
) -> list[str]:
    """buildx's flags for the settings' `cache-from` and `cache-to`.

    `gha` counts in GitHub Actions alone; `type=…` is buildx's own syntax and stays as it is; anything else is a
    repository (of the image's own registry, `host`, when it names none) whose tag is the image's name by default.
    """
    environment = os.environ if environment is None else environment
    found = [f"--cache-from={text}" for each in sources if (text := _source(each, host, name, environment))]
    return found + [f"--cache-to={text}" for each in targets if (text := _target(each, host, name, environment))]


def layer_cache_flags(sources: Sequence[str], targets: Sequence[str], host: str) -> list[str]:
    """buildah's flags for the same settings. It keeps a layer to a tag, which it names after what made the layer, so
    that only the repository counts; `gha` and `type=…` are caches of BuildKit's that it cannot read."""
    flags = (("--cache-from", sources), ("--cache-to", targets))
    return [
        f"{flag}={cache_reference(text, host, 'any').rpartition(':')[0]}"
        for flag, given in flags
        for text in given
        if text != GITHUB and "=" not in text
    ]


def mounts_files(dockerfile: str) -> bool:
    """Whether a RUN of it mounts files of a stage, an image or a build context; rather too often than not."""
    mounts = _MOUNT.findall(_CONTINUED.sub("", dockerfile))
    return any("from=" in mount or not _NO_FILES.search(mount) for mount in mounts)


def _source(text: str, host: str, name: str, environment: Mapping[str, str]) -> str:
    if text == GITHUB:
        return f"type=gha,scope={name}" if _in_github(environment) else ""
    return text if "=" in text else f"type=registry,ref={cache_reference(text, host, name)}"


def _target(text: str, host: str, name: str, environment: Mapping[str, str]) -> str:
    if text == GITHUB:
        return f"type=gha,scope={name},mode=max" if _in_github(environment) else ""
    return text if "=" in text else f"type=registry,ref={cache_reference(text, host, name)},{_REGISTRY_TO}"


def cache_reference(text: str, host: str, name: str) -> str:
    """`team/cache` → `host/team/cache:name`; a host of its own or a tag of its own stays."""
    first, slash, rest = text.partition("/")
    is_host = bool(slash) and (bool(re.search(r"[.:]", first)) or first == "localhost")
    path = rest if is_host else text
    tag = "" if ":" in path.rpartition("/")[2] else f":{name.lower()}"
    return f"{text if is_host else f'{host}/{text}'}{tag}"


def cache_repositories(given: Sequence[str], images: Repository) -> Iterator[Repository]:
    """The ECR repositories among the settings' `cache-from` or `cache-to` of an image whose own one is `images`."""
    for text in given:
        # buildx's own syntax: of what it knows, only type=registry names a repository.
        fields = dict(field.partition("=")[::2] for field in text.split(","))
        if text == GITHUB or ("=" in text and fields.get("type") != "registry"):
            continue
        reference = cache_reference(fields.get("ref", "") if "=" in text else text, images.host, "any")
        place = reference.partition("@")[0]
        try:
            found = Repository.parse(place.rpartition(":")[0].removeprefix("/"))
        except ValueError:
            continue
        if found.host or place.startswith("/"):  # else it is another registry's, whose permissions are no matter of IAM
            yield found


def _in_github(environment: Mapping[str, str]) -> bool:
    addresses = any(environment.get(variable) for variable in _GITHUB_ADDRESSES)
    return environment.get("GITHUB_ACTIONS") == "true" and bool(environment.get(_GITHUB_TOKEN)) and addresses
