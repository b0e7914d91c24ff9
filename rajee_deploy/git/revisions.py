"""What git knows: which revision this is, and which of two is the older. `checkout` has the files of a revision.

The repository is only read, and nothing that it configures runs: see `call`.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.git.call import GitAnswer, GitDirectories, ask, is_installed, refusal
from rajee_deploy.git.changes import is_changed
from rajee_deploy.git.place import enclosing_repository
from rajee_deploy.plan.state import Ancestry
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from pathlib import Path

_SCP = re.compile(r"(?:[^@/\s]+@)?([^@:/\s]+):(?!//)(.+)")  # git@host:owner/name.git
_TAG = r"c-[0-9a-f]{6,40}\Z"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = "refs/heads/"


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


def find_commit_id(directory: Path) -> str:
    """The full id of the commit that a directory is checked out at; "" outside of a repository, before its first
    commit, and where git is not installed. No file of the checkout is looked at.

    DeployError `git-refused` where there is a repository and git says nothing of it.
    """
    repository = enclosing_repository(directory)
    return _head(repository) if repository is not None else ""


def find_revision(directory: Path, *, is_compared: bool = True) -> Revision | None:
    """The revision that a directory is checked out at; otherwise as `find_commit_id`, with None for "".

    Only where it `is_compared` are tracked files looked at; else nothing differs.
    """
    repository = enclosing_repository(directory)
    commit = _head(repository) if repository is not None else ""
    if repository is None or not commit:
        return None
    name = ask(["symbolic-ref", "--quiet", "HEAD"], repository).first
    found = describe_commit(repository, commit)
    branch = name.removeprefix(_BRANCH) if name.startswith(_BRANCH) else ""
    return replace(found, is_dirty=is_compared and is_changed(repository), branch=branch)


def _head(repository: GitDirectories) -> str:
    answer = ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], repository)
    if answer.is_given and _COMMIT.fullmatch(answer.first):
        return answer.first
    if answer.ended.code == 1 and not answer.ended.tail:
        return ""
    raise refusal(repository.top, answer)


def describe_commit(repository: GitDirectories, commit: str) -> Revision:
    """A commit as if it were checked out without a change, on no branch."""
    url = ask(["config", "--get", "remote.origin.url"], repository).first
    return Revision(commit, is_dirty=False, source=public_address(url), committed=_seconds(repository, commit))


def commit_time(directory: Path, commit: str) -> int:
    """When a commit was made, in seconds since 1970; 0 where git does not know it, or says nothing."""
    if not _COMMIT.fullmatch(commit):
        return 0
    try:
        repository = enclosing_repository(directory)
        return _seconds(repository, commit) if repository is not None else 0
    except DeployError:  # it is asked for the record of a run that has ended, and must not end it otherwise
        return 0


def _seconds(repository: GitDirectories, commit: str) -> int:
    asked = ["rev-list", "--max-count=1", "--timestamp", commit, "--"]
    return whole(ask(asked, repository).first.partition(" ")[0]) or 0


def find_subject(directory: Path, commit: str) -> str:
    """The first line of a commit's message; "" where git does not know the commit, or says nothing."""
    if not _COMMIT.fullmatch(commit):
        return ""
    try:
        repository = enclosing_repository(directory)
    except DeployError:
        return ""
    if repository is None:
        return ""
    asked = ["rev-list", "--max-count=1", "--encoding=UTF-8", "--format=%s", commit, "--"]
    return ask(asked, repository).text.partition("\n")[2].partition("\n")[0]


def ancestry(directory: Path, one: str, other: str) -> Ancestry:
    """How commit `one` stands to commit `other`. UNKNOWN where git lacks one of them, as in a shallow clone: what it
    lacks cannot be told from what never was."""
    if one == other:
        return Ancestry.SAME
    if not all(_COMMIT.fullmatch(each) for each in (one, other)):
        return Ancestry.UNKNOWN
    try:
        repository = enclosing_repository(directory)
    except DeployError:
        return Ancestry.UNKNOWN
    return _ancestry(repository, one, other) if repository is not None else Ancestry.UNKNOWN


def _ancestry(repository: GitDirectories, one: str, other: str) -> Ancestry:
    answers = [_is_ancestor(repository, *pair) for pair in ((one, other), (other, one))]
    if None in answers:
        return Ancestry.UNKNOWN
    if True in answers:
        return Ancestry.OLDER if answers[0] else Ancestry.NEWER
    is_shallow = ask(["rev-parse", "--is-shallow-repository"], repository).first != "false"
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


def find_repository(start: Path) -> GitDirectories:
    """The repository that a directory lies in. DeployErrors `no-checkout` and `git-refused`."""
    repository = enclosing_repository(start)
    if repository is not None:
        return repository
    if not is_installed():
        raise DeployError(
            "no-checkout", "git is not installed, and only git knows", where=str(start), hint="install git"
        )
    hint = "run it inside one, with a commit at least"
    if os.environ.get("GIT_DIR"):  # a hook has it for its own repository
        hint = f"GIT_DIR is not followed: write `gitdir: {os.environ['GIT_DIR']}` into a file .git at the top"
    problem = "this is no checkout of a git repository"
    raise DeployError("no-checkout", problem, where=str(start.absolute()), hint=hint)


def find_commit(repository: GitDirectories, revision: str) -> str:
    """The full id of the commit that a revision names. DeployErrors `unknown-revision`, `git-refused`."""
    answer = ask(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], repository)
    if answer.is_given and answer.first:
        return answer.first
    if answer.ended.timed_out:
        raise refusal(repository.top, answer)
    hint = "name a branch, a git tag or a commit; in a shallow clone, git fetch --unshallow brings the older ones"
    if re.match(_TAG, revision):
        hint = "an image's tag is no git revision; --since takes it whole: the prefix and 40 digits"
    raise DeployError("unknown-revision", f"git knows no revision {revision!r}", where=str(repository.top), hint=hint)


def ignored_paths(repository: GitDirectories) -> tuple[str, ...]:
    """What git ignores of the checkout, from its top; a directory ends in `/`. Empty when git cannot tell."""
    return ask(["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"], repository).rows


def first_parents(repository: GitDirectories, count: int) -> tuple[Commit, ...]:
    """The last `count` commits that HEAD went through, the oldest first; merges count once."""
    form = ["--encoding=UTF-8", "--format=%H %s"]
    answer = ask(["rev-list", "--first-parent", f"--max-count={count}", *form, "HEAD", "--"], repository)
    if not answer.is_given:
        raise git_failed("git rev-list", answer)
    matches = (re.match(r"([0-9a-f]{40,64}) ?(.*)", line) for line in answer.text.split("\n"))
    return tuple(Commit(found[1], found[2]) for found in matches if found)[::-1]


def _is_ancestor(repository: GitDirectories, one: str, other: str) -> bool | None:
    """Whether `one` is an ancestor of `other`; None where git cannot say."""
    return {0: True, 1: False}.get(ask(["merge-base", "--is-ancestor", one, other], repository).ended.code)


def git_failed(what: str, answer: GitAnswer) -> DeployError:
    """The error for a call that should have worked."""
    lacks = "promisor remote" in answer.words or "lazy fetching" in answer.words
    hint = (
        "this clone lacks what was asked for, and nothing is fetched here: git fetch --refetch brings it"
        if lacks
        else ""
    )
    quote = Quote(tuple(answer.words.split("\n")))
    return DeployError("git-failed", f"{what} failed ({answer.ended.code})", hint=hint, quote=quote)
