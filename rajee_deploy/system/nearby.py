"""Where a file that is not where it was looked for may be instead: for messages alone. It looks at the names of a few
hundred entries and opens nothing; nothing is decided by what it finds.
"""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DEPTH = 3
_MOST_ENTRIES = 3000
_MOST_SHOWN = 3
_PASSED_BY = frozenset({"node_modules", "cdk.out", "__pycache__", "site-packages", "venv"})


def dockerfile_missing(path: Path, context: Path, root: Path, key: str) -> DeployError:
    """For a Dockerfile that does not exist: where it was looked for, what such a path starts at, and what is there.
    `key` of the settings in `root` names it; "" for the flags alone."""
    looked, context, root = path.absolute(), context.absolute(), root.absolute()
    is_of_settings = bool(key) and path.is_absolute()
    begins, name = (root, key) if is_of_settings else (Path.cwd(), "--file")
    what = "the settings file's directory" if is_of_settings else "the working directory"
    starts = f"{name} starts at {what}, {begins}"
    if looked == context / "Dockerfile":
        starts = f"without {name} it is the file Dockerfile of the build context; {starts}"
    there = _dockerfiles(looked, context, root)
    return DeployError(
        "dockerfile-missing",
        "the Dockerfile does not exist",
        where=str(looked),
        cause=starts,
        hint="\n".join(_spelling_of(each, begins, name) for each in there)
        or f"write it, or name the one that is meant: {name}, from {begins}",
    )


def elsewhere(directory: Path, name: str) -> list[Path]:
    """Directories that have a file of this name: the nearest above, and those below, but none of installed packages."""
    above = next((each for each in directory.parents if is_file(each / name)), None)
    start = next((each for each in (directory, *directory.parents) if _is_directory(each)), directory)
    is_all = start == Path(start.anchor)  # nobody means the whole machine
    below = [] if is_all else [path.parent for path in _below(start, lambda found: found == name)]
    return [*([above] if above is not None and above not in below else []), *below][:_MOST_SHOWN]


def files_below(start: Path, is_meant: Callable[[str], bool], depth: int, most: int) -> list[Path]:
    """Files below a directory whose name is meant, those of few parts first; no more than `most` entries are looked at,
    so deep down, and none of installed packages or of hidden directories."""
    return list(_below(start, is_meant, depth, most))


def is_file(path: Path) -> bool:
    """Whether it is one, as far as anybody may know: a directory above may be closed to us."""
    try:
        return path.is_file()
    except OSError:
        return False


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _spelling_of(path: Path, begins: Path, key: str) -> str:
    """How a file that is there is written."""
    try:
        text = str(path.relative_to(begins))
    except ValueError:
        text = str(path)
    return f"this one is there: {key} {quote(text)}" if key.startswith("--") else f'this one is there: {key} = "{text}"'


def _dockerfiles(looked: Path, context: Path, root: Path) -> list[Path]:
    """What may be meant: the same path from other places, first of all from the build context, as CDK's `file` is;
    then what is called like a Dockerfile."""
    starts = dict.fromkeys((context, root, Path.cwd()))
    tails = {Path(looked.name), *(looked.relative_to(each) for each in starts if each in looked.parents)}
    same = [start / tail for tail in sorted(tails, key=lambda each: -len(each.parts)) for start in starts]
    found = [path for path in same if path != looked and is_file(path)]
    if not found and _is_directory(context):
        found = list(_below(context, lambda name: "dockerfile" in name.lower() or name == "Containerfile"))
        found = [path for path in found if not path.name.endswith(".dockerignore")]
    return list(dict.fromkeys(found))[:_MOST_SHOWN]


def _below(
    start: Path, is_meant: Callable[[str], bool], depth: int = _DEPTH, most: int = _MOST_ENTRIES
) -> Iterator[Path]:
    """Files below a directory whose name is meant, those of few parts first."""
    left, level = most, [start]
    for _ in range(depth + 1):
        deeper: list[Path] = []
        for directory in level:
            try:
                with os.scandir(directory) as entries:
                    for entry in entries:
                        left -= 1
                        if left < 0:
                            return
                        if entry.is_dir(follow_symlinks=False):
                            if not entry.name.startswith(".") and entry.name not in _PASSED_BY:
                                deeper.append(Path(entry.path))
                        elif is_meant(entry.name) and entry.is_file():
                            yield Path(entry.path)
            except OSError:
                continue  # it may not be looked into
        level = deeper
