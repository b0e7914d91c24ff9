"""Layers of an image as files: what a tar says of its paths, how layers make a tree, and a tar without some entries.

Owns whiteouts and links. Must never hold what a layer's files contain.
https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.system.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_MOST_LINKS = 40
_CHUNK = 1 << 20


class LayerFile(NamedTuple):
    """What a path is; `link` is where a symlink leads to, `size` in bytes."""

    kind: str  # "dir", "file", "link" or "other"
    link: str = ""
    size: int = 0


Layer = dict[str, LayerFile]
"""By path, without a slash in front. A tree is one too."""


def upwards(path: str) -> Iterator[str]:
    """A path and those above it, but for the root."""
    while path:
        yield path
        path = posixpath.dirname(path)


def resolve(tree: Mapping[str, LayerFile], path: str) -> str:
    """A path with its links followed as the root of the tree sees them, without a slash in front."""
    rest = [part for part in path.split("/") if part]
    at = ""
    followed = 0
    while rest:
        part = rest.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            at = posixpath.dirname(at)
            continue
        here = f"{at}/{part}".strip("/")
        entry = tree.get(here)
        if entry is not None and entry.kind == "link" and followed < _MOST_LINKS:
            followed += 1
            rest = entry.link.split("/") + rest
            at = "" if entry.link.startswith("/") else at
        else:
            at = here
    return at


def read_layer(path: Path) -> Layer:
    """What a layer says of each path; `.wh.` entries are left as they are."""
    found: Layer = {}
    kinds = {tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link"}
    with tarfile.open(path) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # else it keeps them all
            name = posixpath.normpath(f"/{member.name}").strip("/")
            kind = kinds.get(member.type, "file" if member.isfile() or member.islnk() else "other")
            size = 1 if member.islnk() else member.size  # what another file holds is no empty file of its own
            found[name] = LayerFile(kind, member.linkname if kind == "link" else "", size)
    return found


def lay(tree: Layer, layer: Layer) -> None:
    """Put a layer over a tree."""
    gone, hollow = set(), set()
    for path, entry in layer.items():
        folder, _, name = path.rpartition("/")
        if name == _OPAQUE:
            hollow.add(folder)
        elif name.startswith(WHITEOUT):
            gone.add(f"{folder}/{name.removeprefix(WHITEOUT)}".strip("/"))
        elif entry.kind != "dir":
            gone.add(path)
    gone_too = {path for path in tree if gone.intersection(upwards(path)) or hollow.intersection(_above(path))}
    for path in gone_too:
        del tree[path]
    for path, entry in layer.items():
        if path and not path.rpartition("/")[2].startswith(WHITEOUT):
            tree[path] = entry
            for above in _above(path):
                tree.setdefault(above, LayerFile("dir"))


def _above(path: str) -> Iterator[str]:
    return upwards(posixpath.dirname(path))


def rewrite(path: Path, without: frozenset[str]) -> tuple[str, int]:
    """The layer without some entries, beside the first (which may be another's too): its digest and size. All else
    stays as it is, byte by byte."""
    new = path.with_name("new-layer")
    digest, size = hashlib.sha256(), 0
    with open_regular(path) as source, new.open("wb") as made:
        for start, end in _ranges(path, without):
            source.seek(start)
            left = end - start
            while left and (data := source.read(min(_CHUNK, left))):
                left -= len(data)
                size += len(data)
                digest.update(data)
                made.write(data)
    new.rename(path.with_name(digest.hexdigest()))
    return f"sha256:{digest.hexdigest()}", size


def _ranges(path: Path, without: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Which bytes of a tar stay."""
    start = 0
    with tarfile.open(path, "r:") as archive:
        member = archive.next()
        while member is not None:
            archive.members.clear()  # type: ignore[attr-defined]
            following = archive.next()
            if posixpath.normpath(f"/{member.name}").strip("/") in without:
                yield start, member.offset
                start = following.offset if following is not None else archive.offset
            member = following
    yield start, path.stat().st_size
