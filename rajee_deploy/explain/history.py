"""git, as far as explanations need it: revisions, and a private checkout that is moved from one to the next.

The repository is only read: the checkout has an index of its own and lies in a temporary directory, so that neither
the user's index nor the list of worktrees changes, whatever ends us. No hook runs. What git would convert on checkout
(line ends, large files) is converted, and `export-ignore` has no say, as in the user's own checkout.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy import process
from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TAG = r"c-[0-9a-f]{6,40}\Z"
# Whatever the user's configuration says: no hook, nothing kept beside the index, all files.
_QUIET = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.splitIndex=false", "core.sparseCheckout=false",
    "submodule.recurse=false", "advice.detachedHead=false",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout's top directory and its git directory, both absolute."""

    top: Path
    git_directory: Path


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's full id and the first line of its message."""

    id: str
    subject: str


def find_repository(start: Path) -> Repository:
    """The repository that a directory lies in. DeployError `no-repository`."""
    ended, lines = _git(["-C", str(start), "rev-parse", "--show-toplevel", "--absolute-git-dir"])
    if ended.code or len(lines) != 2:  # noqa: PLR2004 -- one line for each question
        raise DeployError(
            "no-repository", "this is no checkout of a git repository", where=str(start),
            cause="\n".join(ended.tail), hint="run it inside one",
        )  # fmt: skip
    return Repository(Path(lines[0]), Path(lines[1]))


def find_commit(repository: Repository, revision: str) -> str:
    """The full id of the commit that a revision names. DeployError `unknown-revision`."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    ended, lines = _git([f"--git-dir={repository.git_directory}", *asked])
    if not ended.code and lines:
        return lines[-1]
    hint = "name a branch, a git tag or a commit; in a shallow clone, git fetch --unshallow brings the older ones"
    if re.match(_TAG, revision):
        hint = "an image's tag is no git revision; --since takes it whole: the prefix and 40 digits"
    raise DeployError("unknown-revision", f"git knows no revision {revision!r}", where=str(repository.top), hint=hint)


def ignored_paths(repository: Repository) -> tuple[str, ...]:
    """What git ignores of the checkout, from its top; a directory ends in `/`. Empty when git cannot tell."""
    asked = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    ended, lines = _git(["-C", str(repository.top), *asked])
    return tuple(filter(None, "\n".join(lines).split("\0"))) if not ended.code else ()


def first_parents(repository: Repository, count: int) -> tuple[Commit, ...]:
    """The last `count` commits that HEAD went through, the oldest first; merges count once."""
    asked = ["log", "--first-parent", f"--max-count={count}", "--no-show-signature", "--format=%H %s", "HEAD", "--"]
    ended, lines = _git([f"--git-dir={repository.git_directory}", *asked])
    if ended.code:
        raise _failed("git log", ended)
    matches = (re.match(r"([0-9a-f]{40,64}) ?(.*)", line) for line in lines)
    return tuple(Commit(found[1], found[2]) for found in matches if found)[::-1]


class Checkout:
    """A private checkout in `directory`; empty until it is moved to a commit."""

    def __init__(self, repository: Repository, directory: Path, index: Path) -> None:
        self.directory = directory
        self._repository = repository
        self._index = index

    def move_to(self, commit: str) -> None:
        """Make the files those of a commit; only what differs is written."""
        where = [f"--git-dir={self._repository.git_directory}", f"--work-tree={self.directory}"]
        # From the top of the checkout: where we are may not exist in it.
        ended, _ = _git(
            [*where, "read-tree", "--reset", "-u", commit],
            cwd=self.directory, env={"GIT_INDEX_FILE": str(self._index)},
        )  # fmt: skip
        if ended.code:
            raise _failed(f"git read-tree of {commit[:12]}", ended)


@contextmanager
def private_checkout(repository: Repository) -> Iterator[Checkout]:
    """A checkout that is removed on every exit."""
    with tempfile.TemporaryDirectory(prefix="rajee-deploy-") as made:
        place = Path(os.path.realpath(made))
        tree = place / "tree"
        tree.mkdir()
        yield Checkout(repository, tree, place / "index")


def _git(
    arguments: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[process.Completed, list[str]]:
    """Run git; how it ended, and all that it printed."""
    lines: list[str] = []
    options = [option for setting in _QUIET for option in ("-c", setting)]
    own = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **(env or {})}
    ended = process.run(["git", *options, *arguments], cwd=cwd, env=own, on_line=lines.append)
    return ended, lines


def _failed(what: str, ended: process.Completed) -> DeployError:
    return DeployError("git-failed", f"{what} failed ({ended.code})", cause="\n".join(ended.tail[-5:]))
