"""Where a repository keeps its files, by a look at directories: git is not asked, and nothing is decided by it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from rajee_deploy.system.regular_files import read_text

# https://git-scm.com/docs/gitrepository-layout
_PARTS = ({"HEAD", "objects", "refs"}, {"HEAD", "commondir"})


def directories_of(top: Path) -> list[Path]:
    """Where git keeps a checkout: for a linked worktree its own directory, and the one that all share."""
    found = [top / ".git"]
    with suppress(OSError, ValueError):  # of what is wrong there git tells
        if stat.S_ISREG(found[0].stat().st_mode):
            found[0] = top / read_text(found[0]).removeprefix("gitdir:").strip()
        if (found[0] / "commondir").is_file():
            found.append(found[0] / read_text(found[0] / "commondir").strip())
    return found


def enclosing(start: Path) -> tuple[Path, Path] | None:
    """The nearest directory from `start` up that has a repository in `.git`, and where to ask git from: `start`, but
    the directory itself where git would meet another repository on the way. None outside of one."""
    place = Path(os.path.realpath(start))
    asked_from = place
    for each in (place, *place.parents):
        if _has_repository(each):
            return each, asked_from if asked_from == place else each
        if _is_bare(each):
            asked_from = each.parent
    return None


def _has_repository(directory: Path) -> bool:
    """As git sees it: `.git` is the repository, or a file that names one."""
    place = directory / ".git"
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and _is_bare(place))


def _is_bare(directory: Path) -> bool:
    return any(all(os.path.lexists(directory / part) for part in parts) for parts in _PARTS)
