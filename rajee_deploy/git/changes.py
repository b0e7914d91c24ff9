"""Whether tracked files differ from the commit that is checked out, found without running a filter.

git compares by the times that it noted, and reads a file where these prove nothing; a filter would then have to run.
None does: a file with a filter is unchanged while all that git noted of it is as it was (times to the nanosecond,
inode), and one of Git LFS while its pointer is the one that git holds. In doubt the checkout differs: that is a note in
labels and records, on which no decision stands.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.git.call import ask, disarming_settings
from rajee_deploy.git.large_files import LFS, pointer_to
from rajee_deploy.git.place import enclosing_repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rajee_deploy.git.call import GitDirectories

_MOST_FILES, _AT_A_TIME = 5000, 500
_DEEPEST = 8  # submodules in submodules
_GITLINK = "160000 "
_MODIFIED = " M "  # in --porcelain=v1 -z: nothing is staged, the file seems to differ
_NOTED = re.compile(
    r"([^\0]+)\0  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n  uid: \d+\tgid: \d+\n"
    r"  size: (\d+)\tflags: [0-9a-f]+\n"
)


def is_changed(repository: GitDirectories, depth: int = 0) -> bool:
    """Whether tracked files, those of submodules too, differ from HEAD. True where git cannot tell."""
    try:
        settings = disarming_settings(repository)
    except DeployError:
        return True
    asked = ["status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=dirty"]
    answer = ask(asked, repository, settings=settings)
    if not answer.is_given or any(not row.startswith(_MODIFIED) for row in answer.rows):
        return True
    held = ask(["ls-files", "--stage", "-z"], repository, settings=settings).rows
    seeming = [row.removeprefix(_MODIFIED) for row in answer.rows]
    if seeming and not _are_as_filtered(repository, seeming, held, settings):
        return True
    return any(_is_changed_within(repository, path, depth) for path in _submodules(held))


def _submodules(held: Iterable[str]) -> list[str]:
    return [row.partition("\t")[2] for row in held if row.startswith(_GITLINK)]


def _is_changed_within(repository: GitDirectories, path: str, depth: int) -> bool:
    place = repository.top / path
    if not os.path.lexists(place / ".git"):
        return False  # it is not checked out
    try:
        inner = enclosing_repository(place)
    except DeployError:
        return True
    if inner is None or inner.top == repository.top:
        return inner is None
    return depth >= _DEEPEST or is_changed(inner, depth + 1)


def _are_as_filtered(
    repository: GitDirectories, paths: Sequence[str], held: Iterable[str], settings: Sequence[str]
) -> bool:
    """Whether all of these files have a filter, and are what it made of what git holds."""
    if len(paths) > _MOST_FILES:
        return False
    filters = _filters(repository, paths, settings)
    noted = _stamps_of_git(repository, set(paths), settings)
    objects = {path: about.split(" ")[1] for about, _, path in (row.partition("\t") for row in held)}
    for path in paths:
        name, place = filters.get(path, ""), os.path.join(repository.top, path)  # noqa: PTH118 -- surrogates, and speed
        is_known = f"filter.{name}.process=" in settings
        if is_known and noted.get(path) == _times(place):
            continue
        if name != LFS or not _is_object(objects.get(path, ""), pointer_to(place)):
            return False
    return True


def _filters(repository: GitDirectories, paths: Sequence[str], settings: Sequence[str]) -> dict[str, str]:
    """The filter of each file that has one, by .gitattributes."""
    found: dict[str, str] = {}
    for start in range(0, len(paths), _AT_A_TIME):
        asked = ["check-attr", "-z", "filter", "--", *paths[start : start + _AT_A_TIME]]
        rows = ask(asked, repository, settings=settings).rows
        found |= dict(zip(rows[::3], rows[2::3], strict=True))
    return {path: name for path, name in found.items() if name not in ("unspecified", "set", "unset")}


def _stamps_of_git(
    repository: GitDirectories, paths: set[str], settings: Sequence[str]
) -> Mapping[str, tuple[int, ...]]:
    """What git noted of files as it wrote or read them last: see `_times`."""
    text = ask(["ls-files", "--debug", "-z"], repository, settings=settings).text
    rows = (found.groups() for found in _NOTED.finditer(text) if found[1] in paths)
    return {path: tuple(map(int, numbers)) for path, *numbers in rows}


def _times(place: str) -> tuple[int, ...] | None:
    """ctime and mtime (seconds, nanoseconds), inode and size, cut to 32 bits as git's index has them."""
    try:
        about = os.lstat(place)
    except OSError:
        return None
    numbers = (*divmod(about.st_ctime_ns, 10**9), *divmod(about.st_mtime_ns, 10**9), about.st_ino, about.st_size)
    return tuple(number & 0xFFFFFFFF for number in numbers)


def _is_object(name: str, data: bytes | None) -> bool:
    """Whether git's name of an object, in hex, is that of a blob."""
    if data is None or len(name) not in (40, 64):
        return False
    whole = b"blob %d\0%b" % (len(data), data)
    told = hashlib.sha1(whole, usedforsecurity=False) if len(name) == 40 else hashlib.sha256(whole)  # noqa: PLR2004
    return told.hexdigest() == name
