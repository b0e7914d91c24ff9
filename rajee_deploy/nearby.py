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

    from rajee_deploy.settings import ImageSettings

_DEPTH = 3
_MOST_ENTRIES = 3000
_MOST_SHOWN = 3
_PASSED_BY = frozenset({"node_modules", "cdk.out", "__pycache__", "site-packages", "venv"})


def dockerfile_missing(settings: ImageSettings) -> DeployError:
    """For a Dockerfile that does not exist: where it was looked for, what such a path starts at, and what is there."""
    path = settings.dockerfile
    looked = path.absolute()
    is_of_flags = not str(settings.repository)
    if path.is_absolute() and not is_of_flags:
        begins, key = _start(settings), f"images.{settings.name}.dockerfile"
        starts = f"{key} starts at the settings file's directory, {begins}"
    else:
        begins, key = Path.cwd(), "--file"
        starts = f"--file starts at the working directory, {begins}"
    if looked == settings.context.absolute() / "Dockerfile":
        starts = f"without {'--file' if is_of_flags else key} it is the file Dockerfile of the build context"
    there = _dockerfiles(settings, looked)
    return DeployError(
        "dockerfile-missing", "the Dockerfile does not exist", where=str(looked), cause=starts,
        hint="\n".join(_named(each, begins, key) for each in there)
        or f"write it, or name the one that is meant: {key}, from {begins}",
    )  # fmt: skip


def _start(settings: ImageSettings) -> Path:
    """Where relative paths of the settings start."""
    return (settings.lock.parent if settings.lock is not None else settings.context).absolute()


def elsewhere(directory: Path, name: str) -> list[Path]:
    """Directories that have a file of this name: the nearest above, and those below, but none of installed packages."""
    above = next((each for each in directory.parents if (each / name).is_file()), None)
    start = next((each for each in (directory, *directory.parents) if each.is_dir()), directory)
    below = [path.parent for path in _below(start, lambda found: found == name)]
    return [*([above] if above is not None and above not in below else []), *below][:_MOST_SHOWN]


def _named(path: Path, begins: Path, key: str) -> str:
    """How a file that is there is written."""
    try:
        text = str(path.relative_to(begins))
    except ValueError:
        text = str(path)
    return f"this one is there: {key} {quote(text)}" if key.startswith("--") else f'this one is there: {key} = "{text}"'


def _dockerfiles(settings: ImageSettings, looked: Path) -> list[Path]:
    """What may be meant: the same path from other places, first of all from the build context, as CDK's `file` is;
    then what is called like a Dockerfile."""
    context, root = settings.context.absolute(), _start(settings)
    starts = dict.fromkeys((context, root, Path.cwd()))
    tails = {_below_one_of(looked, starts), Path(looked.name)}
    same = [start / tail for tail in sorted(tails, key=lambda each: -len(each.parts)) for start in starts]
    found = [path for path in same if path != looked and path.is_file()]
    if not found and context.is_dir():
        found = list(_below(context, lambda name: "dockerfile" in name.lower() or name == "Containerfile"))
        found = [path for path in found if not path.name.endswith(".dockerignore")]
    return list(dict.fromkeys(found))[:_MOST_SHOWN]


def _below_one_of(path: Path, starts: dict[Path, None]) -> Path:
    """The path as it was probably written, from the start that lies nearest."""
    return min((path.relative_to(each) for each in starts if each in path.parents), key=lambda each: len(each.parts),
               default=Path(path.name))  # fmt: skip


def _below(start: Path, is_meant: Callable[[str], bool]) -> Iterator[Path]:
    """Files below a directory whose name is meant, those of few parts first."""
    left, level = _MOST_ENTRIES, [start]
    for _ in range(_DEPTH + 1):
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
