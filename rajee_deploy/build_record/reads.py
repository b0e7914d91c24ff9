"""Which line of the Dockerfile takes which entry, and how its lines read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dockerfile.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.context import SelectedEntry, Selection
    from rajee_deploy.image.inputs import ImageInputs


def line_texts(dockerfile: bytes) -> dict[int, str]:
    """The instructions of a Dockerfile by the line they begin at, continuations joined and heredocs left out."""
    nodes = parse(dockerfile, "").nodes
    return {node.start: " ".join(node.original.split()) for node in nodes}


def texts_of(inputs: ImageInputs) -> dict[int, str]:
    """The same for an image; empty where another frontend reads the file."""
    return {} if inputs.recipe.widened else line_texts(inputs.dockerfile)


def counted_entries(inputs: ImageInputs, *, with_bytes: bool = True) -> Iterator[tuple[str, SelectedEntry, int]]:
    """Every entry that a read puts into the hash (not the directories and symlinks that lead to them): its context,
    itself, and the first line that reads it. Without `with_bytes`, what only reading files once more tells is missing.
    """
    for name, selection in inputs.selections.items():
        deep, shallow = _readers(selection)
        for entry in selection.entries if with_bytes else selection.records:
            path = entry.entry.path
            ranks = [deep[above] for above in upwards(path) if above in deep]
            if path in shallow:
                ranks.append(shallow[path])
            if ranks:
                yield name, entry, selection.chosen[min(ranks)].read.location.start


def lines_by_entry(inputs: ImageInputs) -> dict[tuple[str, str], int]:
    """The first line that reads an entry, by (context, path)."""
    return {(name, entry.entry.path): line for name, entry, line in counted_entries(inputs)}


def _readers(selection: Selection) -> tuple[dict[str, int], dict[str, int]]:
    """The first read of a path with all that is below it, and of a path alone."""
    deep: dict[str, int] = {}
    shallow: dict[str, int] = {}
    for rank, chosen in enumerate(selection.chosen):
        for item in chosen.items:
            (deep if item.deep else shallow).setdefault(item.path, rank)
    return deep, shallow


def upwards(path: str) -> Iterator[str]:
    """The path, every directory above it, and the root."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""
