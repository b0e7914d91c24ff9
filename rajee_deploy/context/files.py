"""Digests of single files from earlier runs and from earlier in this one, by directory, each with its stamp.

Owns that table and its file, which is read only when some answer did not hold, and keeps nothing that was written to
just before it was read. Must never compare a stamp with the disk: who reads does.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from rajee_deploy.context import cache
from rajee_deploy.context.reading import RECORD_BYTES
from rajee_deploy.context.stamps import STAMP_BYTES, trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.context.reading import Batch
    from rajee_deploy.context.tree import DiskTree


class Files:
    """The files of one build context under one way of counting modes. `directory` None: none are kept."""

    def __init__(self, modes: str, directory: Path | None, root: str, moment_ns: int) -> None:
        self._path = cache.file_for(directory, root, f"files-{modes}") if directory is not None else None
        self._root = root
        self._moment = moment_ns
        self._new: dict[str, list[Batch]] = {}

    @cached_property
    def _old(self) -> dict[str, bytes]:
        """What was kept of each directory."""
        parts = cache.load(self._path, self._root) if self._path is not None else None
        return dict(zip(map(os.fsdecode, parts[::2]), parts[1::2], strict=False)) if parts else {}

    def known(self, directory: str) -> Mapping[str, bytes]:
        """Stamp and digest, joined, of the files of a directory."""
        known = _decode(self._old.get(directory, b""))
        for batch in self._new.get(directory, ()):
            known |= _pairs(batch)
        return known

    def learn(self, batches: Iterable[Batch]) -> None:
        """Remember what was read."""
        for batch in batches:
            self._new.setdefault(batch.directory, []).append(batch)

    def save(self, disk: DiskTree) -> None:
        """Write the file if anything in it moved. Directories and files that are gone are left out."""
        if self._path is None or not self._new:
            return
        fresh = {directory: self._encoded(disk, directory) for directory in self._new}
        if any(self._old.get(directory, b"") != data for directory, data in fresh.items()):
            kept = {path: data for path, data in self._old.items() if path in fresh or not _is_gone(disk, path)}
            parts = (part for path, data in {**kept, **fresh}.items() if data for part in (os.fsencode(path), data))
            cache.save(self._path, self._root, parts)

    def forget(self) -> None:
        """Remove the file."""
        if self._path is not None:
            cache.remove(self._path)

    def _encoded(self, disk: DiskTree, directory: str) -> bytes:
        """What to keep of a directory: what was read and had come to rest, and of before what nobody asked for now."""
        present = disk.children(directory)
        found = {name: pair for name, pair in _decode(self._old.get(directory, b"")).items() if name in present}
        for batch in self._new[directory]:
            rested = trust(batch.stamps, self._moment)
            for (name, pair), is_trusted in zip(_pairs(batch).items(), rested, strict=True):
                if is_trusted:
                    found[name] = pair
                else:
                    found.pop(name, None)
        return _encode(found)


def _pairs(batch: Batch) -> dict[str, bytes]:
    return dict(zip(batch.names, map(bytes.__add__, batch.each_stamp(), batch.each_record()), strict=True))


def _encode(found: Mapping[str, bytes]) -> bytes:
    if not found:
        return b""
    names = sorted(found)
    return cache.frame([os.fsencode("\0".join(names)), b"".join([found[name] for name in names])])


def _decode(data: bytes) -> dict[str, bytes]:
    each = STAMP_BYTES + RECORD_BYTES
    try:
        joined, pairs = cache.unframe(data) if data else (b"", b"")
    except (cache.DamagedError, ValueError):
        return {}
    names = os.fsdecode(joined).split("\0") if joined else []
    return {name: pairs[at * each : at * each + each] for at, name in enumerate(names)}


def _is_gone(disk: DiskTree, path: str) -> bool:
    """Whether a directory is known to be gone, without looking."""
    return any(disk.is_listed(above) and name not in disk.children(above) for above, name in _steps(path))


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """Each step up: the directory above and the name in it."""
    while path:
        above, _, name = path.rpartition("/")
        yield above, name
        path = above
