"""Which image assets of a synth count as images, by what their Dockerfiles read, and not file by file.

An image whose staged copy holds what is in its build context, so that the same files with the same rules always give
the same copy; and of which nothing but the copy tells anything in the assembly. Any other one counts as before: each
file that was read for it does. It decides nothing about single looks (see `staging`).
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import is_local_context
from rajee_deploy.synth.assembly import directories_of, reads_assembly
from rajee_deploy.synth.image_assets import ImageAsset, image_assets
from rajee_deploy.synth.image_inputs import REMOTE
from rajee_deploy.synth.tracing.depfile import TracedEntry, TracedImage
from rajee_deploy.synth.tracing.portable import is_in, portable
from rajee_deploy.synth.tracing.regions import Region
from rajee_deploy.synth.tracing.staging import (
    Made,
    StagedPaths,
    as_ordinary,
    find_staged,
    made_assets,
    walked_directories,
)
from rajee_deploy.system.regular_files import LARGE, digest_of, read_json, read_text
from rajee_deploy.text.secret_looks import may_be_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.synth.tracing.depfile import Records
    from rajee_deploy.synth.tracing.distil import App
    from rajee_deploy.synth.tracing.looks import Looks
    from rajee_deploy.synth.tracing.regions import Regions

# Files that say which others are staged or built: they count themselves.
_IGNORE_FILES = (".dockerignore", ".deployignore")
_PASSWORD = re.compile(r"https?://[^/]*@")
_PART = 8  # digits of a hash; fewer may stand in a template by chance


@dataclass(frozen=True, slots=True)
class StagedImages:
    """`images` count, `paths` count no more, and `entries` do besides; `records` are those of all other looks."""

    records: Records
    images: tuple[TracedImage, ...] = ()
    paths: StagedPaths = field(default_factory=StagedPaths)
    entries: frozenset[TracedEntry] = frozenset()


def find_staged_images(app: App, records: Records, looks: Looks, regions: Regions) -> StagedImages:
    """The images of a synth that the settings give to us."""
    made = made_assets(records)
    if not app.adopts_images or not made:
        return StagedImages(as_ordinary(records))
    chooser = _Chooser(records, looks, regions)
    found = {asset: images for asset, images in chooser.choose(made).items() if all(map(app.has_digest, images))}
    rest = as_ordinary(records, {asset.number for asset in found})
    protected = {os.path.realpath(each) for asset, images in found.items() for each in _rules(asset, images)}
    entries = {TracedEntry("file", portable(path, regions.root)) for path in protected}
    for asset in found:
        entries |= set(_targets(asset, looks, regions.root))
    return StagedImages(
        rest,
        tuple(sorted({image for images in found.values() for image in images})),
        find_staged(rest, looks, regions, found, protected),
        frozenset(entries),
    )


class _Chooser:
    def __init__(self, records: Records, looks: Looks, regions: Regions) -> None:
        self._records, self._looks, self._regions = records, looks, regions
        self._assembly = os.path.realpath(records.assembly)
        self._assets: dict[str, list[ImageAsset]] = defaultdict(list)
        for asset in image_assets(records.assembly):
            self._assets[os.path.realpath(asset.directory)].append(asset)
        self._files = file_assets(records.assembly)
        self._text = texts_of(records.assembly)

    def choose(self, made: list[Made]) -> dict[Made, list[TracedImage]]:
        """The assets that count as images, each with these: one for each way in which it is built."""
        groups: dict[str, list[Made]] = defaultdict(list)
        for each in made:
            groups[each.hash].append(each)
        chosen = {digest: group for digest, group in groups.items() if self._is_fit(group)}
        built = {digest: self._builds(digest) for digest in chosen}
        names = _names([asset for digest in chosen for asset in self._assets[self._copy(digest)]])
        found: dict[Made, list[TracedImage]] = {}
        for digest, group in chosen.items():
            images = [self._image(group[0].source, asset, names) for asset in built[digest]]
            known = [image for image in images if image is not None]
            if len(known) == len(images):
                found |= dict.fromkeys(group, known)
        return found

    def _copy(self, digest: str) -> str:
        return f"{self._assembly}/asset.{digest}"

    def _is_fit(self, group: list[Made]) -> bool:
        """Whether the copy is that of one build context in the checkout, and tells of nothing else."""
        asset, copy = group[0], self._copy(group[0].hash)
        source, listed = asset.source, self._assets.get(copy, [])
        told = {name for each in listed for name in _files(each.dockerfile)}
        return (
            len({each.source for each in group}) == 1
            and bool(listed)
            and not any(each.obstacle for each in listed)
            and os.path.isdir(copy)  # noqa: PTH112 -- a text
            and "/node_modules/" not in f"{source}/"
            and self._regions.of(source) is Region.CHECKOUT
            and copy not in self._files
            and not self._is_told(asset, listed)
            and all(_is_copied(link, source, copy) for link in _links(asset, self._looks))
            and not self._is_written(group)
            and not self._is_read(copy)
            and all(_is_same(f"{source}/{name}", f"{copy}/{name}") for name in told)
        )

    def _is_told(self, asset: Made, listed: list[ImageAsset]) -> bool:
        """Whether the assembly tells of the CDK's hash elsewhere than where placeholders will stand: a part of it, the
        hash itself where a prefix makes it a tag, or what CDK Pipelines are to publish."""
        rest = self._text
        for known in (f"asset.{asset.hash}", *(each.hash for each in listed)):
            rest = rest.replace(known, "")
        return asset.hash[:_PART] in rest or f"{asset.hash}:" in self._text

    def _is_written(self, group: list[Made]) -> bool:
        """Whether the synth wrote to the build context, where the copy may have it."""
        source = group[0].source
        walked = walked_directories(self._records, {each.number for each in group})
        written = (path for path in {*self._looks.made, *self._looks.reread} if is_in(path, source))
        return any(not self._is_passed_by(path, source, walked) for path in written)

    def _is_passed_by(self, path: str, source: str, walked: set[str]) -> bool:
        """Whether it lies in a directory that staging did not enter: its rules say so. (One that the synth itself made
        is written, too, and may have come later.)"""
        above = os.path.dirname(path)  # noqa: PTH120 -- a text
        while is_in(above, source) and above != source:
            parent = os.path.dirname(above)  # noqa: PTH120 -- a text
            if parent in walked and above not in walked and os.path.isdir(above):  # noqa: PTH112
                return True
            above = parent
        return False

    def _is_read(self, copy: str) -> bool:
        """Whether something looked into the copy: what is made of that is made of all that was staged."""
        for path, askers in self._looks.askers.items():
            if is_in(path, copy) and (any(each.opens for each in askers) or not os.path.isdir(path)):  # noqa: PTH112
                return True
        return False

    def _builds(self, digest: str) -> list[ImageAsset]:
        """One of those that are built in the same way."""
        ways = {repr(_build(asset)): asset for asset in reversed(self._assets[self._copy(digest)])}
        return list(ways.values())

    def _image(self, source: str, asset: ImageAsset, names: Mapping[int, str]) -> TracedImage | None:
        """The asset as one that any machine with this checkout knows; None where it holds what is none of its
        business."""
        # A list travels in a template, which more people may read than an assembly.
        if any(may_be_secret(name, value) for name, value in asset.build_args.items()):
            return None
        contexts = {name: self._context(text) for name, text in asset.build_contexts.items()}
        if not all(contexts.values()):
            return None
        return TracedImage(
            names[id(asset)],
            os.path.relpath(source, self._regions.root),
            asset.dockerfile,
            asset.target or "",
            asset.platform,
            tuple(sorted(asset.build_args.items())),
            tuple(sorted(contexts.items())),
        )

    def _context(self, text: str) -> str:
        """A named build context; "" for one that not every machine has, or may know."""
        if not is_local_context(text):
            return text if text.startswith(REMOTE) and not _PASSWORD.match(text) else ""
        real = os.path.realpath(text)
        return portable(real, self._regions.root) if os.path.isabs(text) and is_in(real, self._regions.root) else ""  # noqa: PTH117


def _build(asset: ImageAsset) -> tuple[object, ...]:
    args, contexts = sorted(asset.build_args.items()), sorted(asset.build_contexts.items())
    return asset.dockerfile, asset.target, asset.platform, args, contexts


def _names(assets: list[ImageAsset]) -> dict[int, str]:
    """A name for each, which two that are not the same image do not share."""
    places: dict[str, set[str]] = defaultdict(set)
    for asset in assets:
        places[asset.name].add(f"{asset.hash} {_build(asset)!r}")
    return {id(each): each.name if len(places[each.name]) == 1 else f"{each.stack}/{each.name}" for each in assets}


def _files(dockerfile: str) -> tuple[str, ...]:
    return (*_IGNORE_FILES, dockerfile, f"{dockerfile}.dockerignore")


def _rules(asset: Made, images: list[TracedImage]) -> Iterator[str]:
    """The files that say what is staged and built, in the order of their names."""
    for name in (*_IGNORE_FILES, *(f"{image.dockerfile}.dockerignore" for image in images)):
        yield f"{asset.source}/{name}"


def _links(asset: Made, looks: Looks) -> list[str]:
    """The links of a build context that were looked at: the CDK looks at all that it stages."""
    return [path for path in looks.links if is_in(path, asset.source) and os.path.islink(path)]  # noqa: PTH114 -- texts


def _target(link: str) -> str:
    """Where a link leads to, as far as directories go."""
    path = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))  # noqa: PTH115, PTH118, PTH120
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120


def _targets(asset: Made, looks: Looks, root: str) -> Iterator[TracedEntry]:
    """The directories that links of a build context lead through: where one of them became a link, the CDK might take
    what lies elsewhere for what is staged."""
    for link in _links(asset, looks):
        above = os.path.dirname(_target(link))  # noqa: PTH120 -- a text
        if is_in(above, asset.source) and above != asset.source:
            yield TracedEntry("stat", portable(above, root))


def _is_copied(link: str, source: str, copy: str) -> bool:
    """Whether a link is staged as a link that stays in the build context, or not at all."""
    staged = copy + link[len(source) :]
    if not os.path.lexists(staged):
        return True
    return os.path.islink(staged) and is_in(_target(link), source)  # noqa: PTH114 -- a text


def _is_same(one: str, other: str) -> bool:
    """Whether two places hold the same file, or both nothing."""
    if not os.path.lexists(one) and not os.path.lexists(other):
        return True
    try:
        return not os.path.islink(one) and not os.path.islink(other) and digest_of(one) == digest_of(other)  # noqa: PTH114
    except OSError:
        return False


@reads_assembly
def file_assets(assembly: Path) -> set[str]:
    """Where an assembly has what is staged as a file asset, of all its stacks."""
    return {
        os.path.realpath(path.parent / str(asset.get("source", {}).get("path", "")))
        for directory in directories_of(assembly)
        for path in sorted(directory.glob("*.assets.json"))
        for asset in read_json(path, LARGE, errors="surrogatepass").get("files", {}).values()
    }


@reads_assembly
def texts_of(assembly: Path) -> str:
    """All that an assembly says of its stacks."""
    directories = directories_of(assembly)
    paths = [path for directory in directories for path in sorted(directory.glob("*.template.json"))]
    paths += [directory / "manifest.json" for directory in directories]
    return "\n".join(read_text(path, LARGE, "replace") for path in paths)
