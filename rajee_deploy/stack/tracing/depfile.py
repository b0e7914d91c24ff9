"""The depfile: what synth read beyond the declared inputs. It knows formats and places, and decides nothing.

It is a hint about *which* things to hash, never a proof of anything: the hash that is made with it is compared with one
that was made with the trace of the deployed synth itself, and equal hashes mean equal lists with equal values.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rajee_deploy.atomic import write_atomically
from rajee_deploy.ours import make_place

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 2


@dataclass(frozen=True, slots=True)
class Records:
    """The raw records of one synth (see in_python/sitecustomize.py), where it wrote to, and when it began (ns)."""

    lines: tuple[tuple[str, ...], ...]
    assembly: Path
    started: int

    def of(self, *kinds: str) -> list[tuple[str, ...]]:
        """The fields of the records of these kinds."""
        return [line[1:] for line in self.lines if line[0] in kinds]


@dataclass(frozen=True, slots=True)
class Depfile:
    """Absolute paths read or asked about, listed, searched for modules; directories of node's packages; names of
    variables; libraries as (directory of packages, name); and what no hash can follow, in words."""

    read: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()
    impure: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Put it in its place, whole or not at all."""
        make_place(path.parent, path.name)
        write_atomically(path, json.dumps({"version": _VERSION, **asdict(self)}).encode(), private=True)


def read_depfile(path: Path) -> Depfile:
    """The depfile; an empty one where there is none that can be used: then the declared inputs count alone."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if document.pop("version") != _VERSION:
            return Depfile()
        lists = {name: tuple(values) for name, values in document.items()}
        lists["libraries"] = tuple((str(site), str(name)) for site, name in document["libraries"])
        return Depfile(**lists)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Depfile()
