"""What differs between the entries that two fingerprints of one image hash. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.explain.changes import Cause, Change
from rajee_deploy.explain.reads import lines_by_entry
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.context import SelectedEntry
    from rajee_deploy.image import ImageInputs


def entry_changes(before: ImageInputs, after: ImageInputs) -> Iterator[Change]:
    """Differences of what the lines read; those of `.git`, which no two checkouts share, as one."""
    olds, news = _hashed(before), _hashed(after)
    lines = {**lines_by_entry(before), **lines_by_entry(after)}
    found = [
        change
        for key in dict.fromkeys((*olds, *news))
        for change in _entry(key, lines[key], olds.get(key), news.get(key))
    ]
    git = [change for change in found if _is_git(change)]
    if git:
        yield Change(Cause.GIT, ".git", after=f"{len(git)} of its entries", line=git[0].line, context=git[0].context)
    quiet = _parents(change for change in found if change.cause in {Cause.ADDED, Cause.REMOVED})
    for change in found:
        if not _is_git(change) and (change.cause, change.context, change.subject) not in quiet:
            yield change


def _is_git(change: Change) -> bool:
    return f"{change.subject}/".startswith(".git/")


def _parents(changes: Iterator[Change]) -> set[tuple[Cause, str, str]]:
    """The directories above what came or went: they came or went with it, which nobody needs to be told."""
    above = set()
    for change in changes:
        path = change.subject
        while "/" in path:
            path = path.rpartition("/")[0]
            above.add((change.cause, change.context, path))
    return above


def _hashed(inputs: ImageInputs) -> dict[tuple[str, str], SelectedEntry]:
    lines: Mapping[tuple[str, str], int] = lines_by_entry(inputs)
    return {
        (name, entry.entry.path): entry
        for name, selection in inputs.selections.items()
        for entry in selection.entries
        if (name, entry.entry.path) in lines
    }


def _entry(
    key: tuple[str, str], line: int, before: SelectedEntry | None, after: SelectedEntry | None
) -> Iterator[Change]:
    context, path = key
    for cause, old, new in _differences(before, after):
        yield Change(cause, path, old, new, line, context)


def _differences(old: SelectedEntry | None, new: SelectedEntry | None) -> Iterator[tuple[Cause, str, str]]:
    if old is None or new is None:
        cause = Cause.ADDED if old is None else Cause.REMOVED
        yield cause, _described(old), _described(new)
        return
    if old.record == new.record:
        return
    one, two = old.entry, new.entry
    if one.kind is not two.kind:
        yield Cause.KIND, one.kind.value, two.kind.value
        return
    is_told = False
    for cause, left, right, differs in (
        (Cause.LINK, one.link, two.link, one.link != two.link),
        (Cause.CHANGED, _described(old), _described(new), old.digest != new.digest or old.withheld != new.withheld),
        (Cause.MODE, f"{one.mode:04o}", f"{two.mode:04o}", one.mode != two.mode),
    ):
        if differs:
            is_told = True
            yield cause, left, right
    if not is_told:
        yield Cause.ATTRIBUTES, "", "other attributes"


def _described(entry: SelectedEntry | None) -> str:
    if entry is None:
        return ""
    return f"{entry.entry.size} B" if entry.entry.kind is Kind.FILE else entry.entry.kind.value
