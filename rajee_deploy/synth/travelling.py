"""A list (see `tracing.depfile`) as a document that travels to other machines, and back. Pure.

An entry that lies outside of the checkout says only that something was absent: nobody else's machine is asked for
more. Where a synth read a file that lies elsewhere, its list says so in place of that entry, and others synthesise.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rajee_deploy.plan.carried import SCHEMA, WITH_IMAGES
from rajee_deploy.synth.tracing.depfile import Depfile, Toolchain, TracedEntry, TracedImage
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_OUTSIDE = "outside:"
_KINDS = frozenset({"file", "stat", "link", "list", "modules", "scripts", "made", "upward", "environment", "self"})
# Names among the items of a toolchain; no item has a blank in its name.
_JSON = '["'  # no name of a package or program begins so
_RUNS, _PYTHON, _NODE, _PROGRAMS = "uses runs", "uses python", "uses node", "uses programs"


def to_document(depfile: Depfile, versions: Mapping[str, str]) -> dict[str, Any]:
    """The document of a whole list. `versions` are what is installed here, by item."""
    left = set(depfile.outside)
    obstacles = [f"what lies outside of the checkout: {path}" for path in depfile.outside]
    used = depfile.toolchain
    images = {"images": [_write_image(image) for image in depfile.images]} if depfile.images else {}
    return {
        **images,
        "schema": WITH_IMAGES if images else SCHEMA,
        "entries": [_write_entry(entry) for entry in depfile.entries if entry.path not in left],
        "variables": list(depfile.variables),
        "toolchain": {
            **versions,
            _RUNS: _join(used.runs),
            _PYTHON: _join(used.python),
            _NODE: _join(used.node),
            _PROGRAMS: _join(used.programs),
        },
        "obstacles": [*depfile.impure, *obstacles],
    }


def from_document(document: Mapping[str, Any]) -> tuple[Depfile, dict[str, str]]:
    """The list of a document (see carried.carried_of), and what was installed where it was made, by item."""
    told = dict(document["toolchain"])
    keys = (_RUNS, _PYTHON, _NODE, _PROGRAMS)
    used = [_names(told.pop(key, "")) for key in keys]
    runs, python, node, programs = (names or () for names in used)
    # An older release took a directory with a blank in its name for two.
    is_broken = None in used or not all("node_modules" in name for name in node)
    broken = ["a toolchain that is not understood"] * is_broken
    entries = [_read(*entry) for entry in document["entries"]]
    unknown = sorted({f"an entry of a newer release: {entry.kind}" for entry in entries if entry.kind not in _KINDS})
    depfile = Depfile(
        variables=tuple(document["variables"]),
        impure=(*document["obstacles"], *broken, *unknown),
        is_whole=True,
        entries=tuple(entry for entry in entries if entry.kind in _KINDS),
        toolchain=Toolchain(runs, (), python, node, programs),
        images=tuple(map(_read_image, document.get("images", ()))),
    )
    return depfile, told


def _write_entry(entry: TracedEntry) -> list[str]:
    is_outside = entry.path.startswith(("/", "~", "$TMPDIR"))
    return [(_OUTSIDE if is_outside else "") + entry.kind, entry.path, *entry.but]


def _read(kind: str, path: str, *but: str) -> TracedEntry:
    return TracedEntry(kind.removeprefix(_OUTSIDE), path, tuple(but))


def _write_image(image: TracedImage) -> dict[str, Any]:
    return {
        "name": image.name,
        "source": image.source,
        "dockerfile": image.dockerfile,
        "target": image.target,
        "platform": image.platform,
        "build-args": dict(image.build_args),
        "build-contexts": dict(image.build_contexts),
    }


def _read_image(told: Mapping[str, Any]) -> TracedImage:
    tables = (tuple(sorted(told[key].items())) for key in ("build-args", "build-contexts"))
    texts = (told[key] for key in ("name", "source", "dockerfile", "target", "platform"))
    return TracedImage(*texts, *tables)


def _join(names: tuple[str, ...]) -> str:
    """Names as one text: with blanks between them, or, where a blank may be in one (a directory with packages in it has
    any name), as JSON."""
    text = " ".join(names)
    return text if tuple(text.split()) == names and not text.startswith(_JSON) else json.dumps(names)


def _names(text: str) -> tuple[str, ...] | None:
    """The same, read; None for what nobody wrote so."""
    if not text.startswith(_JSON):
        return tuple(text.split())
    try:
        names = parse_json(text, errors="surrogateescape")
    except ValueError:
        return None
    is_sound = isinstance(names, list) and all(isinstance(name, str) and "\0" not in name for name in names)
    return tuple(names) if is_sound else None
