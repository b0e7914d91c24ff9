"""The depfile: what synth read beyond the declared inputs. It knows formats and places, and decides nothing.

It is a hint about *which* things to hash, never a proof of anything: the hash that is made with it is compared with one
that was made with the trace of the deployed synth itself, and equal hashes mean equal lists with equal values.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import LARGE, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.synth.tracing.looks import Looks

_VERSION, _WITH_IMAGES = 3, 4  # no release that knows the former alone may take a list with images for one without
DURING = "during the synth"  # how an obstacle ends that a second synth may not meet
_LISTS = ("read", "listed", "searched", "packages", "variables", "impure", "outside")


@dataclass(frozen=True, slots=True)
class Records:
    """The raw records of one synth (see in_python/sitecustomize.py), where it wrote to, and when it began (ns); the
    processes whose hooks wrote them; and the kernel's record, None where it made none."""

    lines: tuple[tuple[str, ...], ...]
    assembly: Path
    started: int
    processes: frozenset[int] = frozenset()
    looks: Looks | None = None

    def of(self, *kinds: str) -> list[tuple[str, ...]]:
        """The fields of the records of these kinds."""
        return [line[1:] for line in self.lines if line[0] in kinds]


class TracedEntry(NamedTuple):
    """What counts of one path, which is written so that it means the same on every machine (see regions.portable).

    `file`: its content. `stat`: what kind of thing it is, a file's size and executable bit. `link`: its text. `list`:
    the names in it, but for `but`, which the synth made itself; `modules`: of these the ones that are modules,
    `scripts`: those that are scripts of node. `made`: as `file`, but what the synth itself made there (its digest is in
    `but`) is as good as absent. `upward`: a name that is sought in the directories above the checkout. `environment`:
    all variables but those that tell nothing. `self`: what the template says of the place where it was made (checkout,
    home, user, host, temporary).
    """

    kind: str
    path: str
    but: tuple[str, ...] = ()


class Toolchain(NamedTuple):
    """What a synth used of what is installed: the interpreters it ran (`python`, `node`), the directories that Python
    took packages from, the names of those packages, node's packages, from the checkout's root, and other programs that
    were sought on PATH."""

    runs: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    def with_former(self, former: Toolchain) -> Toolchain:
        """With the packages of node that the synth before used. A compiler with a cache of its own (tsx) loads some
        after an edit alone: each edit would be a change of the packages, too, and the next synth would take that back.
        """
        if not self.node:
            return self  # it is an app in another language now
        return self._replace(node=tuple(sorted({*self.node, *former.node})))


_NO_TOOLCHAIN = Toolchain()


class TracedImage(NamedTuple):
    """An image asset whose build context the synth read only to stage it: what its Dockerfile reads counts in the place
    of the files. `source` is that directory, from the checkout's root (`.` for the root), `dockerfile` starts from
    there; "" is no target, and no platform. Of build contexts, a directory of the checkout begins with `./`."""

    name: str
    source: str
    dockerfile: str
    target: str = ""
    platform: str = ""
    build_args: tuple[tuple[str, str], ...] = ()
    build_contexts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Depfile:
    """What the hooks saw: absolute paths read or asked about, listed, searched for modules; directories of node's
    packages; names of variables; libraries as (directory of packages, name); and what no hash can follow, in words.

    With the kernel's record (`is_whole`), `entries` and `toolchain` stand in place of all paths, packages and
    libraries. `outside` are those of its entries that no other machine may be asked about.
    """

    read: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()
    impure: tuple[str, ...] = ()
    is_whole: bool = False
    entries: tuple[TracedEntry, ...] = ()
    toolchain: Toolchain = _NO_TOOLCHAIN
    outside: tuple[str, ...] = ()
    installed: tuple[tuple[str, str], ...] = ()  # what of the toolchain was there, by item
    images: tuple[TracedImage, ...] = ()

    def write(self, path: Path) -> None:
        """Put it in its place, whole or not at all."""
        make_place(path.parent, path.name)
        version = _WITH_IMAGES if self.images else _VERSION
        write_atomically(path, json.dumps({"version": version, **asdict(self)}).encode(), private=True)


def read_depfile(path: Path) -> Depfile:
    """The depfile; an empty one where there is none that can be used: then the declared inputs count alone."""
    try:
        document = read_json(path, LARGE, errors="surrogateescape")
        version = document.pop("version")
        if version not in (_VERSION, _WITH_IMAGES):
            return Depfile()
        named = {name: tuple(map(str, document[name])) for name in _LISTS}
        return Depfile(
            **named,
            libraries=tuple((str(site), str(name)) for site, name in document["libraries"]),
            is_whole=document["is_whole"] is True,
            entries=tuple(TracedEntry(str(kind), str(path), tuple(but)) for kind, path, but in document["entries"]),
            installed=tuple((str(item), str(version)) for item, version in document["installed"]),
            toolchain=Toolchain(*(tuple(map(str, names)) for names in document["toolchain"])),
            images=tuple(map(_image, document["images"])) if version == _WITH_IMAGES else (),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Depfile()


def _image(fields: list[Any]) -> TracedImage:
    *texts, args, contexts = fields
    name, source, dockerfile, target, platform = map(str, texts)
    return TracedImage(name, source, dockerfile, target, platform, _pairs(args), _pairs(contexts))


def _pairs(told: list[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in told)
