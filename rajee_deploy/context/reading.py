"""Many files → their stamps and BuildKit digests, as fast as the machine can.

Owns the order and the sharing out of the work: processes, because threads make small files slower (interpreter lock),
and because two readers keep a disk busier than one. A child only ever reports what went well; the parent reads again
what is missing, so that every fault is told by one process. Must never decide what is selected, nor trust a stamp.
"""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.context.digest import read_record
from rajee_deploy.context.forking import shared_out
from rajee_deploy.context.stamps import STAMP_BYTES, stamp_of
from rajee_deploy.context.tree import entry_error
from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rajee_deploy.context.digest import Modes
    from rajee_deploy.context.tree import DiskTree

RECORD_BYTES = 32
_SLICE = 128  # files that are handed out at a time
_READERS = 2  # for each processor: while one waits for the disk, another works
FORK_FROM = 1000  # files; fewer are read before a second process has started


@dataclass(slots=True)
class Batch:
    """Files of one directory, with what was found of each, joined: `STAMP_BYTES` and `RECORD_BYTES` apiece."""

    directory: str
    names: list[str]
    stamps: bytearray = field(default_factory=bytearray)
    records: bytearray = field(default_factory=bytearray)

    def record(self, index: int) -> bytes:
        """BuildKit's digest of the file at an index."""
        return bytes(self.records[index * RECORD_BYTES : (index + 1) * RECORD_BYTES])

    def stamp(self, index: int) -> bytes:
        """The stamp of the file at an index."""
        return bytes(self.stamps[index * STAMP_BYTES : (index + 1) * STAMP_BYTES])

    def each_stamp(self) -> Iterator[bytes]:
        """The stamps of all files, in order."""
        stamps = bytes(self.stamps)
        return (stamps[at : at + STAMP_BYTES] for at in range(0, len(stamps), STAMP_BYTES))

    def each_record(self) -> Iterator[bytes]:
        """The digests of all files, in order."""
        records = bytes(self.records)
        return (records[at : at + RECORD_BYTES] for at in range(0, len(records), RECORD_BYTES))


def read_batches(
    tree: DiskTree, batches: Sequence[Batch], modes: Modes, known: Callable[[str], Mapping[str, bytes]]
) -> None:
    """Fill the batches. `known` gives what may be believed of a directory's files: stamp and digest, by name.

    DeployError `file-changed` and `unreadable`.
    """
    slices = [
        (batch, start, min(start + _SLICE, len(batch.names)))
        for batch in batches
        for start in range(0, len(batch.names), _SLICE)
    ]

    def work(index: int) -> bytes:
        batch, start, end = slices[index]
        return _read_slice(tree, batch.directory, batch.names[start:end], modes, known(batch.directory))

    count = sum(len(batch.names) for batch in batches)
    for (batch, start, end), found in zip(
        slices, shared_out(work, len(slices), _READERS if count >= FORK_FROM else 0), strict=True
    ):
        middle = (end - start) * STAMP_BYTES
        batch.stamps += found[:middle]
        batch.records += found[middle:]


def _read_slice(
    tree: DiskTree, directory: str, names: Sequence[str], modes: Modes, known: Mapping[str, bytes]
) -> bytes:
    """The stamps of files and then their digests, joined."""
    base = f"{directory}/" if directory else ""
    name = ""
    stamps, records = bytearray(), bytearray()
    try:
        descriptor = tree.directory(directory)
        for name in names:
            before = known.get(name)
            if before is not None and before.startswith(
                stamp_of(os.stat(name, dir_fd=descriptor, follow_symlinks=False))
            ):
                stamp, record = before[:STAMP_BYTES], before[STAMP_BYTES:]
            else:
                stamp, record = read_record(descriptor, name, base + name, modes)
            stamps += stamp
            records += record
    except OSError as error:
        raise entry_error(error, base + name) from error
    return bytes(stamps + records)
