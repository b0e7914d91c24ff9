"""What each line of the Dockerfile takes of the build contexts. Pure: it only sorts what a fingerprint has found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.build_record.reads import texts_of, upwards
from rajee_deploy.dataclass import dataclass
from rajee_deploy.fingerprint import kind_of
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.context import SelectedEntry, Selection
    from rajee_deploy.context.select import Chosen
    from rajee_deploy.fingerprint import Input
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import ContextRead


@dataclass(frozen=True, slots=True)
class LineReads:
    """What one line reads. `text` is the joined line; `files` counts everything but directories, `size` is in bytes."""

    text: str
    reads: tuple[ContextRead, ...]
    files: int
    size: int

    @property
    def line(self) -> int:
        """Where the instruction begins."""
        return self.reads[0].location.start


def by_line(inputs: ImageInputs) -> tuple[LineReads, ...]:
    """What the lines read, biggest first; of equal ones the earlier first."""
    texts = texts_of(inputs)
    lines: dict[int, list[tuple[str, Chosen]]] = {}
    for name, chosen in _all_chosen(inputs):
        lines.setdefault(chosen.read.location.start, []).append((name, chosen))
    found = [_line(inputs, texts.get(start, ""), group) for start, group in lines.items()]
    return tuple(sorted(found, key=lambda line: (-line.size, -line.files, line.line)))


def other_inputs(inputs: ImageInputs) -> tuple[Input, ...]:
    """Everything else that is in the hash, but for the instructions. What all platforms share is there once, without
    the platform's name."""
    named = [(*kind_of(item.name), item) for item in inputs.fingerprint.inputs]
    kept = [each for each in named if not each[1].startswith(("instruction:", "use:"))]
    platforms = {platform for platform, _, _ in kept if platform}
    if not platforms:
        return tuple(item for _, _, item in kept)
    having: dict[tuple[str, str], set[str]] = {}
    for platform, name, item in kept:
        having.setdefault((name, item.text), set()).add(platform)
    return tuple(
        dict.fromkeys(
            replace(item, name=name) if platform and having[name, item.text] == platforms else item
            for platform, name, item in kept
        )
    )


def taken_entries(selection: Selection, chosen: Chosen) -> tuple[SelectedEntry, ...]:
    """The entries that one read puts into the hash (not the directories and symlinks that lead to them)."""
    shallow = {item.path for item in chosen.items if not item.deep}
    deep = {item.path for item in chosen.items if item.deep}
    return tuple(
        entry
        for entry in selection.records
        if entry.entry.path in shallow or any(path in deep for path in upwards(entry.entry.path))
    )


def takes(chosen: Chosen, path: str) -> bool:
    """Whether a read puts `path` into the hash, given that it is one of the selection's entries."""
    above = set(upwards(path))
    return any(item.path in above if item.deep else item.path == path for item in chosen.items)


def _all_chosen(inputs: ImageInputs) -> Iterator[tuple[str, Chosen]]:
    for name, selection in inputs.selections.items():
        for chosen in selection.chosen:
            yield name, chosen


def _line(inputs: ImageInputs, text: str, group: list[tuple[str, Chosen]]) -> LineReads:
    sizes = {
        (name, entry.entry.path): entry.entry.size
        for name, chosen in group
        for entry in taken_entries(inputs.selections[name], chosen)
        if entry.entry.kind is not Kind.DIRECTORY
    }
    reads = tuple(chosen.read for _, chosen in group)
    return LineReads(text or reads[0].widened or reads[0].instruction.value, reads, len(sizes), sum(sizes.values()))
