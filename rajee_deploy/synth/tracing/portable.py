"""Paths as every machine would write them. It imports little: it is part of every start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_in(path: str, root: str) -> bool:
    """Whether a path is the root or below it."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def is_any(path: str, roots: Iterable[str]) -> bool:
    """Whether a path is one of these or below one."""
    return any(is_in(path, root) for root in roots)


def temporary_places() -> tuple[str, ...]:
    """Where this machine keeps temporary files, as spelled and as real path."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    # As Python's tempfile chooses, whose import costs as much as all else here.
    place = next((os.path.abspath(each) for each in (*named, "/tmp") if each and os.path.isdir(each)), "/")  # noqa: S108, PTH100, PTH112
    return tuple(dict.fromkeys((place, os.path.realpath(place))))


def portable(path: str, root: str) -> str:
    """A path as another machine would write it: from the checkout, the home directory, the place for temporary files;
    else whole."""
    if is_in(path, root):
        return "./" + path[len(root) :].strip("/")
    home = str(Path.home())
    for place in (home, os.path.realpath(home)):
        if is_in(path, place) and place != "/":
            return "~" + path[len(place) :]
    for place in temporary_places():
        if is_in(path, place):
            return "$TMPDIR" + path[len(place) :]
    return path


def local(path: str, root: str) -> str:
    """The other way round: where `portable` text lies on this machine."""
    if path.startswith("./"):
        return f"{root}/{path[2:]}".rstrip("/")
    if path == "$TMPDIR" or path.startswith("$TMPDIR/"):
        return temporary_places()[0] + path[7:]
    if path == "~" or path.startswith("~/"):
        return str(Path.home()) + path[1:]
    return path
