"""What buildah leaves in an image and BuildKit does not: the places that a RUN mounted something at.

Both make a directory or an empty file where there is none to mount at; BuildKit takes it away afterwards, with the
directories above it that are empty. Owns that rule, for an image in a directory (`dir:`, a file for each layer). Must
never start a program.
https://github.com/moby/buildkit/blob/master/executor/stubs.go
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.engine.layer_files import WHITEOUT, lay, read_layer, resolve, rewrite, upwards
from rajee_deploy.errors import DeployError
from rajee_deploy.model.dialect import PlainRun
from rajee_deploy.system.regular_files import DOCUMENT, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rajee_deploy.engine.layer_files import Layer
    from rajee_deploy.model.dialect import BaseImage

_FILES = ("etc/hosts", "etc/resolv.conf")  # mounted in every RUN
_NOTE = "run/.containerenv"  # and this, for programs to know where they run
_ALWAYS = (*_FILES, _NOTE)
_KEPT = ("dev", "proc", "sys")  # both engines leave these
_NOT_RUN = "/bin/sh -c #(nop)"  # how a step that ran nothing begins in an image's history


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, or a part of one, as it was built: how many of the image's layers were there before, its RUNs in order,
    what the image below brings, and its place for errors. Each step has a layer of its own, or there is one RUN and
    nothing else, or no RUN (`is_one`)."""

    below: int
    runs: tuple[PlainRun, ...]
    base: BaseImage
    is_one: bool
    where: str


class Cleaned(NamedTuple):
    """How many leftovers were taken out; or after which RUN (from 0) the image must be built anew without them, since
    what follows saw a directory that is not there."""

    removed: int = 0
    cut: int | None = None


def remove_leftovers(place: Path, stage: Stage) -> Cleaned:
    """Take them out of the layers that the stage made. DeployError `engine-cannot` where that cannot be done."""
    manifest = read_json(place / "manifest.json", DOCUMENT)
    config = read_json(place / _hex(manifest["config"]), DOCUMENT, errors="surrogatepass")
    total = len(manifest["layers"])
    runs = _runs(config, total - stage.below, stage)
    tree: Layer = {}
    count = 0
    for number, described in enumerate(manifest["layers"]):
        if number == stage.below:
            _check_base(tree, stage)
        path = place / _hex(described)
        layer = read_layer(path)
        found = frozenset[str]()
        if number in runs:
            _check_note(tree, layer, stage)
            found = _stubs(tree, layer, runs[number].run.mounts)
        elif number >= stage.below:
            _check_links(tree, layer, stage)
        if found:
            if number < total - 1 and any(layer[each].kind == "dir" for each in found):
                return Cleaned(cut=_cut_lines(runs[number], stage))
            count += len(found)
            described["digest"], described["size"] = rewrite(path, found)
            config["rootfs"]["diff_ids"][number] = described["digest"]
        lay(tree, {name: entry for name, entry in layer.items() if name not in found})
        if number in runs:
            _check_ran(tree, runs[number].run, stage)
    if total == stage.below:
        _check_base(tree, stage)
    if count:
        _write(place, manifest, config)
    return Cleaned(count)


class _Ran(NamedTuple):
    number: int  # of the stage's RUNs; below 0 for a trigger of the base
    run: PlainRun = PlainRun()


def _runs(config: Mapping[str, Any], made: int, stage: Stage) -> dict[int, _Ran]:
    """The RUN that made a layer, by the layer's number. Triggers of a base come first, and mount nothing of their own
    (else they were refused)."""
    if stage.is_one:
        return {stage.below + made - 1: _Ran(0, stage.runs[0])} if made and stage.runs else {}
    history = [each for each in config.get("history") or () if not each.get("empty_layer")]
    recent = history[len(history) - made :] if made else []
    numbers = [stage.below + n for n, each in enumerate(recent) if not _is_plain(each)]
    first = len(numbers) - len(stage.runs)
    if len(recent) < made or first < 0:
        raise _cannot(stage, "the history of the image does not tell which layers a RUN made")
    runs = (*(PlainRun() for _ in range(first)), *stage.runs)
    return {each: _Ran(n - first, runs[n]) for n, each in enumerate(numbers)}


def _is_plain(step: Mapping[str, Any]) -> bool:
    return str(step.get("created_by", "")).startswith(_NOT_RUN)


def _cut_lines(ran: _Ran, stage: Stage) -> int:
    if ran.number < 0:
        raise _cannot(stage, "a RUN of the base's ONBUILD leaves an empty directory with buildah")
    return ran.number


def _stubs(tree: Layer, layer: Layer, targets: Iterable[str]) -> frozenset[str]:
    """What a layer holds at a place of mounting, or above one, that was not there before and has nothing in it."""
    files = {resolve(tree, path) for path in _FILES}
    places = {above for path in (*_ALWAYS, *targets) for above in upwards(resolve(tree, path)) if not _is_kept(above)}
    found: set[str] = set()
    for path in sorted(places - tree.keys(), key=lambda each: -each.count("/")):
        entry = layer.get(path)
        if entry is None:
            continue
        is_file = entry.kind == "file" and entry.size == 0 and path in files
        if is_file or (entry.kind == "dir" and not _holds(layer, path, found)):
            found.add(path)
    return frozenset(found)


def _holds(layer: Layer, directory: str, found: set[str]) -> bool:
    return any(path.startswith(f"{directory}/") and path not in found for path in layer)


def _is_kept(path: str) -> bool:
    return path.partition("/")[0] in _KEPT


def _check_base(tree: Layer, stage: Stage) -> None:
    for volume in stage.base.volumes:
        if not _is_directory(tree, volume):
            raise _cannot(stage, f"the base's VOLUME {volume} is no directory in it: buildah makes it one at once")
    if not _is_directory(tree, stage.base.workdir):
        raise _cannot(stage, f"the base's WORKDIR {stage.base.workdir} is no directory in it: buildah makes it at once")


def _check_ran(tree: Layer, run: PlainRun, stage: Stage) -> None:
    """What buildah makes anew for the next step."""
    if not _is_directory(tree, run.workdir):
        raise _cannot(stage, "a RUN takes its own working directory away, and buildah makes it anew")
    for volume in stage.base.volumes:
        if not _is_directory(tree, volume):
            raise _cannot(stage, f"a RUN takes the base's VOLUME {volume} away, and buildah makes it anew")


def _is_directory(tree: Layer, path: str) -> bool:
    found = resolve(tree, path)
    return not found or (found in tree and tree[found].kind == "dir")


def _check_note(tree: Layer, layer: Layer, stage: Stage) -> None:
    """buildah removes the file that it mounts there, whoever made it."""
    folder, _, name = resolve(tree, _NOTE).rpartition("/")
    if f"{folder}/{name}" in tree and f"{folder}/{WHITEOUT}{name}" in layer:
        raise _cannot(stage, f"/{folder}/{name} is in the image that is built on, and buildah removes it")


def _check_links(tree: Layer, layer: Layer, stage: Stage) -> None:
    """A file that is copied onto a link to nowhere is put there by BuildKit, and into a directory by buildah."""
    for path, entry in tree.items():
        if entry.kind == "link":
            target = resolve(tree, path)
            if target not in tree and target in layer and layer[target].kind == "dir":
                raise _cannot(stage, f"/{path} is a link to nowhere, and something is copied to it")


def _cannot(stage: Stage, problem: str) -> DeployError:
    return DeployError(
        "engine-cannot",
        problem,
        where=stage.where,
        hint="write it in another way (docs/registry-and-engines.md), or use the engine buildx",
    )


def _hex(described: Mapping[str, Any]) -> str:
    return str(described["digest"]).partition(":")[2]


def _write(place: Path, manifest: dict[str, Any], config: dict[str, Any]) -> None:
    content = json.dumps(config).encode()
    digest = hashlib.sha256(content).hexdigest()
    (place / _hex(manifest["config"])).unlink()
    (place / digest).write_bytes(content)
    manifest["config"] |= {"digest": f"sha256:{digest}", "size": len(content)}
    (place / "manifest.json").write_text(json.dumps(manifest), "utf-8")
