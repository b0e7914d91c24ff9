"""The only door to git: which revision this is, and which of two is the older. `checkout` has the files of a revision.

The repository is only read, and no hook runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from rajee_deploy import process
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import Ancestry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SCP = re.compile(r"(?:[^@/\s]+@)?([^@:/\s]+):(?!//)(.+)")  # git@host:owner/name.git
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


@dataclass(frozen=True, slots=True)
class Revision:
    """What is checked out: the commit's full id, whether tracked files differ from it, the branch ("" when none is),
    where others can look at it (`origin` as https and without a login, "" where it is no address on the network), and
    the commit's time in seconds since 1970."""

    id: str
    is_dirty: bool
    branch: str = ""
    source: str = ""
    committed: int = 0


def find_revision(directory: Path) -> Revision | None:
    """The revision that a directory is checked out at; None outside of a repository, before its first commit, and where
    git is not installed."""
    if process.find_program("git") is None:
        return None
    where = ["-C", str(directory)]
    ended, lines = run_git([*where, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
    if ended.code or not lines:
        return None
    ended, changed = run_git([*where, "status", "--porcelain", "--untracked-files=no"])
    return Revision(
        lines[-1],
        is_dirty=bool(ended.code or changed),
        branch=_first(run_git([*where, "symbolic-ref", "--quiet", "--short", "HEAD"])),
        source=public_address(_first(run_git([*where, "config", "--get", "remote.origin.url"]))),
        committed=int(_first(run_git([*where, "log", "-1", "--no-show-signature", "--format=%ct"])) or 0),
    )


def describe_commit(repository: Repository, commit: str) -> Revision:
    """A commit as if it were checked out without a change, on no branch."""
    where = [f"--git-dir={repository.git_directory}"]
    return Revision(
        commit,
        is_dirty=False,
        source=public_address(_first(run_git([*where, "config", "--get", "remote.origin.url"]))),
        committed=int(_first(run_git([*where, "log", "-1", "--no-show-signature", "--format=%ct", commit, "--"])) or 0),
    )


def find_subject(directory: Path, commit: str) -> str:
    """The first line of a commit's message; "" where git does not know the commit, or is not there."""
    if process.find_program("git") is None or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return ""
    return _first(run_git(["-C", str(directory), "log", "-1", "--no-show-signature", "--format=%s", commit, "--"]))


def ancestry(directory: Path, one: str, other: str) -> Ancestry:
    """How commit `one` stands to commit `other`. UNKNOWN where git lacks one of them, as in a shallow clone: what it
    lacks cannot be told from what never was."""
    if one == other:
        return Ancestry.SAME
    if process.find_program("git") is None or not all(re.fullmatch(r"[0-9a-f]{40,64}", each) for each in (one, other)):
        return Ancestry.UNKNOWN
    answers = [_is_ancestor(directory, *pair) for pair in ((one, other), (other, one))]
    if None in answers:
        return Ancestry.UNKNOWN
    if True in answers:
        return Ancestry.OLDER if answers[0] else Ancestry.NEWER
    is_shallow = _first(run_git(["-C", str(directory), "rev-parse", "--is-shallow-repository"])) != "false"
    return Ancestry.UNKNOWN if is_shallow else Ancestry.DIVERGED


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


def find_repository(start: Path) -> Repository:
    """The repository that a directory lies in. DeployError `no-checkout`."""
    ended, lines = run_git(["-C", str(start), "rev-parse", "--show-toplevel", "--absolute-git-dir"])
    if ended.code or len(lines) != 2:  # noqa: PLR2004 -- one line for each question
        raise DeployError(
            "no-checkout", "this is no checkout of a git repository", where=str(start),
            cause="\n".join(ended.tail), hint="run it inside one",
        )  # fmt: skip
    return Repository(Path(lines[0]), Path(lines[1]))


def find_commit(repository: Repository, revision: str) -> str:
    """The full id of the commit that a revision names. DeployError `unknown-revision`."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    ended, lines = run_git([f"--git-dir={repository.git_directory}", *asked])
    if not ended.code and lines:
        return lines[-1]
    hint = "name a branch, a git tag or a commit; in a shallow clone, git fetch --unshallow brings the older ones"
    if re.match(_TAG, revision):
        hint = "an image's tag is no git revision; --since takes it whole: the prefix and 40 digits"
    raise DeployError("unknown-revision", f"git knows no revision {revision!r}", where=str(repository.top), hint=hint)


def ignored_paths(repository: Repository) -> tuple[str, ...]:
    """What git ignores of the checkout, from its top; a directory ends in `/`. Empty when git cannot tell."""
    asked = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    ended, lines = run_git(["-C", str(repository.top), *asked])
    return tuple(filter(None, "\n".join(lines).split("\0"))) if not ended.code else ()


def first_parents(repository: Repository, count: int) -> tuple[Commit, ...]:
    """The last `count` commits that HEAD went through, the oldest first; merges count once."""
    asked = ["log", "--first-parent", f"--max-count={count}", "--no-show-signature", "--format=%H %s", "HEAD", "--"]
    ended, lines = run_git([f"--git-dir={repository.git_directory}", *asked])
    if ended.code:
        raise git_failed("git log", ended)
    matches = (re.match(r"([0-9a-f]{40,64}) ?(.*)", line) for line in lines)
    return tuple(Commit(found[1], found[2]) for found in matches if found)[::-1]


def _is_ancestor(directory: Path, one: str, other: str) -> bool | None:
    """Whether `one` is an ancestor of `other`; None where git cannot say."""
    ended, _ = run_git(["-C", str(directory), "merge-base", "--is-ancestor", one, other])
    return {0: True, 1: False}.get(ended.code)


def _first(answer: tuple[process.Completed, list[str]]) -> str:
    ended, lines = answer
    return lines[0] if lines and not ended.code else ""


def run_git(
    arguments: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[process.Completed, list[str]]:
    """Run git; how it ended, and all that it printed."""
    lines: list[str] = []
    options = [option for setting in _QUIET for option in ("-c", setting)]
    own = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **(env or {})}
    ended = process.run(["git", *options, *arguments], cwd=cwd, env=own, on_line=lines.append)
    return ended, lines


def git_failed(what: str, ended: process.Completed) -> DeployError:
    """The error for a call that should have worked."""
    return DeployError("git-failed", f"{what} failed ({ended.code})", cause="\n".join(ended.tail[-5:]))
