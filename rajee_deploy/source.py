"""What git says of a checkout, for labels and tags: revision, branch, where it was cloned from. Reads only.

Must never fail a run by itself: where there is no git or no checkout, there is no source to tell.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from rajee_deploy.process import find_program, run

if TYPE_CHECKING:
    from pathlib import Path

# https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
_LABELS = "org.opencontainers.image."
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Source:
    """A checkout. `revision` is HEAD's commit, with `-dirty` behind it when tracked files differ from it; each part is
    "" where git tells none (no commit yet, a detached HEAD, no remote). `committed` is the commit's time in seconds
    since 1970, None where tracked files differ from it."""

    revision: str = ""
    branch: str = ""
    url: str = ""
    committed: int | None = None


def read_source(directory: Path) -> Source:
    """The checkout that the directory lies in; an empty Source outside of one."""
    revision = _git(directory, "rev-parse", "--verify", "--quiet", "HEAD")
    if not revision:
        return Source()
    changed = _git(directory, "status", "--porcelain", "--untracked-files=no")
    branch = _git(directory, "symbolic-ref", "--short", "--quiet", "HEAD")
    url = _git(directory, "config", "--get", "remote.origin.url")
    at = "" if changed else _git(directory, "log", "-1", "--format=%ct")
    committed = int(at) if at.isdecimal() else None
    return Source(revision + ("-dirty" if changed else ""), branch, without_login(url), committed)


def labels(directory: Path) -> dict[str, str]:
    """The labels that tell where an image comes from. They are no inputs: what is in the image does not hang on them.

    `created` is SOURCE_DATE_EPOCH, else the commit's time, else (where files differ from it) now: an image that
    expired and is built again from the cache of the same engine then has the digest that it had, which is what tasks
    that run by a digest ask for.
    """
    source = read_source(directory)
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(epoch) if epoch.isdecimal() else source.committed
    at = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    found = {"created": at.isoformat(timespec="seconds"), "revision": source.revision, "source": source.url}
    return {_LABELS + name: value for name, value in found.items() if value}


def without_login(url: str) -> str:
    """The address without a user's name and password, which may be a token."""
    if "://" not in url:
        return url  # git@host:path and local paths carry none
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _git(directory: Path, *arguments: str) -> str:
    """What git prints; "" when it fails or is not there."""
    if find_program("git") is None:
        return ""
    ended = run(["git", "--no-optional-locks", "-C", str(directory), *arguments], time_limit=_SECONDS)
    return "\n".join(ended.tail).strip() if ended.code == 0 else ""
