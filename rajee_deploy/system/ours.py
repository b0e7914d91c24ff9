"""What this tool itself keeps on disk, told apart from what is the user's: our own notes are never an input.

A place for state or caches may lie inside a build context or a CDK app (some CI systems keep only what lies below the
checkout), and every run writes there: counted, it would move each tag and shadow each synth. So every directory we
write to gets a marker. Beside a marker the names that nobody else gives are ours, and of the plain ones (history.jsonl)
those that the marker lists because we made the file; all others stay the user's, whatever a setting names. A directory
of ours in which nothing else is left is no entry at all. Must never know who asks.
"""

from __future__ import annotations

import contextlib
import os
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from rajee_deploy.system.regular_files import open_regular, open_to_append, read_regular
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MARKER = ".rajee-deploy"
_TEXT = b"rajee-deploy keeps notes in this directory. It is safe to remove: they are made again.\n"
_FILES = re.compile(
    r"[0-9a-f]{32}\.(answers|files-[a-z]+|engine)(\.[0-9a-f]{16}\.tmp)?"  # context.cache
    r"|(?:ignored|asked)-[0-9a-f]{16}\.json|shapes-[0-9a-z.]+\.json"  # stack.ignored, stack.runtimes, aws.short.shapes
    r"|services-[0-9a-f]{32}\.json"  # stack.services
    r"|inputs-[0-9a-f]{40}\.json"  # stack.input_store
    r"|[cm]-[0-9a-f]{8,64}\.record"  # contents.local
    r"|crash-[0-9]{8}T[0-9]{12}Z-[0-9a-f]{6}\.txt"  # cli.crash
    r"|\.[^/]+\.[0-9a-f]{12}\.part"  # drafts of atomic
)
# Names that a user's file may have as well, in a place that was chosen.
_PLAIN = {
    "verdicts.json",
    "history.jsonl",
    "sandbox.json",
    "sandbox.log",
    "sandbox.lock",
    "depfile.json",
    "failed-synth.json",
    "secret-values.json",
}
# How such files of releases without a marker begin.
_SIGNS = (b'{"schema": "rajee-deploy.', b'{"version": 2, "read": ', b'{"pid": ')
_READ_BYTES = 1 << 16
# An assembly is kept whole, under names that its app chose, in a directory whose name nobody else gives.
_ASSEMBLIES = re.compile(r"[0-9a-f]{40}|\.new-[a-z0-9_]{8}")
_ASSEMBLIES_IN = "assemblies"


def make_place(directory: Path, *plain: str) -> None:
    """Make a directory that we write to, and mark it and those above it that are made for it. OSError.

    `plain` are the files that we are about to write there under names that a user's file may have: one that is there
    already and is not ours stays the user's.
    """
    made = list(takewhile(lambda each: not each.exists(), (directory, *directory.parents)))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in made or [directory]:
        with contextlib.suppress(FileExistsError), (each / MARKER).open("xb") as file:
            file.write(_TEXT)
    known = listed_names(read_regular(directory / MARKER)) if plain else set()
    new = [name for name in plain if name not in known and _may_take(directory / name)]
    if new:
        marker = open_to_append(directory / MARKER)
        try:
            os.write(marker, "".join(f"{name}\n" for name in new).encode())
        finally:
            os.close(marker)


def _may_take(path: Path) -> bool:
    """Whether a file is not there yet, or was written by an older release, which listed nothing."""
    try:
        with open_regular(path) as file:
            start = file.read(64)
    except FileNotFoundError:
        return True
    return start.startswith(_SIGNS) or (path.name == "sandbox.lock" and not start)


def listed_names(marker: bytes) -> set[str]:
    """The plain names that a marker says are ours."""
    return set(lines_of(marker.decode("utf-8", "replace"))[1:]) & _PLAIN


def read_marker(at: int) -> bytes:
    """The marker in a directory, given its descriptor; empty where it cannot be read, so that nothing is hidden."""
    try:
        with open_regular(MARKER, at=at, follow=False) as file:
            return file.read(_READ_BYTES)
    except OSError:
        return b""


def is_marked(directory: str, at: int | None = None) -> bool:
    """Whether we write to a directory; `directory` is relative to the descriptor `at`."""
    try:
        os.stat(f"{directory}/{MARKER}", dir_fd=at, follow_symlinks=False)
    except (OSError, ValueError):
        return False
    return True


def own_files(directory: str, names: Collection[str], at: int) -> set[str]:
    """Which names in a marked directory (its path, and its descriptor) are ours as they are: files, kept assemblies."""
    found = {name for name in names if name == MARKER or _FILES.fullmatch(name)}
    if os.path.basename(directory) == _ASSEMBLIES_IN:  # noqa: PTH119 -- on every start
        found.update(name for name in names if _ASSEMBLIES.fullmatch(name))
    if not _PLAIN.isdisjoint(names):
        found |= listed_names(read_marker(at)) & set(names)
    return found


def without_ours(directory: Path) -> list[str]:
    """The names in a directory that are the user's, sorted. OSError."""
    names = {entry.name for entry in directory.iterdir()}
    if MARKER in names:
        at = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            names -= own_files(str(directory), names, at)
        finally:
            os.close(at)
    return sorted(name for name in names if not is_ours_alone(directory / name))


def is_ours_alone(directory: Path) -> bool:
    """Whether nothing but our own lies in a marked directory."""
    try:
        return is_marked(str(directory)) and not directory.is_symlink() and not without_ours(directory)
    except OSError:
        return False
