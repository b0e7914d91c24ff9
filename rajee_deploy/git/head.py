"""Which branch and commit is checked out, for people: read from git's own files, in less than git takes to start.

Nothing may be decided by it: `find_commit_id` asks git itself. Where the files are not as they mostly are (refs kept in
another format, a checkout that is no repository), it says nothing.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.git.layout import directories_of, enclosing
from rajee_deploy.system.regular_files import read_text
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BRANCH = "refs/heads/"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Head(NamedTuple):
    """A branch ("" where none is checked out) and a commit's full id."""

    branch: str
    commit: str


def find_head(start: Path) -> Head | None:
    """What is checked out where a directory lies; None where that is not plain to see."""
    found = enclosing(start)
    if found is None:
        return None
    directories = directories_of(found[0])
    with suppress(OSError, ValueError):  # what is wrong there, git tells to who asks it
        text = read_text(directories[0] / "HEAD").strip()
        if _COMMIT.fullmatch(text):
            return Head("", text)
        reference = text.removeprefix("ref:").strip()
        commit = _commit_of(reference, directories)
        branch = reference.removeprefix(_BRANCH) if reference.startswith(_BRANCH) else ""
        return Head(branch, commit) if commit else None
    return None


def _commit_of(reference: str, directories: Sequence[Path]) -> str:
    if ".." in reference or reference.startswith("/"):
        return ""
    for directory in directories:
        with suppress(FileNotFoundError):
            text = read_text(directory / reference).strip()
            return text if _COMMIT.fullmatch(text) else ""
    with suppress(FileNotFoundError):
        for line in lines_of(read_text(directories[-1] / "packed-refs")):
            commit, _, name = line.partition(" ")
            if name == reference and _COMMIT.fullmatch(commit):
                return commit
    return ""
