"""The commit that a build context is at. Reads git; never fails, for no build depends on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rajee_deploy import process
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 20.0
_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit's full id, and whether the checkout differed from it."""

    id: str
    dirty: bool


def find_revision(directory: Path) -> Revision | None:
    """The commit that a directory is at; None outside of a repository, before its first commit, or without git."""
    found = _git(directory, "rev-parse", "--verify", "HEAD")
    if not found or not re.fullmatch(r"[0-9a-f]{40,64}", found[-1]):
        return None
    changes = _git(directory, "status", "--porcelain")
    # What cannot be told to be clean is not.
    return Revision(found[-1], dirty=changes is None or bool(changes))


def _git(directory: Path, *arguments: str) -> list[str] | None:
    lines: list[str] = []
    argv = ["git", "-C", str(directory), "-c", "core.fsmonitor=false", *arguments]
    try:
        ended = process.run(argv, env=_QUIET, on_line=lines.append, time_limit=_SECONDS)
    except DeployError:  # no git
        return None
    return lines if ended.code == 0 else None
