"""Which looks of a synth were made only to stage the build contexts of image assets, and for nothing else.

The hook in node tells what the CDK itself looked at while it made an asset, and how often (`staged` records). The
kernel's record tells who looked, and how often in all. Only where the two account for each other is a look one of
staging alone: whatever imports a file, reads it in another language or a second time makes it an input. Without a
kernel's record nothing is known to be for staging alone. It knows nothing of what an asset is built into.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.tracing.portable import is_in
from rajee_deploy.synth.tracing.regions import Region
from rajee_deploy.synth.tracing.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rajee_deploy.synth.tracing.depfile import Records
    from rajee_deploy.synth.tracing.looks import Asker, Looks
    from rajee_deploy.synth.tracing.regions import Regions

_ORDINARY = {"read": "read", "list": "list", "stat": "stat", "link": "stat"}
_OPENS = ("read", "list")


class Made(NamedTuple):
    """An image asset as it was made: the number that its records have, its build context (a real path) and the CDK's
    hash of that."""

    number: str
    source: str
    hash: str

    @property
    def process(self) -> int:
        """The node that made it."""
        return int(self.number.partition(".")[0])


@dataclass(frozen=True, slots=True)
class StagedPaths:
    """Real paths that were looked at for staging alone: `looked` count not at all, of `listed` the names do not."""

    looked: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()


def made_assets(records: Records) -> list[Made]:
    """The image assets that were made, in their order. What has not the form of one is none."""
    told = [line for line in records.of("image-asset") if line[0].partition(".")[0].isdigit()]
    return [Made(number, os.path.realpath(source), digest) for number, source, digest, *_ in told]


def as_ordinary(records: Records, but: Collection[str] = ()) -> Records:
    """The records, with those of staging as any other look; `but` for the assets with these numbers."""
    lines = [
        (_ORDINARY[line[2]], line[3]) if line[0] == "staged" and line[1] not in but else line for line in records.lines
    ]
    return replace(records, lines=tuple(lines))


def walked_directories(records: Records, numbers: Collection[str]) -> set[str]:
    """The directories (real paths) whose names these assets took."""
    staged = [(number, path) for number, way, path, _ in records.of("staged") if way == "list"]
    return {os.path.realpath(path) for number, path in staged if number in numbers}


def find_staged(
    records: Records, looks: Looks, regions: Regions, assets: Iterable[Made], protected: Collection[str]
) -> StagedPaths:
    """The paths in the build contexts of these assets that nothing but their staging looked at. `records` have the
    looks of all other assets as ordinary ones. `protected` are real paths that count in any case."""
    account = _Account(records, looks, {each.number: each for each in assets})
    paths = [path for path in looks.askers if path not in protected and account.is_in_source(path)]
    own = [path for path in paths if regions.of(path) is Region.CHECKOUT and not os.path.islink(path)]  # noqa: PTH114 -- texts
    return StagedPaths(
        frozenset(path for path in own if account.is_looked(path)),
        frozenset(path for path in own if account.is_listed(path)),
    )


class _Account:
    """What the records of staging account for, beside what the kernel saw."""

    def __init__(self, records: Records, looks: Looks, assets: Mapping[str, Made]) -> None:
        self._looks = looks
        self._sources = {asset.source for asset in assets.values()}
        self._resolve = Resolver()
        self._staged: Counter[tuple[int, str, bool]] = Counter()
        for number, way, path, times in records.of("staged"):
            real = self._resolve(path, follows=way != "link")[0]
            # Where a link leads out of the build context, another's files are read for this one.
            if number in assets and is_in(real, assets[number].source):
                self._staged[assets[number].process, real, way in _OPENS] += int(times)
        self._ordinary = {self._resolve(path)[0] for (path,) in records.of("read", "stat", "list", "modules")}
        self._names = {self._resolve(path)[0] for (path,) in records.of("read", "list", "modules")}

    def is_in_source(self, path: str) -> bool:
        return any(is_in(path, source) for source in self._sources)

    def is_looked(self, path: str) -> bool:
        return path not in self._ordinary and self._accounts(path, (True, False)) and self._is_own_listing(path)

    def is_listed(self, path: str) -> bool:
        return path not in self._names and self._accounts(path, (True,)) and self._is_own_listing(path)

    def _accounts(self, path: str, kinds: Collection[bool]) -> bool:
        """Whether every such look that the kernel saw is one that a record of staging stands for."""
        seen: Counter[tuple[int, str, bool]] = Counter()
        for asker, times in self._looks.askers[path].items():
            if not _is_node(asker):
                return False
            seen[asker.process, path, asker.opens] += times
        return all(times <= self._staged[key] for key, times in seen.items() if key[2] in kinds)

    def _is_own_listing(self, path: str) -> bool:
        """Whether nobody listed it by a descriptor that another had opened."""
        return all(self._staged[process, path, True] for process in self._looks.listed.get(path, ()))


def _is_node(asker: Asker) -> bool:
    return os.path.basename(asker.program).startswith("node")  # noqa: PTH119 -- a text
