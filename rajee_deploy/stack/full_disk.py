"""Whether a program ended because a disk is full, by its own last words. Must never run anything."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# node, the C library in its own language (synth has LANG=C), and Python, which looks for a directory it can write to.
_WORDS = re.compile(r"ENOSPC|No space left on device|EDQUOT|Disk quota exceeded|No usable temporary directory found in")


def no_space(deed: str, tail: Sequence[str], places: Sequence[Path]) -> DeployError | None:
    """The error `no-space` where the last lines speak of it, with the first of these places that is full; else None."""
    line = next((line for line in reversed(tail) if _WORDS.search(line)), None)
    if line is None:
        return None
    place = next((place for place in places if _is_full(place)), places[0])
    return DeployError(
        "no-space",
        f"{deed} failed, since this machine's disk is full",
        where=str(place),
        cause=line.strip(),
        hint="make room there, or set TMPDIR to a directory with room: df -h",
    )


def _is_full(place: Path) -> bool:
    try:
        status = os.statvfs(place)
    except OSError:
        return False
    return status.f_bavail == 0 or (status.f_files > 0 and status.f_favail == 0)
