"""Which repository a directory lies in: the one whose `.git` stands at the top of the checkout, and no other.

A directory with HEAD, objects and refs is a repository to git, too, and a commit can hold such files: the settings
beside them would be a stranger's. So this room looks for `.git` by itself, and git is asked from there.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rajee_deploy.errors import DeployError
from rajee_deploy.git.call import GitAnswer, GitDirectories, ask, is_installed, refusal
from rajee_deploy.git.layout import directories_of, enclosing
from rajee_deploy.git.special_files import is_special, unreadable
from rajee_deploy.system.regular_files import read_text

# https://git-scm.com/docs/gitrepository-layout
_WHERE = ("rev-parse", "--show-toplevel", "--absolute-git-dir")
_OPENED = (
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "index",
    "packed-refs",
    "shallow",
    "info/attributes",
    "info/exclude",
    "info/grafts",
    "info/sparse-checkout",
    "objects/info/alternates",
    "objects/info/commit-graph",
)


def enclosing_repository(start: Path) -> GitDirectories | None:
    """The repository that a directory lies in; None outside of one, and where git is not installed.

    DeployError `git-refused` where there is one of which git says nothing, with git's own words.
    """
    found = enclosing(start) if start.is_dir() else None
    if found is None or not is_installed():
        return None
    top, asked_from = found
    _check_files(top)
    answer = ask(_WHERE, asked_from, checkout=(top, *directories_of(top)))
    if not answer.is_given:
        # It does not look beyond a file system, or a ceiling that was set; asked from there it would answer.
        if asked_from != top and "not a git repository (or any" in answer.words and ask(_WHERE, top).is_given:
            return None
        raise refusal(top, answer)
    shown, _, directory = _split(answer, top)
    if not directory or not _is_same(shown, top):
        raise DeployError(
            "git-refused",
            "this checkout says that its files are elsewhere",
            where=str(top),
            cause=f"core.worktree is {shown}",
            hint=f"git -C {top} config --unset core.worktree",
        )
    return GitDirectories(top, Path(directory))


def _check_files(top: Path) -> None:
    """What git opens in every repository is looked at before it is asked. DeployError `git-refused`."""
    directories = directories_of(top)
    for directory in directories:
        for name in (*_OPENED, _head_of(directories[0])):
            if is_special(directory / name):
                raise unreadable(top, directory / name)


def _head_of(directory: Path) -> str:
    """The file of the branch that is checked out, below a git directory."""
    with suppress(OSError, ValueError):
        return read_text(directory / "HEAD").partition("ref:")[2].strip() or "HEAD"
    return "HEAD"


def is_sparse(directory: Path) -> bool:
    """Whether a directory lies in a checkout that was told to leave files out. git is not asked."""
    found = enclosing(directory)
    return found is not None and any((each / "info/sparse-checkout").is_file() for each in directories_of(found[0]))


def _split(answer: GitAnswer, top: Path) -> tuple[str, str, str]:
    """The two lines of the answer; a path may have line ends in it, too."""
    if answer.text.startswith(f"{top}\n"):
        return str(top), "\n", answer.text[len(f"{top}\n") :].removesuffix("\n")
    return answer.text.removesuffix("\n").partition("\n")


def _is_same(shown: str, top: Path) -> bool:
    try:
        return shown == str(top) or Path(shown).samefile(top)
    except OSError:
        return False
