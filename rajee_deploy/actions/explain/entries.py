"""What differs between the entries that two fingerprints of one image hash. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.explain.changes import Cause, ImageDifference
from rajee_deploy.build_record.groups import groups_of
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.build_record.fields import Contents, Group, RecordItem


def entry_changes(before: Contents, after: Contents) -> Iterator[ImageDifference]:
    """Differences of what the lines read; those of `.git`, which no two checkouts share, as one. Where a side holds
    directories only, directories are what is told."""
    found = list(_directories(before, after) if _depths(before, after) else _entries(before, after))
    git = [change for change in found if _is_git(change)]
    if git:
        told = sum(_number(change) for change in git)
        yield ImageDifference(
            Cause.GIT, ".git", after=f"{told} of its entries", line=git[0].line, context=git[0].context
        )
    quiet = _parents(change for change in found if change.cause in {Cause.ADDED, Cause.REMOVED})
    for change in found:
        if not _is_git(change) and (change.cause, change.context, change.subject) not in quiet:
            yield change


def _is_git(change: ImageDifference) -> bool:
    return f"{change.subject}/".startswith(".git/")


def _number(change: ImageDifference) -> int:
    """How many entries a change stands for."""
    words = (change.after or change.before).split()
    return int(words[0]) if change.subject.endswith("/") and words else 1


def _parents(changes: Iterator[ImageDifference]) -> set[tuple[Cause, str, str]]:
    """The directories above what came or went: they came or went with it, which nobody needs to be told."""
    above = set()
    for change in changes:
        path = change.subject
        while "/" in path:
            path = path.rpartition("/")[0]
            above.add((change.cause, change.context, path))
    return above


def _entries(before: Contents, after: Contents) -> Iterator[ImageDifference]:
    olds, news = ({(item.context, item.path): item for item in side.items} for side in (before, after))
    for key in dict.fromkeys((*olds, *news)):
        old, new = olds.get(key), news.get(key)
        one = new or old
        assert one is not None  # noqa: S101 -- the key came from a side
        for cause, left, right in _differences(old, new):
            yield ImageDifference(cause, one.path, left, right, one.line, one.context)


def _differences(old: RecordItem | None, new: RecordItem | None) -> Iterator[tuple[Cause, str, str]]:
    if old is None or new is None:
        cause = Cause.ADDED if old is None else Cause.REMOVED
        yield cause, _describe(old), _describe(new)
        return
    have_digests = bool(old.record and new.record)
    if (old.record == new.record) if have_digests else (old.content == new.content):
        return
    if old.kind is not new.kind:
        yield Cause.KIND, old.kind.value, new.kind.value
        return
    is_told = False
    changed = _has_other_bytes(old, new) or old.withheld != new.withheld
    for cause, left, right, differs in (
        (Cause.LINK, old.link, new.link, old.link != new.link),
        (Cause.CHANGED, _describe(old), _describe(new), changed),
        (Cause.MODE, f"{old.mode:04o}", f"{new.mode:04o}", old.mode != new.mode),
    ):
        if differs:
            is_told = True
            yield cause, left, right
    if not is_told:
        yield Cause.ATTRIBUTES, "", "other attributes"


def _has_other_bytes(old: RecordItem, new: RecordItem) -> bool:
    """Whether the bytes of a file differ, of which one side knows what its digest would be with the other mode."""
    if old.digest and new.digest:
        return old.digest != new.digest
    return new.kind is Kind.FILE and old.record != new.other and new.record != old.other


def _describe(item: RecordItem | None) -> str:
    if item is None:
        return ""
    return f"{item.size} B" if item.kind is Kind.FILE else item.kind.value


# -- where only directories are known ------------------------------------------------------------------------------


def _depths(before: Contents, after: Contents) -> set[int]:
    return {side.depth for side in (before, after) if side.depth is not None}


def _directories(before: Contents, after: Contents) -> Iterator[ImageDifference]:
    depths = _depths(before, after)
    if len(depths) > 1:
        return  # digests of different depths say nothing about each other; the uses still do
    (depth,) = depths
    is_older = before.is_older or after.is_older
    olds, news = (
        {(group.context, group.path): group for group in _groups(side, depth, as_older=is_older)}
        for side in (before, after)
    )
    for key in dict.fromkeys((*olds, *news)):
        old, new = olds.get(key), news.get(key)
        if old is None or new is None:
            cause = Cause.ADDED if old is None else Cause.REMOVED
        elif old.digest != new.digest:
            cause = Cause.CHANGED
        else:
            continue
        one = new or old
        assert one is not None  # noqa: S101 -- the key came from a side
        yield ImageDifference(cause, f"{one.path}/", _count(old), _count(new), one.line, one.context)


def _groups(contents: Contents, depth: int, *, as_older: bool) -> tuple[Group, ...]:
    return contents.groups if contents.depth is not None else groups_of(contents.items, depth, as_older=as_older)


def _count(group: Group | None) -> str:
    if group is None:
        return ""
    return "1 entry" if group.entries == 1 else f"{group.entries} entries"
