"""What git says of a checkout, for labels and tags: revision, branch, where it was cloned from. Reads only.

Must never fail a run by itself: where there is no git or no checkout, there is no source to tell.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from rajee_deploy.errors import DeployError
from rajee_deploy.process import find_program, run

if TYPE_CHECKING:
    from pathlib import Path

# https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
_LABELS = "org.opencontainers.image."
DIRTY_LABEL = "io.rajee-deploy.dirty"
_SECONDS = 20.0
_SCP = re.compile(r"(?:[^@/\s]+@)?([^@:/\s]+):(?!//)(.+)")  # git@host:owner/name.git


@dataclass(frozen=True, slots=True)
class Source:
    """A checkout. `revision` is HEAD's commit, `is_dirty` that its files differ from it (untracked ones count too).

    Each text is "" where git tells none (no commit yet, a detached HEAD, no remote).
    """

    revision: str = ""
    branch: str = ""
    url: str = ""
    is_dirty: bool = False


def read_source(directory: Path) -> Source:
    """The checkout that the directory lies in; an empty Source outside of one."""
    revision = _git(directory, "rev-parse", "--verify", "--quiet", "HEAD")
    if not revision:
        return Source()
    changed = _git(directory, "status", "--porcelain")
    branch = _git(directory, "symbolic-ref", "--short", "--quiet", "HEAD")
    url = _git(directory, "config", "--get", "remote.origin.url")
    return Source(revision, branch, public_address(url), bool(changed))


def labels(directory: Path) -> dict[str, str]:
    """The labels that tell where an image comes from. They are no inputs: what is in the image does not hang on them.

    `created` is SOURCE_DATE_EPOCH where that is set, else now.
    """
    source = read_source(directory)
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    at = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    found = {"created": stamp, "revision": source.revision, "source": source.url}
    named = {_LABELS + name: value for name, value in found.items() if value}
    return {**named, **({DIRTY_LABEL: "true"} if source.is_dirty else {})}


def public_address(url: str) -> str:
    """Where a repository can be looked at: https for ssh, without a user's name and password, which may be a token.

    "" for what is no address on the network: a path says nothing to others.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port and parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
    if parts.scheme in ("http", "https") and host:
        return urlunsplit((parts.scheme, host + port, parts.path, "", "")).removesuffix(".git")
    if parts.scheme in ("ssh", "git", "git+ssh") and host:
        return f"https://{host}{parts.path}".removesuffix(".git")
    match = _SCP.fullmatch(url) if "://" not in url else None
    return f"https://{match[1]}/{match[2].lstrip('/')}".removesuffix(".git") if match else ""


def _git(directory: Path, *arguments: str) -> str:
    """What git prints; "" when it fails or is not there."""
    git = find_program("git")
    if git is None:
        return ""
    try:
        ended = run([git, "--no-optional-locks", "-C", str(directory), *arguments], time_limit=_SECONDS)
    except DeployError:
        return ""
    return "\n".join(ended.tail).strip() if ended.code == 0 else ""
