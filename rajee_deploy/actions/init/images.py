"""The image assets of an assembly as `init` shows them: what each Dockerfile reads, and from which directory of the
project its build context was staged. It reads the assembly and the project, and writes nothing.

The CDK does not write down where a staged directory came from. It is the one directory of the project that has the same
Dockerfile at the same place, and every file that the Dockerfile reads in the same size; where that is none or several,
it stays unknown, and nothing is written beside it.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.actions.init.churn import GIT, WORDS
from rajee_deploy.actions.init.found import CopiedSource, FoundContext, FoundImage, LoneDockerfile, ReadEntry
from rajee_deploy.context import find_rules
from rajee_deploy.context.ignore import Matcher, read_rules
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Kind, parse_platforms
from rajee_deploy.model.repository import Repository
from rajee_deploy.settings import DEFAULT_PLATFORM, ImageSettings
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.nearby import files_below, is_file
from rajee_deploy.system.regular_files import DOCKERFILE_BYTES, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rajee_deploy.model import ContextRead
    from rajee_deploy.synth.image_assets import ImageAsset

_DEPTH, _MOST_ENTRIES = 8, 50_000  # of the project, in search of Dockerfiles
_MOST_SEARCHED, _MOST_BYTES = 3000, 256 << 10  # files, and of each, in search of a word
# Files by which a build asks for a version, and the words that it asks git by.
_BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "package.json", "Makefile", "Cargo.toml", "build.gradle")
_ASKS_GIT = re.compile(
    rb"(?<![\w.-])git(?![\w-])|setuptools.scm|hatch.vcs|versioneer|dunamai|poetry.dynamic.versioning"
)
_IS_DOCKERFILE = re.compile(
    r"(dockerfile|containerfile)([._-](?!py$|md$).+)?|.+\.(dockerfile|containerfile)", re.IGNORECASE
)
_RULES = (".deployignore", ".dockerignore", ".gitignore")


def find_images(assets: Sequence[ImageAsset], root: Path) -> tuple[FoundImage, ...]:
    """Each image once, with the stacks that name it."""
    by_hash: dict[str, list[ImageAsset]] = {}
    for asset in assets:
        by_hash.setdefault(asset.hash or f"{asset.stack}/{asset.name}", []).append(asset)
    places = _dockerfiles(root)
    found: dict[str, FoundImage] = {}
    for same in by_hash.values():
        image = _image(same[0], tuple(dict.fromkeys(each.stack for each in same)), root, places)
        name = image.name if image.name not in found else f"{image.name} ({image.stacks[0]})"
        found[name] = replace(image, name=name)
    return tuple(found.values())


def find_contexts(images: Sequence[FoundImage], root: Path) -> tuple[FoundContext, ...]:
    """The build contexts that are known, with what is to be known before a `.deployignore` is written there."""
    by_context: dict[str, list[FoundImage]] = {}
    for image in images:
        if image.context and not image.obstacle:
            by_context.setdefault(image.context, []).append(image)
    return tuple(_context(root, name, same) for name, same in by_context.items())


def find_lone(images: Sequence[FoundImage], root: Path, app: Path) -> tuple[LoneDockerfile, ...]:
    """The Dockerfiles of the project that are those of no image asset."""
    if any(not image.context and not image.obstacle for image in images):
        return ()  # one of them is that one's, nobody knows which
    used = {os.path.normpath(root / image.context / image.dockerfile) for image in images}
    found = (path for path in _dockerfiles(root) if os.path.normpath(path) not in used)
    return tuple(
        LoneDockerfile(os.path.relpath(path, root), os.path.relpath(_fitting(path, root, app), root))
        for path in found
        if path.is_relative_to(root)
    )


def _image(asset: ImageAsset, stacks: tuple[str, ...], root: Path, places: Sequence[Path]) -> FoundImage:
    found = FoundImage(asset.name, stacks, asset.dockerfile, platform=asset.platform, obstacle=asset.obstacle)
    if asset.obstacle:
        return found
    settings = _settings(asset)
    try:
        selection = read_inputs(settings).selections[""]
        entries = tuple(ReadEntry(one.entry.path, one.entry.kind is Kind.DIRECTORY) for one in selection.records)
    except DeployError as error:
        return replace(found, problem=error.problem, context=_origin(asset, (), root, places))
    return replace(
        found,
        context=_origin(asset, [one.entry.path for one in selection.records], root, places),
        files=_count(asset.directory),
        entries=entries,
        sources=tuple(_source(use.read) for use in selection.uses),
    )


def _settings(asset: ImageAsset) -> ImageSettings:
    return ImageSettings(
        asset.name,
        asset.directory,
        asset.directory / asset.dockerfile,
        Repository(""),
        parse_platforms([asset.platform or DEFAULT_PLATFORM]),
        asset.target,
        asset.build_args,
        asset.build_contexts,
    )


def _source(read: ContextRead) -> CopiedSource:
    selector = read.selector
    patterns = (*selector.include, *selector.required)
    return CopiedSource(selector.path.strip("/"), selector.wildcard, patterns, bool(read.widened))


def _count(directory: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(directory))


def _dockerfiles(root: Path) -> list[Path]:
    def is_one(name: str) -> bool:
        return _IS_DOCKERFILE.fullmatch(name) is not None and not name.endswith(".dockerignore")

    return files_below(project_root(root), is_one, _DEPTH, _MOST_ENTRIES)


def _origin(asset: ImageAsset, paths: Sequence[str], root: Path, places: Sequence[Path]) -> str:
    """The directory that an asset was staged from; "" where it is not known."""
    tail = Path(os.path.normpath(asset.dockerfile)).parts
    usual = [path for path in places if path.parts[-len(tail) :] == tail]
    starts = dict.fromkeys(Path(*path.parts[: -len(tail)]) for path in usual)
    staged = asset.directory / asset.dockerfile
    found = [
        start
        for start in starts
        if _has_same(start / asset.dockerfile, staged)
        and all(_is_alike(start / path, asset.directory / path) for path in paths)
    ]
    return os.path.relpath(found[0], root) if len(found) == 1 else ""


def _has_same(one: Path, other: Path) -> bool:
    try:
        return read_regular(one, DOCKERFILE_BYTES) == read_regular(other, DOCKERFILE_BYTES)
    except OSError:
        return False


def _is_alike(one: Path, other: Path) -> bool:
    try:
        here, there = one.stat(), other.stat()
    except OSError:
        return os.path.lexists(one) == os.path.lexists(other)  # a link that leads nowhere
    return one.is_dir() == other.is_dir() and (one.is_dir() or here.st_size == there.st_size)


def _context(root: Path, name: str, images: Sequence[FoundImage]) -> FoundContext:
    directory = root / name
    rules = find_rules(directory, directory / images[0].dockerfile)
    hides = Matcher(read_rules(rules.ignore or b"", rules.ignore_path)).last_match(".deployignore")
    paths = {entry.path for image in images for entry in image.entries if not entry.is_directory}
    paths |= {image.dockerfile for image in images}
    return FoundContext(
        name,
        _mentions(directory, sorted(paths)),
        os.path.lexists(directory / ".deployignore"),
        f"{hides.text!r} ({hides.where})" if hides else "",
    )


def _mentions(directory: Path, paths: Sequence[str]) -> dict[str, str]:
    """The words that a file beside what they mean names, with that file; every word where there are too many."""
    if len(paths) > _MOST_SEARCHED:
        return dict.fromkeys(WORDS, "one of so many files perhaps")
    found: dict[str, str] = {}
    if any(path.rpartition("/")[2] == "go.mod" for path in paths):
        found[GIT] = "go build, which stamps the revision,"
    for path in paths:
        if path.rpartition("/")[2] not in _RULES and not path.startswith(".git/"):
            for word in _named(directory / path, path):
                found.setdefault(word, path)
    return found


def _named(file: Path, path: str) -> Iterator[str]:
    """The words that a file names, but for those of which it is part itself."""
    try:
        data = read_regular(file, _MOST_BYTES)
    except OSError:
        return  # none that people write
    top = path.partition("/")[0]
    for word in _words_but_git():
        if not top.lower().startswith(word.lower()) and re.search(_pattern(word), data, re.IGNORECASE):
            yield word
    is_build = path in _BUILD_FILES or "dockerfile" in path.rpartition("/")[2].lower()
    if is_build and _ASKS_GIT.search(data):
        yield GIT


def _words_but_git() -> Iterable[str]:
    return (word for word in WORDS if word != GIT)


def _pattern(word: str) -> bytes:
    return rb"(?<![\w-])" + re.escape(word).encode() + rb"(?![\w-])"


def _fitting(path: Path, root: Path, app: Path) -> Path:
    """The build context that a Dockerfile fits: the first directory in which all that it copies is there."""
    for directory in dict.fromkeys((path.parent, root, app, project_root(root))):
        settings = ImageSettings("image", directory, path, Repository(""), parse_platforms([DEFAULT_PLATFORM]))
        try:
            read_inputs(settings)
        except DeployError:
            continue
        if is_file(path):
            return directory
    return path.parent
