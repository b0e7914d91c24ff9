"""Which entries of a build context a build reads, their digests, and the private copy that is built.

The public face of the room: `find_rules`, `look_up`, `stage_context`, and `Roots` for runs that look up more than once
or believe a stat cache. Digests are BuildKit's own content digests, so an equal digest means a cached step. Must never
parse a Dockerfile, nor decide whether a build is needed. What a run with nothing to do does not need is imported by who
needs it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.context.answers import Question
from rajee_deploy.context.digest import Modes, SelectedEntry
from rajee_deploy.context.roots import Roots
from rajee_deploy.context.rules import ContextRules, find_rules, read_inside
from rajee_deploy.context.selection import Selection
from rajee_deploy.model import Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.context.found import DigestedSelection
    from rajee_deploy.context.lineage import Name
    from rajee_deploy.context.stage import StagedContext
    from rajee_deploy.context.tree import DiskTree
    from rajee_deploy.model import ContextRead, Notice

__all__ = [
    "ContextRules",
    "Modes",
    "Roots",
    "SelectedEntry",
    "Selection",
    "find_rules",
    "look_up",
    "read_inside",
    "stage_context",
]


def look_up(
    root: Path,
    reads: Sequence[ContextRead],
    rules: ContextRules,
    modes: Modes = Modes.GIT,
    roots: Roots | None = None,
    project: Path | None = None,
) -> Selection:
    """Find and digest what the reads of one build context select.

    Without `roots`, everything is read afresh. `project` is where the settings lie that name the context (None: a
    person named it): what lies outside of that checkout has a bound. DeployErrors: `source-not-found`,
    `source-deployignored`, `source-loop`, `ignore-pattern`, `too-many-patterns`, `unreadable`, `file-changed`,
    `outside-too-large`, `whole-machine`.
    """
    if roots is None:
        with Roots() as alone:
            return look_up(root, reads, rules, modes, alone, project)
    question = Question(reads, rules, modes)
    place = roots.at(root, project)
    answer = place.recall(question)
    seen = None
    if answer is None:
        seen = place.find(question)
        answer = seen[0].digests(), _notices(question, seen[0], place.disk)
        place.keep(question, seen, answer)
    digests, notices = answer
    uses = tuple(Use(read, digest) for read, digest in zip(question.reads, digests, strict=True))
    return Selection(root, modes, uses, notices, rules, roots.directory, seen[0] if seen else None)


@contextmanager
def stage_context(
    selection: Selection, dockerfile_text: bytes, parent: Path | None = None, name: Name | None = None
) -> Iterator[StagedContext]:
    """A private directory holding exactly the selected entries, and beside it the Dockerfile with empty ignore rules.

    Modes are those of the selection, times follow from the bytes (`lineage` says why). `parent` is where it is made
    (default: where the system keeps temporary files), `name` what the engine knows it by (default: nothing that it
    knows). It is removed on every exit. DeployError `file-changed` when an entry is no longer what was selected.
    """
    from rajee_deploy.context.stage import Source, staging

    source = Source(selection.root, selection.records, selection.modes)
    with staging(source, dockerfile_text, parent, name) as place:
        yield place


def _notices(question: Question, found: DigestedSelection, disk: DiskTree) -> tuple[Notice, ...]:
    from rajee_deploy.context.cautions import cautions

    return tuple(cautions(question, found, disk))
