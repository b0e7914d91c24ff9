"""A private checkout of a repository, moved from one revision to the next.

The repository is only read: the checkout has an index of its own and lies in a temporary directory, so that neither
the user's index nor the list of worktrees changes, whatever ends us. Line ends are converted as git would, and
`export-ignore` has no say, as in the user's own checkout. No filter runs (see `call`): files of Git LFS are those
that this machine has, others stay as git holds them (`unfiltered`). Submodules are there, too, at the commits that the
revision names, as far as this machine has them: nothing is fetched. A checkout to build from is the exception, see
`private_checkout`.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.git.call import GitDirectories, ask, disarming_settings
from rajee_deploy.git.large_files import LFS, fill_in
from rajee_deploy.git.place import enclosing_repository
from rajee_deploy.git.revisions import git_failed
from rajee_deploy.model.revision import short_commit
from rajee_deploy.system.regular_files import read_regular
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.git.call import GitAnswer

_GITLINK = "160000"
_NAME = re.compile(r"filter\.([\w.-]+)\.process=")  # names that can stand in a pathspec; others are nobody's


class Checkout:
    """A private checkout in `directory`; empty until it is moved to a commit.

    `missing` has the submodules, by their paths, whose commit this machine does not have: they are empty. `pointers`
    are files of Git LFS that it does not have, `unfiltered` those of other filters: both are there as git holds them.
    """

    def __init__(
        self, repository: GitDirectories, directory: Path, index: Path, *, runs_programs: bool = False
    ) -> None:
        self.directory = directory
        self.missing: dict[str, str] = {}
        self.pointers: frozenset[str] = frozenset()
        self.unfiltered: frozenset[str] = frozenset()
        self._repository = repository
        self._place = GitDirectories(directory, repository.git_directory)
        self._index = index
        self._runs_programs = runs_programs
        self._filled: list[Path] = []

    def move_to(self, commit: str) -> None:
        """Make the files those of a commit; only what differs is written, but for submodules.

        DeployErrors `git-failed`, `git-refused`.
        """
        for place in self._filled:
            shutil.rmtree(place, ignore_errors=True)
        self._filled, self.missing = [], {}
        settings = () if self._runs_programs else disarming_settings(self._repository)
        # From the top of the checkout: where we are may not exist in it.
        answer = self._ask(["read-tree", "--reset", "-u", commit], settings)
        if not answer.is_given:
            raise git_failed(f"git read-tree of {short_commit(commit)}", answer)
        if not self._runs_programs:
            self._fill_large_files(settings)
        if (self.directory / ".gitmodules").is_file():
            self._fill_submodules(commit)

    def _ask(self, words: Sequence[str], settings: Sequence[str] = ()) -> GitAnswer:
        env = {"GIT_INDEX_FILE": str(self._index)}
        return ask(words, self._place, settings=settings, env=env, runs_programs=self._runs_programs)

    def _fill_large_files(self, settings: Sequence[str]) -> None:
        """What LFS's filter would have put there; and which files other filters would have changed."""
        names = {name[1] for name in map(_NAME.fullmatch, settings) if name} | {LFS}
        found = {
            name: self._ask(["ls-files", "-z", "--", f":(top,attr:filter={name})"], settings).rows for name in names
        }
        top = self._repository.top
        self.pointers = frozenset(
            path
            for path in found.pop(LFS)
            if not fill_in(self.directory / path, self._repository.git_directory, top / path)
        )
        self.unfiltered = frozenset(path for paths in found.values() for path in paths)

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
            inner = Checkout(module, place, index, runs_programs=self._runs_programs)
            inner.move_to(inner_commit)
            self.pointers |= {f"{path}/{below}" for below in inner.pointers}
            self.unfiltered |= {f"{path}/{below}" for below in inner.unfiltered}
            # git keeps the place of the submodule's own repository there, and a build context may hold it.
            with suppress(OSError):
                (place / ".git").write_bytes(read_regular(module.top / ".git"))
            self.missing |= {f"{path}/{below}": missed for below, missed in inner.missing.items()}

    def _gitlinks(self, commit: str) -> list[tuple[str, str]]:
        """The submodules of a commit: path and commit of each."""
        answer = ask(["ls-tree", "-r", "-z", commit], self._repository)
        if not answer.is_given:
            raise git_failed(f"git ls-tree of {short_commit(commit)}", answer)
        rows = (row.partition("\t") for row in answer.rows if row.startswith(f"{_GITLINK} "))
        return [(path, about.split(" ")[2]) for about, _, path in rows]

    def _find_module(self, path: str) -> GitDirectories | None:
        """The repository of a submodule on this machine: the one that is checked out, else what git keeps of it."""
        top = self._repository.top / path
        if (top / ".git").exists():
            with suppress(DeployError):
                found = enclosing_repository(top)
                if found is not None and found.top != self._repository.top:
                    return found
        kept = self._common_directory() / "modules" / self._name_of(path)
        return GitDirectories(top, kept) if (kept / "HEAD").is_file() else None

    def _common_directory(self) -> Path:
        """Where git keeps what all worktrees share."""
        found = ask(["rev-parse", "--git-common-dir"], self._repository).first
        return self._repository.top / found if found else self._repository.git_directory

    def _name_of(self, path: str) -> str:
        """What .gitmodules calls the submodule at a path."""
        file = str(self.directory / ".gitmodules")
        answer = ask(["config", "--null", "--file", file, "--get-regexp", r"submodule\..*\.path"])
        for entry in answer.rows:
            key, _, value = entry.partition("\n")
            if value == path:
                return key.removeprefix("submodule.").removesuffix(".path")
        return path


@contextmanager
def private_checkout(repository: GitDirectories, *, runs_programs: bool = False) -> Iterator[Checkout]:
    """A checkout that is removed on every exit.

    `runs_programs`: for who builds from its files, and so runs the project anyway: filters that are configured run, and
    git fetches what a partial clone lacks, as in the user's own checkout.
    """
    with private_directory("checkout") as made:
        place = Path(os.path.realpath(made))
        tree = place / "tree"
        tree.mkdir()
        yield Checkout(repository, tree, place / "index", runs_programs=runs_programs)


def _has_commit(module: GitDirectories, commit: str) -> bool:
    return ask(["cat-file", "-e", f"{commit}^{{commit}}"], module).is_given
