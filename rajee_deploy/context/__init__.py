"""Which entries of a build context a build reads, their digests, and the private copy that is built.

The public face of the room: `find_rules`, `look_up`, `staged`, and `Roots` for runs that look up more than once or
believe a stat cache. Digests are BuildKit's own content digests, so an equal digest means a cached step. Must never
parse a Dockerfile, nor decide whether a build is needed. What a run with nothing to do does not need is imported by who
needs it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.context.answers import Question
from rajee_deploy.context.digest import Modes, SelectedEntry
from rajee_deploy.context.roots import Roots
from rajee_deploy.context.rules import ContextRules, find_rules
from rajee_deploy.context.selection import Selection
from rajee_deploy.model import Kind, Notice, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.context.found import Found
    from rajee_deploy.context.stage import StagedContext
    from rajee_deploy.model import ContextRead

__all__ = ["ContextRules", "Modes", "Roots", "SelectedEntry", "Selection", "find_rules", "look_up", "staged"]

_USUAL_MODES = {0o644, 0o755, 0o664, 0o775}
_SHOWN = 3


def look_up(
    root: Path, reads: Sequence[ContextRead], rules: ContextRules, modes: Modes = Modes.GIT, roots: Roots | None = None
) -> Selection:
    """Find and digest what the reads of one build context select.

    Without `roots`, everything is read afresh. DeployErrors: `source-not-found`, `source-deployignored`,
    `source-loop`, `ignore-pattern`, `unreadable`, `file-changed`.
    """
    if roots is None:
        with Roots() as alone:
            return look_up(root, reads, rules, modes, alone)
    question = Question(reads, rules, modes)
    place = roots.at(root)
    answer = place.recall(question)
    seen = None
    if answer is None:
        seen = place.find(question)
        answer = seen[0].digests(), tuple(_notices(rules, question.reads, seen[0]))
        place.keep(question, seen, answer)
    digests, notices = answer
    uses = tuple(Use(read, digest) for read, digest in zip(question.reads, digests, strict=True))
    return Selection(root, modes, uses, notices, rules, roots.directory, seen[0] if seen else None)


@contextmanager
def staged(selection: Selection, dockerfile_text: bytes, parent: Path | None = None) -> Iterator[StagedContext]:
    """A private directory holding exactly the selected entries, and beside it the Dockerfile with empty ignore rules.

    Modes are those of the selection, times follow from the bytes (stage.mtime_ns says why). `parent` is where it is
    made (default: where the system keeps temporary files). It is removed on every exit. DeployError `file-changed`
    when an entry is no longer what was selected.
    """
    from rajee_deploy.context.stage import staging

    with staging(selection.root, selection.records, selection.modes, dockerfile_text, parent) as place:
        yield place


def _notices(rules: ContextRules, reads: Sequence[ContextRead], found: Found) -> Iterator[Notice]:
    if rules.ignore == b"" and rules.ignore_path != ".dockerignore":
        yield Notice(
            "empty-ignore-file",
            f"{rules.ignore_path} is empty: it switches .dockerignore off, but not under a `# syntax=` line",
        )
    if not any(found.wanted.values()) and any(read.selector.path == "/" for read in reads):
        yield Notice("empty-context", "nothing is left of the build context", reads[0].location.start)
    yield from _pattern_notices(found)
    odd = list(found.odd_modes(_USUAL_MODES)) if found.modes is Modes.GIT else []
    if odd:
        shown = ", ".join(
            f"{path} ({mode & 0o7777:04o} → {Modes.GIT.apply(Kind.FILE, mode):04o})"
            for path, mode in sorted(odd, key=lambda each: os.fsencode(each[0].replace("/", "\0")))[:_SHOWN]
        )
        more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        yield Notice("mode-normalised", f"built with the permissions git would give: {shown}{more}")


def _pattern_notices(found: Found) -> Iterator[Notice]:
    """Patterns that match nothing, which BuildKit takes, and those that were meant as a name."""
    from rajee_deploy.context.missing import literal_hint

    for one in found.chosen:
        read, selector = one.read, one.read.selector
        if read.widened or not (selector.wildcard or selector.include):
            continue
        source = f"{read.instruction.value} {read.source}"
        meant = "" if selector.include else literal_hint(read, found.tree.tree)
        if meant and all(item.path != selector.path.strip("/") for item in one.items):
            yield Notice(
                "source-is-pattern", f"{source} does not copy what has that name: {meant}", read.location.start
            )
        elif not one.items:
            yield Notice("source-matches-nothing", f"{source} matches nothing, and copies nothing", read.location.start)
