"""From an app's looks to the entries of its list: what counts of all that it looked at, and what stands in the way.

What is not known to be harmless is kept: too much costs a synth, too little a change that nobody deploys.
"""

from __future__ import annotations

import os
import re
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.tracing.depfile import DURING, TracedEntry
from rajee_deploy.synth.tracing.portable import portable
from rajee_deploy.synth.tracing.regions import Region, Regions
from rajee_deploy.synth.tracing.staging import StagedPaths
from rajee_deploy.system.regular_files import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.synth.tracing.looks import Look, Looks

# A file's own time is coarser than the clock that a synth's start is taken from.
_COARSE_NS = 5_000_000
# What a bundler looks for in every directory above a script.
_ROOTS = ("package.json", "tsconfig.json", "jsconfig.json", "node_modules", ".pnp.cjs", ".pnp.js", ".pnp.data.json")
_NONE_STAGED = StagedPaths()
_COMPILED = re.compile(r"(?P<folder>.*)/__pycache__/(?P<name>[^/]+?)\.[^./]+(\.opt-\d)?\.pyc$")


@dataclass(slots=True)
class TracedInputs:
    """What counts: `entries`; `packages` are the files of installed packages that were read, `outside` the entries
    that keep the list from travelling, and `obstacles` what no hash can follow."""

    entries: set[TracedEntry] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    obstacles: set[str] = field(default_factory=set)


def find_entries(
    looks: Looks, regions: Regions, is_module_search: dict[str, int], started: int, staged: StagedPaths = _NONE_STAGED
) -> TracedInputs:
    """What counts. `is_module_search` are the directories that a Python listed in search of modules, with how often;
    `started` is when the synth began (ns). What is `staged` counts elsewhere."""
    found = TracedInputs()
    sorter = _Sorter(looks, regions, found, started, staged)
    for path in sorted(looks.links):
        sorter.link(path)
    for path, look in sorted(looks.looks.items()):
        sorter.look(path, look)
    for path, times in sorted(looks.listed.items()):
        sorter.listing(path, is_modules=is_module_search.get(path, 0) >= sum(times.values()))
    sorter.prune()
    found.obstacles |= set(looks.obstacles)
    return found


class _Sorter:
    def __init__(self, looks: Looks, regions: Regions, found: TracedInputs, started: int, staged: StagedPaths) -> None:
        self._looks, self._regions, self._found, self._staged = looks, regions, found, staged
        self._started = started - _COARSE_NS
        self._there: set[str] = set()

    def prune(self) -> None:
        """Leave out that something is a directory, where something in it counts: that says the same. Whether Python
        asks for it depends on what it has compiled already."""
        holding = {above for path in self._there for above in _above(path)}
        listed = {entry.path for entry in self._found.entries if entry.kind in ("list", "modules", "scripts")}
        self._found.entries = {
            entry for entry in self._found.entries if entry.kind != "stat" or entry.path not in holding | listed
        }

    def link(self, path: str) -> None:
        if not self._looks.is_made(path) and self._is_kept(path) and os.path.islink(path):  # noqa: PTH114 -- a text
            if self._is_late(os.lstat(path).st_ctime_ns):
                self._found.obstacles.add(f"{self._shown(path)} changed {DURING}")
            self._add("link", path, is_there=True)

    def look(self, path: str, look: Look) -> None:
        if path.endswith("/__pycache__"):
            return
        compiled = _COMPILED.match(path)
        if compiled:
            source = f"{compiled['folder']}/{compiled['name']}.py"
            is_staged = path in self._staged.looked
            if look.is_read and not is_staged and not self._looks.is_made(source) and self._is_kept(source):
                self._add("file", source, is_there=os.path.lexists(source))
            return
        if path in self._looks.reread and self._is_kept(path) and not path.endswith("/.git/index"):
            self._found.obstacles.add(f"{self._shown(path)} is read and then written by the synth itself")
        if self._looks.is_made(path) and not path.endswith("/.git/index"):
            self._made(path)
            return
        if not self._is_kept(path):
            return
        is_there = os.path.lexists(path)
        self._check_still(path, look, is_there=is_there)
        if path in self._staged.looked:
            return
        # Whoever only asks about a file may go by its time (make, git), and that moves with its content.
        is_directory = is_there and os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114 -- a text
        is_whole = look.is_read or look.is_timed or path.endswith(".py") or not is_there
        self._add("stat" if is_directory or not is_whole else "file", path, is_there=is_there)

    def _made(self, path: str) -> None:
        """What the synth made is as good as absent, as long as it is what the synth made: some is taken for a cache."""
        if self._regions.of(path) is Region.CHECKOUT and os.path.isfile(path):  # noqa: PTH113 -- a text
            content = digest_of(path)
            self._add("made", path, is_there=True, but=(content,))

    def listing(self, path: str, *, is_modules: bool) -> None:
        if self._looks.is_made(path):
            return
        region = self._regions.of(path)
        if region is Region.PACKAGES:
            self._found.packages.add(path + "/")
        if not self._is_kept(path) and not self._regions.is_base(path):
            return
        made = {each.rpartition("/")[2] for each in self._looks.made if each.rpartition("/")[0] == path}
        if not made and not is_modules and self._is_late(os.stat(path).st_mtime_ns if os.path.isdir(path) else 0):  # noqa: PTH112, PTH116 -- a text
            self._found.obstacles.add(f"{self._shown(path)} changed {DURING}")
        if path in self._staged.listed:
            return
        if all(map(_is_bundler, self._looks.listers[path])):
            self._bundled(path, region)
            return
        self._add("modules" if is_modules else "list", path, is_there=True, but=tuple(sorted(made)))

    def _bundled(self, path: str, region: Region) -> None:
        """What a bundler's listing of a directory is for: it looks for a script, and for the roots of packages."""
        if region is Region.ABOVE:
            self._found.entries |= {
                TracedEntry("upward", name) for name in _ROOTS if not os.path.lexists(f"{path}/{name}")
            }
        else:
            self._add("scripts", path, is_there=True)

    def _is_kept(self, path: str) -> bool:
        """Whether a path counts as itself."""
        match self._regions.of(path):
            case Region.CHECKOUT | Region.ELSEWHERE:
                return path != "/"
            case Region.ABOVE:
                # The directories above lie somewhere else on every machine; names that are sought there count once.
                return not (self._regions.root.startswith(path.rstrip("/") + "/")) or path in self._looks.listed
            case Region.PACKAGES:
                self._found.packages.add(path)
                return False
            case Region.KERNEL:
                if path.endswith("/environ"):
                    self._found.entries.add(TracedEntry("environment", ""))
                elif os.path.lexists(path) or self._was_found(path):
                    self._found.obstacles.add(f"{path} is read")
                return False
            case Region.TOOLCHAIN | Region.CACHE:
                return False

    def _was_found(self, path: str) -> bool:
        """Whether a look found something: what the kernel tells of a process goes with it."""
        look = self._looks.looks.get(path)
        return look is not None and look.found is True

    def _check_still(self, path: str, look: Look, *, is_there: bool) -> None:
        """What changed while it was read was not seen as it is now."""
        if look.found is (not is_there):
            self._found.obstacles.add(f"{self._shown(path)} {'appeared' if is_there else 'went'} {DURING}")
        elif is_there and os.path.isfile(path):  # noqa: PTH113 -- a text
            status = os.stat(path)  # noqa: PTH116 -- a text
            if self._is_late(status.st_ctime_ns):
                self._found.obstacles.add(f"{self._shown(path)} changed {DURING}")

    def _is_late(self, moment: int) -> bool:
        return moment >= self._started

    def _add(self, kind: str, path: str, *, is_there: bool, but: tuple[str, ...] = ()) -> None:
        region = Region.ELSEWHERE if self._regions.is_base(path) else self._regions.of(path)
        if region is Region.ABOVE and not is_there:
            self._found.entries.add(TracedEntry("upward", path.rpartition("/")[2]))
            return
        entry = TracedEntry(kind, self._shown(path), but)
        if is_there and kind != "stat":
            self._there.add(entry.path)
        if region in (Region.ABOVE, Region.ELSEWHERE) and is_there:
            if _is_plain_directory(kind, path) and self._is_on_the_way(path):
                return
            self._found.outside.add(entry.path)
        self._found.entries.add(entry)

    def _is_on_the_way(self, path: str) -> bool:
        """Whether a directory was only asked about on the way to something in it, which counts itself."""
        return any(each.startswith(path + "/") and look.found for each, look in self._looks.looks.items())

    def _shown(self, path: str) -> str:
        return portable(path, self._regions.root)


def _above(path: str) -> Iterator[str]:
    """The directories above a path of the checkout, as an entry has them."""
    while "/" in path.removeprefix("./"):
        path = path.rpartition("/")[0]
        yield path
    yield "./"


def _is_bundler(program: str) -> bool:
    return os.path.basename(program) == "esbuild"  # noqa: PTH119 -- a text


def _is_plain_directory(kind: str, path: str) -> bool:
    """A directory that is there and that nobody listed tells nothing of what is in it."""
    return kind == "stat" and os.path.isdir(path)  # noqa: PTH112 -- a text
