"""A private checkout of a repository, moved from one revision to the next.

The repository is only read: the checkout has an index of its own and lies in a temporary directory, so that neither
the user's index nor the list of worktrees changes, whatever ends us. What git would convert on checkout (line ends,
large files) is converted, and `export-ignore` has no say, as in the user's own checkout. So are submodules there, at
the commits that the revision names, as far as this machine has them: nothing is fetched.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.git import Repository, git_failed, run_git
from rajee_deploy.regular_files import read_regular
from rajee_deploy.scratch import private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

_GITLINK = "160000"


class Checkout:
    """A private checkout in `directory`; empty until it is moved to a commit.

    `missing` has the submodules, by their paths, whose commit this machine does not have: they are empty.
    """

    def __init__(self, repository: Repository, directory: Path, index: Path) -> None:
        self.directory = directory
        self.missing: dict[str, str] = {}
        self._repository = repository
        self._index = index
        self._filled: list[Path] = []

    def move_to(self, commit: str) -> None:
        """Make the files those of a commit; only what differs is written, but for submodules."""
        for place in self._filled:
            shutil.rmtree(place, ignore_errors=True)
        self._filled, self.missing = [], {}
        where = [f"--git-dir={self._repository.git_directory}", f"--work-tree={self.directory}"]
        # From the top of the checkout: where we are may not exist in it.
        ended, _ = run_git(
            [*where, "read-tree", "--reset", "-u", commit],
            cwd=self.directory, env={"GIT_INDEX_FILE": str(self._index)},
        )  # fmt: skip
        if ended.code:
            raise git_failed(f"git read-tree of {commit[:12]}", ended)
        if (self.directory / ".gitmodules").is_file():
            self._fill_submodules(commit)

    def _fill_submodules(self, commit: str) -> None:
        for path, inner_commit in self._gitlinks(commit):
            place = self.directory / path
            module = self._find_module(path)
            if module is None or not _has_commit(module, inner_commit):
                self.missing[path] = inner_commit
                continue
            place.mkdir(parents=True, exist_ok=True)
            self._filled.append(place)
            index = self._index.with_name(f"{self._index.name}-{sha256(os.fsencode(path)).hexdigest()[:16]}")
            index.unlink(missing_ok=True)  # of the commit before, whose files are gone
            inner = Checkout(module, place, index)
            inner.move_to(inner_commit)
            # git keeps the place of the submodule's own repository there, and a build context may hold it.
            with suppress(OSError):
                (place / ".git").write_bytes(read_regular(module.top / ".git"))
            self.missing |= {f"{path}/{below}": missed for below, missed in inner.missing.items()}

    def _gitlinks(self, commit: str) -> list[tuple[str, str]]:
        """The submodules of a commit: path and commit of each."""
        ended, lines = run_git([f"--git-dir={self._repository.git_directory}", "ls-tree", "-r", "-z", commit])
        if ended.code:
            raise git_failed(f"git ls-tree of {commit[:12]}", ended)
        rows = (row.partition("\t") for row in "\n".join(lines).split("\0") if row.startswith(f"{_GITLINK} "))
        return [(path, about.split(" ")[2]) for about, _, path in rows]

    def _find_module(self, path: str) -> Repository | None:
        """The repository of a submodule on this machine: the one that is checked out, else what git keeps of it."""
        top = self._repository.top / path
        if (top / ".git").exists():
            ended, lines = run_git(["-C", str(top), "rev-parse", "--absolute-git-dir"])
            if not ended.code and lines:
                return Repository(top, Path(lines[0]))
        kept = self._common_directory() / "modules" / self._name_of(path)
        return Repository(top, kept) if (kept / "HEAD").is_file() else None

    def _common_directory(self) -> Path:
        """Where git keeps what all worktrees share."""
        ended, lines = run_git([f"--git-dir={self._repository.git_directory}", "rev-parse", "--git-common-dir"])
        return self._repository.git_directory / lines[0] if not ended.code and lines else self._repository.git_directory

    def _name_of(self, path: str) -> str:
        """What .gitmodules calls the submodule at a path."""
        file = str(self.directory / ".gitmodules")
        _, lines = run_git(["config", "--null", "--file", file, "--get-regexp", r"submodule\..*\.path"])
        for entry in "\n".join(lines).split("\0"):
            key, _, value = entry.partition("\n")
            if value == path:
                return key.removeprefix("submodule.").removesuffix(".path")
        return path


@contextmanager
def private_checkout(repository: Repository) -> Iterator[Checkout]:
    """A checkout that is removed on every exit."""
    with private_directory("checkout") as made:
        place = Path(os.path.realpath(made))
        tree = place / "tree"
        tree.mkdir()
        yield Checkout(repository, tree, place / "index")


def _has_commit(module: Repository, commit: str) -> bool:
    ended, _ = run_git([f"--git-dir={module.git_directory}", "cat-file", "-e", f"{commit}^{{commit}}"])
    return not ended.code
