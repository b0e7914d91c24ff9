"""What a build reads of one context, looked up: the digests at once, the list of entries when somebody asks for it.

Owns the promise that what is listed is what was digested: a list that comes later is compared with the digests first.
Must never decide what is selected.
"""

from __future__ import annotations

import os
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.context.digest import Modes, SelectedEntry
    from rajee_deploy.context.found import DigestedSelection
    from rajee_deploy.context.rules import ContextRules
    from rajee_deploy.context.select import Chosen
    from rajee_deploy.model import Notice, Use


@dataclass(frozen=True)
class Selection:
    """What a build reads of one context. `uses` in the order of the reads; `rules` are what was left out by.

    `cache` is where the stat cache lies that helps to list the entries, `known` what the look-up itself found.
    """

    root: Path
    modes: Modes
    uses: tuple[Use, ...]
    notices: tuple[Notice, ...]
    rules: ContextRules
    cache: Path | None = field(default=None, repr=False, compare=False)
    known: DigestedSelection | None = field(default=None, repr=False, compare=False)

    @property
    def chosen(self) -> tuple[Chosen, ...]:
        """Which of the entries each use takes, in the order of the uses. DeployErrors as of `records`."""
        return self._found.chosen

    @cached_property
    def records(self) -> tuple[SelectedEntry, ...]:
        """The selected entries, sorted by the bytes of paths; the plain sha256 of files is not there.

        Reads nothing that the look-up or the stat cache knows. DeployErrors as those of `look_up`; `file-changed` when
        the entries are no longer those that were digested.
        """
        return tuple(sorted((each for each, _ in self._found.entries()), key=lambda each: os.fsencode(each.entry.path)))

    @cached_property
    def entries(self) -> tuple[SelectedEntry, ...]:
        """The selected entries in full. Reads every file once more. DeployErrors as of `records`, and `unreadable`."""
        from rajee_deploy.context.digest import file_changed, read_file
        from rajee_deploy.context.tree import entry_error, open_tree

        entries = []
        with open_tree(self.root) as disk:
            for one in self.records:
                if one.entry.kind is not Kind.FILE or one.withheld:
                    entries.append(one)
                    continue
                parent, _, name = one.entry.path.rpartition("/")
                try:
                    found, _ = read_file(disk.directory(parent), name, one.entry.path, self.modes, withheld=False)
                except OSError as error:
                    raise entry_error(error, one.entry.path) from error
                if found.record != one.record:
                    raise file_changed(one.entry.path)
                entries.append(replace(one, digest=found.digest, other=found.other))
        return tuple(entries)

    @cached_property
    def _found(self) -> DigestedSelection:
        """What the look-up found; when it believed an answer of before, what there is now, if that is the same."""
        if self.known is not None:
            return self.known
        from rajee_deploy.context.answers import Question
        from rajee_deploy.context.digest import file_changed
        from rajee_deploy.context.roots import Roots

        question = Question((use.read for use in self.uses), self.rules, self.modes)
        with Roots(self.cache) as roots:
            place = roots.at(self.root)
            found, _ = place.find(question)
            if found.digests() != tuple(use.digest for use in self.uses):
                place.forget()  # or the cache was wrong, and the next run must not believe it again
                raise file_changed("the build context")
            return found
