"""How git is started: the only place that does it, and the one list of what it is asked.

A checkout may be a stranger's, and git runs programs that a repository's configuration names: filters, hooks, file
system monitors, whatever fetches what a partial clone lacks. None of them runs here. Every call is told so on its
command line, which comes before all files of configuration; what goes by a name of the repository's choosing (a
filter's) is emptied by that name (see `disarming_settings`). Nothing is fetched but by `ls-remote`, which is asked in
no repository. stdout is the answer, stderr what git says of it; a call that takes too long is ended.

https://git-scm.com/docs/git-config, https://git-scm.com/docs/git#_environment_variables
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.git import special_files
from rajee_deploy.system import process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Everything that git is asked, and the seconds that it may take: what it looks up, walks the history for, needs the
# files' contents for, and has to fetch. Other words are a mistake of ours.
_LOOKED_UP, _WALKED, _READ, _FETCHED = 10.0, 30.0, 60.0, 60.0
QUESTIONS = {
    "rev-parse": _LOOKED_UP,
    "symbolic-ref": _LOOKED_UP,
    "config": _LOOKED_UP,
    "cat-file": _LOOKED_UP,
    "rev-list": _WALKED,
    "merge-base": _WALKED,
    "ls-tree": _WALKED,
    "ls-files": _WALKED,
    "check-attr": _WALKED,
    "status": _READ,
    "read-tree": _READ,
    "ls-remote": _FETCHED,
}
# Whatever is configured: no hook, nothing kept beside the index, all files, no repository that a checkout only carries
# within it (safe.bareRepository: git 2.38; before it `place` alone sees to that), no renames (they read contents).
_QUIET = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.sparseCheckout=false",
    "core.pager=",
    "submodule.recurse=false",
    "advice.detachedHead=false",
    "safe.bareRepository=explicit",
    "status.renames=false",
    "diff.renames=false",
    "protocol.allow=never",
    "core.sshCommand=false",
    "core.askPass=",
    "gc.auto=0",
    "maintenance.auto=false",
)
# Of the variables that speak to git, those with which a person says how git is set up here. All others are one
# repository's, as a hook has them (GIT_DIR, GIT_INDEX_FILE), or change what git prints (GIT_TRACE).
_KEPT = re.compile(
    r"GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)"
    r"|GIT_(EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|ATTR_NOSYSTEM)"
)
_KEPT_TO_FETCH = re.compile(
    r"GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|PROXY_SSL_\w+|HTTP_\w+|PROXY_COMMAND|TERMINAL_\w+)"
)
_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
# No repository's settings have a say, and no transport that runs a program of the address's choosing.
_ONLINE = {"GIT_DIR": os.devnull, "GIT_ALLOW_PROTOCOL": "git:http:https:ssh:file"}
_WRITING = ("read-tree",)  # what it began is not begun again
_SOON = 2.0  # seconds after which it is looked whether git waits in vain; if not, it gets its whole time
_MOST_BYTES = 256 << 20  # of an answer: paths of a million files
_MOST_NAMES = 100  # of filters, each of which is a part of the command line


@dataclass(frozen=True, slots=True)
class GitDirectories:
    """A checkout's top directory and its git directory, both absolute."""

    top: Path
    git_directory: Path


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """What git answered: how it ended (`ended.tail` are its own words, of stderr), and its stdout. Bytes that are no
    UTF-8 are surrogates, as in Python's own file names."""

    ended: process.Completed
    text: str

    @property
    def is_given(self) -> bool:
        return self.ended.code == 0

    @property
    def first(self) -> str:
        """The first line, "" when git failed."""
        return self.text.partition("\n")[0] if self.is_given else ""

    @property
    def rows(self) -> tuple[str, ...]:
        """The parts of an answer to a question with `-z`; none when git failed."""
        return tuple(self.text.split("\0")[:-1]) if self.is_given else ()

    @property
    def words(self) -> str:
        """What git said of it, for people."""
        if self.ended.timed_out:
            return f"git {self.ended.argv[-1]} did not end in time"
        return "\n".join(self.ended.tail[-8:]) or f"it ended with {self.ended.code}"


def is_installed() -> bool:
    return process.find_program("git") is not None


def ask(
    words: Sequence[str],
    where: GitDirectories | Path | None = None,
    *,
    settings: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    runs_programs: bool = False,
    checkout: tuple[Path, ...] = (),
) -> GitAnswer:
    """Ask git something of `QUESTIONS`: of a repository, of whatever a directory lies in, or of none.

    `settings` and `env` are added. `runs_programs`: for who builds from what is checked out, and so runs the project
    anyway; filters and fetches are then git's own business. `checkout`: where a directory is given, the top of
    the one that it lies in, and its git directories.
    DeployErrors `program-missing`; `git-refused` where git waits for what is no file.
    """
    limit = QUESTIONS[words[0]]
    online = words[0] == "ls-remote"
    kept = re.compile(f"{_KEPT.pattern}|{_KEPT_TO_FETCH.pattern}") if online or runs_programs else _KEPT
    own: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("GIT_") and not kept.fullmatch(name)
    }
    own |= {"LC_ALL": "C", "LANGUAGE": "", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    own |= _ONLINE if online else {} if runs_programs else _OFFLINE
    argv = ["git", "--no-pager"]
    for setting in (*_settings(online=online, runs_programs=runs_programs), *settings):
        argv += ["-c", setting]
    match where:
        case GitDirectories():
            argv += [f"--git-dir={where.git_directory}", f"--work-tree={where.top}"]
        case Path():
            argv += ["-C", str(where)]
        case None:
            pass
    cwd = where.top if isinstance(where, GitDirectories) and where.top.is_dir() else None
    call = partial(process.capture, [*argv, *words], cwd=cwd, env={**own, **(env or {})}, most_bytes=_MOST_BYTES)
    if isinstance(where, GitDirectories):
        checkout = (where.top, where.git_directory, *_shared_directory(where.git_directory))
    if checkout and words[0] in _WRITING:
        special_files.check(*checkout)
    elif checkout:
        ended, data = call(time_limit=min(limit, _SOON))
        if not ended.timed_out:
            return GitAnswer(ended, os.fsdecode(data))
        special_files.check(*checkout)
    ended, data = call(time_limit=limit)
    return GitAnswer(ended, os.fsdecode(data))


def _shared_directory(git_directory: Path) -> tuple[Path, ...]:
    """The directory that all worktrees of a repository share, where this is one's own."""
    return (git_directory.parent.parent,) if git_directory.parent.name == "worktrees" else ()


def _settings(*, online: bool, runs_programs: bool) -> tuple[str, ...]:
    if not online and not runs_programs:
        return _QUIET
    return tuple(one for one in _QUIET if not one.startswith(("protocol.", "core.sshCommand", "core.askPass")))


def disarming_settings(repository: GitDirectories) -> tuple[str, ...]:
    """Settings that empty what a repository's configuration runs by a name of its own: filters, and hooks that it names
    (git 2.54). DeployError `git-refused` where that cannot be said on a command line."""
    asked = ask(["config", "--null", "--name-only", "--get-regexp", r"^(filter|hook)\..*\..*$"], repository)
    if asked.ended.code not in (0, 1):  # 1: there is none
        raise refusal(repository.top, asked)
    names = sorted({key.rpartition(".")[0] for key in asked.rows})
    if len(names) > _MOST_NAMES or any("=" in name or "\n" in name for name in names):
        raise DeployError(
            "git-refused",
            "git's filters cannot be switched off here, and are programs",
            where=str(repository.top),
            cause=f"its configuration names {len(names)} of them, or one with a `=` in its name",
            hint="remove them: git config --get-regexp '^(filter|hook)[.]' lists them",
        )
    settings = []
    for name in names:
        empty = ("clean=", "smudge=", "process=", "required=false")
        settings += [f"{name}.{each}" for each in (empty if name.startswith("filter.") else ("enabled=false",))]
    return tuple(settings)


def refusal(where: Path, answer: GitAnswer) -> DeployError:
    """The error for a checkout about which git says nothing: another owner's, a broken one."""
    owner = re.search(r"git config --global --add safe\.directory \S.*", "\n".join(answer.ended.tail))
    hint = (
        f"where you trust it: {owner[0]}"
        if owner
        else f"git -C {where} status says more; repair the checkout, then run again"
    )
    return DeployError(
        "git-refused",
        "git does not say which revision this checkout is",
        where=str(where),
        quote=Quote(tuple(answer.words.split("\n"))),
        hint=hint,
    )
