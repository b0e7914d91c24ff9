"""What this tool itself keeps on disk, told apart from what is the user's: our own notes are never an input.

A place for state or caches may lie inside a build context or a CDK app (some CI systems keep only what lies below the
checkout), and every run writes there: counted, it would move each tag and shadow each synth. So every directory we
write to gets a marker, and below a marker the names that we write are ours; all others stay the user's, whatever a
setting names. A directory of ours in which nothing else is left is no entry at all. Must never know who asks.
"""

from __future__ import annotations

import contextlib
import os
import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MARKER = ".rajee-deploy"
_TEXT = b"rajee-deploy keeps notes in this directory. It is safe to remove: they are made again.\n"
_FILES = re.compile(
    r"verdicts\.json|history\.jsonl|sandbox\.(json|log|lock)"
    r"|[0-9a-f]{32}\.(answers|files-[a-z]+|engine)(\.[0-9a-f]{16}\.tmp)?"  # context.cache
    r"|ignored-[0-9a-f]{16}\.json|shapes-[0-9a-z.]+\.json"  # stack.ignored, aws.short.shapes
    r"|[cm]-[0-9a-f]{8,64}\.record"  # contents.local
    r"|\.[^/]+\.[0-9a-f]{12}\.part"  # drafts of atomic
)
# A depfile lies in a directory that is ours by its name. Beside a user's files, which a place that was chosen may hold,
# one of that name is the user's.
_APP = re.compile(r"[0-9a-f]{16}")
_OF_AN_APP = "depfile.json"
# An assembly is kept whole, under names that its app chose, in a directory whose name nobody else gives.
_ASSEMBLIES = re.compile(r"[0-9a-f]{40}|\.new-[a-z0-9_]{8}")
_ASSEMBLIES_IN = "assemblies"


def make_place(directory: Path) -> None:
    """Make a directory that we write to, and mark it and those above it that are made for it. OSError."""
    made = list(takewhile(lambda each: not each.exists(), (directory, *directory.parents)))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in made or [directory]:
        with contextlib.suppress(FileExistsError), (each / MARKER).open("xb") as file:
            file.write(_TEXT)


def is_marked(directory: str, at: int | None = None) -> bool:
    """Whether we write to a directory; `directory` is relative to the descriptor `at`."""
    try:
        os.stat(f"{directory}/{MARKER}", dir_fd=at, follow_symlinks=False)
    except (OSError, ValueError):
        return False
    return True


def own_files(directory: str, names: Collection[str]) -> set[str]:
    """Which names in a marked directory are ours as they are: files, and kept assemblies."""
    place = os.path.basename(directory)  # noqa: PTH119 -- on every start
    found = {name for name in names if name == MARKER or _FILES.fullmatch(name)}
    if place == _ASSEMBLIES_IN:
        found.update(name for name in names if _ASSEMBLIES.fullmatch(name))
    elif _APP.fullmatch(place) and _OF_AN_APP in names:
        found.add(_OF_AN_APP)
    return found


def without_ours(directory: Path) -> list[str]:
    """The names in a directory that are the user's, sorted. OSError."""
    names = {entry.name for entry in directory.iterdir()}
    if MARKER in names:
        names -= own_files(str(directory), names)
    return sorted(name for name in names if not is_ours_alone(directory / name))


def is_ours_alone(directory: Path) -> bool:
    """Whether nothing but our own lies in a marked directory."""
    try:
        return is_marked(str(directory)) and not directory.is_symlink() and not without_ours(directory)
    except OSError:
        return False
