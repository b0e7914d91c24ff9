"""How far a directory may be walked: what lies in the checkout without a bound, what lies beyond it within one.

Settings may be a stranger's, and may name any directory as a build context, as the CDK app or as one of its inputs. A
directory beside the checkout is usual, and is of the size of a project; above it may lie a machine's millions of files.
Must never list or read anything itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from rajee_deploy.errors import DeployError

# Beyond the checkout. To list and read so much takes some seconds.
MOST_ENTRIES = 100_000
MOST_BYTES = 1 << 30
_MACHINE = ("/", "/dev", "/proc", "/sys")
_ALL_OF_IT = ("/proc/", "/sys/")


def project_root(place: Path) -> Path:
    """The checkout that a directory lies in, else the directory itself."""
    return next((each for each in (place, *place.parents) if (each / ".git").exists()), place)


def _outer_root(place: Path) -> Path:
    """The checkout that a directory lies in; of a submodule or a linked worktree, one around it if there is any."""
    around = (each for each in (place, *place.parents) if (each / ".git").is_dir())
    return next(around, None) or project_root(place)


class Extent:
    """What may still be walked of one directory outside of the project."""

    def __init__(self, what: str, place: str) -> None:
        self._what = what
        self._place = place
        self._entries = 0
        self._bytes = 0

    def listed(self, entries: int) -> None:
        """So many entries more were found. DeployError `outside-too-large`."""
        self._entries += entries
        self._check()

    def to_read(self, size: int) -> None:
        """So many bytes more would be read. DeployError `outside-too-large`."""
        self._bytes += size
        self._check()

    def _check(self) -> None:
        if self._entries <= MOST_ENTRIES and self._bytes <= MOST_BYTES:
            return
        most = f"{MOST_ENTRIES} entries" if self._entries > MOST_ENTRIES else f"{MOST_BYTES >> 30} GiB"
        raise DeployError(
            "outside-too-large",
            f"{self._what} lies outside of this checkout, and has more than {most}",
            where=self._place,
            cause="what lies in the checkout has no bound, what lies beyond it has",
            hint="name the directory that is needed; or leave out what is not, in .dockerignore or cdk.ignore; or make "
            "one git checkout of both",
        )


def extent_of(what: str, place: Path, project: Path | None) -> Extent | None:
    """The bound of a directory; None for what lies in the checkout of `project` (None: a person named it just now).

    DeployError `whole-machine` for the root of all files, and what the kernel shows as files.
    """
    real = os.path.realpath(place)
    if real in _MACHINE or real.startswith(_ALL_OF_IT):
        raise DeployError(
            "whole-machine",
            f"{what} is {'the root of all files' if real == '/' else 'no directory of a project'}",
            where=str(place),
            hint="name the directory of the project that is needed",
        )
    if project is None:
        return None
    root = str(_outer_root(Path(os.path.realpath(project))))
    return None if root != "/" and f"{real}/".startswith(f"{root}/") else Extent(what, real)
