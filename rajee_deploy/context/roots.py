"""The build contexts of one run: one walk and one stat cache for each, whoever asks.

Owns how long they are held, and the order of belief: an answer of before while all that it came from is unchanged, else
a look in full that reads only files that moved. Must never decide what is selected.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from rajee_deploy.context.answers import Answers
from rajee_deploy.context.digest import Modes
from rajee_deploy.context.tree import open_tree
from rajee_deploy.context.witness import Watched
from rajee_deploy.system.extent import extent_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from rajee_deploy.context.answers import Answer, Question
    from rajee_deploy.context.files import Files
    from rajee_deploy.context.found import DigestedSelection
    from rajee_deploy.context.tree import DiskTree


class Roots:
    """Build contexts of one run; each directory of them is listed once. A context manager: it holds descriptors.

    `directory` is where stat caches are kept, None for none: then nothing is believed and nothing is written. `clock`
    is the file system's, in nanoseconds.
    """

    def __init__(self, directory: Path | None = None, clock: Callable[[], int] = time.time_ns) -> None:
        self.directory = directory
        self._clock = clock
        self._open: dict[str, Root] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def at(self, path: Path, project: Path | None = None) -> Root:
        """The build context at a path, as the settings of a project name it, or a person (None).

        DeployErrors: `unreadable`, `whole-machine`.
        """
        real = os.path.realpath(path)
        if real not in self._open:
            tree = open_tree(path, extent_of("the build context", path, project))
            self._open[real] = Root(tree, real, self.directory, self._clock())
        return self._open[real]


class Root:
    """One build context: its tree on disk, and what is known of it from before. `moment`: before any of it is read."""

    def __init__(self, disk: DiskTree, real: str, directory: Path | None, moment: int) -> None:
        self.disk = disk
        self._answers = Answers(directory, real, moment)
        self._files: dict[Modes, Files] = {}
        self._where = directory, real, moment

    def close(self) -> None:
        """Keep what was learned, and let go of the tree."""
        with self.disk:
            self._answers.save()
            for files in self._files.values():
                files.save(self.disk)

    def recall(self, question: Question) -> Answer | None:
        """The answer to a question, when all that it was derived from is unchanged."""
        return self._answers.recall(self.disk, question)

    def find(self, question: Question) -> tuple[DigestedSelection, Watched]:
        """Look in full, reading only files that are not known; with what was looked at. DeployErrors: `look_up`'s."""
        from rajee_deploy.context.found import find

        watched = Watched(self.disk)
        found = find(watched, question.reads, question.rules, question.modes)
        files = self._files_of(question.modes)
        found.read(self.disk, files.known)
        files.learn(found.batches.values())
        return found, watched

    def keep(self, question: Question, seen: tuple[DigestedSelection, Watched], answer: Answer) -> None:
        """Remember the answer to a question, if that can be trusted."""
        self._answers.learn(self.disk, question, seen, answer)

    def forget(self) -> None:
        """Believe nothing of this build context any more: it was found out to be wrong."""
        self._answers.forget()
        for modes in Modes:
            self._files_of(modes).forget()

    def _files_of(self, modes: Modes) -> Files:
        from rajee_deploy.context.files import Files

        if modes not in self._files:
            self._files[modes] = Files(modes.value, *self._where)
        return self._files[modes]
