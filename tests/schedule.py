"""Which tests go together to one worker of pytest-xdist, and in which order: stories in their file, rooms that share a
costly fixture in their folder, the longest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

# Folders (with their slash) whose tests share what takes longer than the tests, and files that take long; in order.
TOGETHER = ("infra/",)
LONGEST = ("e2e/",)


def unit(nodeid: str) -> str:
    """What is given to a worker as a whole: a folder's tests, or a file's."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def rank(nodeid: str) -> int:
    """Its unit's place in the order."""
    name = unit(nodeid)
    return next((number for number, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))


def make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    config.option.loadscopereorder = False  # not by their number: by `rank`
    return ByUnit(config, log)
