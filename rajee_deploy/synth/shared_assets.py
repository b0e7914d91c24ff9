"""Assets that one stack of an assembly lists and another one uses: a `DockerImageAsset` or a file that is handed on.

The CDK lists an asset with the stack that it was made in, and any template may name it. But a stack whose template
stays is not deployed here, and what it lists is not published then. So an asset goes to the lists of the stacks that
name it: who runs an image has it built, records it, and can go back. It must never touch a template. What it cannot
hand on stays where it is, for `neutral_assembly` to see.
"""

from __future__ import annotations

import os
import re
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

_LEAST = 32  # characters of what a template names; a shorter text may stand there by chance
# By kind: what a template names it by, and where it lies.
_KINDS = {"dockerImages": ("imageTag", "directory"), "files": ("objectKey", "path")}


@dataclass(frozen=True, slots=True)
class _Asset:
    """An entry of a list: its kind, its id, what it says, and what a template names it by."""

    listed_in: Path
    kind: str
    key: str
    entry: Any
    text: str


@dataclass(frozen=True, slots=True)
class _Stack:
    """What is asked of a stack here: where it lives, its lists of assets, the text of its templates."""

    environment: tuple[str, str]
    lists: dict[Path, Any]
    text: str

    def assets(self) -> Iterator[_Asset]:
        """Its assets, but for templates: no other stack's template names those."""
        for path, document in self.lists.items():
            for kind, (named_by, where) in _KINDS.items():
                for key, entry in document.get(kind, {}).items():
                    texts = {str(each.get(named_by, "")) for each in entry.get("destinations", {}).values()}
                    is_template = str(entry.get("source", {}).get(where, "")).endswith(".template.json")
                    if len(texts) == 1 and len(text := texts.pop()) >= _LEAST and not is_template:
                        yield _Asset(path, kind, key, entry, text)

    def lists_it(self, asset: _Asset) -> bool:
        """Whether it has the asset in a list of its own."""
        return any(asset.text == own.text for own in self.assets())

    def uses(self, text: str) -> bool:
        """Whether it names the asset itself, and not how CDK Pipelines are to publish it (`ASSET:DESTINATION`)."""
        return is_named(text, self.text) and f"{text}:" not in self.text


def is_named(name: str, text: str) -> bool:
    """Whether a text names an asset: whole, and not as a part of another one's name (as with a dockerTagPrefix)."""
    return name in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


@reads_assembly
def share_assets(assembly: Path) -> None:
    """Put each asset into the lists of the stacks that use it, in the same account and region; and an image out of the
    list of a stack that does not name it."""
    stacks = [_read(each) for each in stacks_of(assembly)]
    changed: set[Path] = set()
    for stack in stacks:
        for asset in list(stack.assets()):
            naming = [each for each in stacks if each is not stack and is_named(asset.text, each.text)]
            changed |= {_lend(asset, each) for each in naming if _may_lend(stack, each, asset)}
            is_free = bool(naming) and all(each.lists_it(asset) for each in naming) and asset.text not in stack.text
            if is_free and asset.kind == "dockerImages":
                del stack.lists[asset.listed_in][asset.kind][asset.key]
                changed.add(asset.listed_in)
    for path, document in ((path, document) for stack in stacks for path, document in stack.lists.items()):
        if path in changed:
            path.write_bytes(document_bytes(document))


def _read(stack: StackArtifact) -> _Stack:
    lists = {path: read_json(path, LARGE, errors="surrogatepass") for path in asset_lists_of(stack)}
    templates = [stack.directory / str(stack.properties["templateFile"])]
    templates += [nested for path, document in lists.items() for nested in nested_templates_of(path, document)]
    text = "\n".join(read_text(path, LARGE, "surrogatepass") for path in templates)
    return _Stack((stack.place.account, stack.place.region), lists, text)


def _may_lend(stack: _Stack, other: _Stack, asset: _Asset) -> bool:
    takes_it = other.uses(asset.text) and not other.lists_it(asset)
    return takes_it and bool(other.lists) and stack.environment == other.environment


def _lend(asset: _Asset, other: _Stack) -> Path:
    """Put it into the other stack's first list, which may lie in another directory; which list that is."""
    into, document = next(iter(other.lists.items()))
    own, (_, where) = deepcopy(asset.entry), _KINDS[asset.kind]
    place = own.get("source", {}).get(where)
    if place and not os.path.isabs(place):  # noqa: PTH117 -- a text
        own["source"][where] = os.path.relpath(asset.listed_in.parent / place, into.parent)
    document.setdefault(asset.kind, {})[asset.key] = own
    return into
