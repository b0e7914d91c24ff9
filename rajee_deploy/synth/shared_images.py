"""Images that one stack of an assembly lists and another one runs: a `DockerImageAsset` that is handed to other stacks.

The CDK lists an image with the stack that its asset was made in, and any template may name it. Here its entry goes to
the lists of the stacks that name it, so that who runs an image has it built, records it, and can go back. It must never
touch a template. What it cannot hand on stays where it is, for `adoption` to see.
"""

from __future__ import annotations

import os
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.assembly import document_bytes, reads_assembly, stacks_of
from rajee_deploy.synth.image_assets import asset_lists_of, nested_templates_of
from rajee_deploy.system.regular_files import LARGE, read_json, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.synth.assembly import StackArtifact

_LEAST = 32  # characters of a tag; a shorter one may stand in a template by chance


@dataclass(frozen=True, slots=True)
class _Stack:
    """What is asked of a stack here: where it lives, its lists of assets, the text of its templates."""

    environment: tuple[str, str]
    lists: dict[Path, Any]
    text: str

    def images(self) -> Iterator[tuple[Path, str, Any, str]]:
        """Its images: which list has it, under which id, as what, and its tag."""
        for path, document in self.lists.items():
            for key, image in document.get("dockerImages", {}).items():
                tags = {str(each.get("imageTag", "")) for each in image.get("destinations", {}).values()}
                if len(tags) == 1 and len(tag := tags.pop()) >= _LEAST:
                    yield path, key, image, tag

    def runs(self, tag: str) -> bool:
        """Whether it names the image itself, and not how CDK Pipelines are to publish it (`ASSET:DESTINATION`)."""
        return tag in self.text and f"{tag}:" not in self.text


@reads_assembly
def share_images(assembly: Path) -> None:
    """Put each image into the lists of the stacks that run it, in the same account and region; and out of the list of a
    stack that does not name it."""
    stacks = [_read(each) for each in stacks_of(assembly)]
    changed: set[Path] = set()
    for stack in stacks:
        for path, key, image, tag in list(stack.images()):
            naming = [each for each in stacks if each is not stack and tag in each.text]
            lent = [_lend(image, key, path, each) for each in naming if _may_lend(stack, each, tag)]
            changed |= {*lent}
            if lent and len(lent) == len(naming) and tag not in stack.text:
                del stack.lists[path]["dockerImages"][key]
                changed.add(path)
    for path, document in ((path, document) for stack in stacks for path, document in stack.lists.items()):
        if path in changed:
            path.write_bytes(document_bytes(document))


def _read(stack: StackArtifact) -> _Stack:
    lists = {path: read_json(path, LARGE, errors="surrogatepass") for path in asset_lists_of(stack)}
    templates = [stack.directory / str(stack.properties["templateFile"])]
    templates += [nested for path, document in lists.items() for nested in nested_templates_of(path, document)]
    text = "\n".join(read_text(path, LARGE, "surrogatepass") for path in templates)
    return _Stack((stack.place.account, stack.place.region), lists, text)


def _may_lend(stack: _Stack, other: _Stack, tag: str) -> bool:
    has_it = any(tag == own for _, _, _, own in other.images())
    return not has_it and other.runs(tag) and bool(other.lists) and stack.environment == other.environment


def _lend(image: Any, key: str, path: Path, other: _Stack) -> Path:
    """Put the image into the other stack's first list, which may lie in another directory; which list that is."""
    into, document = next(iter(other.lists.items()))
    own = deepcopy(image)
    directory = own.get("source", {}).get("directory")
    if directory and not os.path.isabs(directory):  # noqa: PTH117 -- a text
        own["source"]["directory"] = os.path.relpath(path.parent / directory, into.parent)
    document.setdefault("dockerImages", {})[key] = own
    return into
