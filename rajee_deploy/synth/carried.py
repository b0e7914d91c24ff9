"""Writes the list of what a synth read into the templates of a cloud assembly that is about to be deployed.

The CDK CLI uploads a template under the hash of its content, and skips what is there already. So an edited template
gets a new name wherever the assembly names it; under its old one, the former template would be deployed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from rajee_deploy.plan.carried import MOST_BYTES, carried_of, encode, is_list, with_carried, without_carried
from rajee_deploy.synth.assembly import directories_of, document_bytes, reads_assembly
from rajee_deploy.system.regular_files import LARGE, read_json, read_regular
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

__all__ = ["carried_of", "carry", "is_list", "without_carried"]

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: in S3, and in the call
# itself, which the CLI takes for what was synthesised without an asset for the template.
_IN_S3, _INLINE = 1_000_000, 51_200


def carry(assembly: Path, document: Mapping[str, Any], stacks: Collection[str]) -> tuple[str, ...]:
    """Write the document into the templates of these stacks, in a directory that nobody else uses.

    Returns the stacks (their ids, as `stacks` has them) whose templates carry it now. The others are left as they are:
    where it is too long, would make the template too long, or where the template's asset is named by something else
    than its hash. Those of stages are in assemblies of their own, inside; nested stacks are nobody's of `stacks`.
    """
    text = encode(document)
    if len(text) > MOST_BYTES:
        return ()
    return _carry(assembly, text, stacks)


def _carry(assembly: Path, text: str, stacks: Collection[str]) -> tuple[str, ...]:
    return edit_templates(assembly, lambda stack, template: with_carried(template, text) if stack in stacks else None)


@reads_assembly
def edit_templates(assembly: Path, edit: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> tuple[str, ...]:
    """Have `edit` change the stacks' templates, and name each by its new content wherever the assembly names it. It is
    given a stack's id and its template, and answers None where that stays. Returns the stacks that were changed."""
    return tuple(each for place in directories_of(assembly) for each in _Assembly(place).edit(edit))


class _Assembly:
    """The files of an assembly that name templates, changed in memory until all is known to fit."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._manifest = _read(directory / "manifest.json")
        self._lists = {path: _read(path) for path in _asset_lists(directory, self._manifest)}
        self._renamed: dict[str, str] = {}

    def edit(self, edit: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> tuple[str, ...]:
        done = [name for name, properties in _stacks(self._manifest) if self._one(name, properties, edit)]
        if done:
            for path, document in {self._directory / "manifest.json": self._manifest, **self._lists}.items():
                path.write_bytes(document_bytes(document))
        return tuple(dict.fromkeys(done))

    def _one(
        self,
        name: str,
        properties: dict[str, Any],
        edit: Callable[[str, dict[str, Any]], dict[str, Any] | None],
    ) -> bool:
        path = self._directory / properties["templateFile"]
        before = read_regular(path, LARGE)
        template = parse_json(before, errors="surrogatepass")
        if not isinstance(template, dict) or not isinstance(template.get("Metadata", {}), dict):
            return False
        edited = edit(name, template)
        if edited is None:
            return False
        after = document_bytes(edited)
        address = properties.get("stackTemplateAssetObjectUrl", "")
        if len(after) > (_IN_S3 if address or len(before) > _INLINE else _INLINE):
            return False
        if not self._rename(properties, address, hashlib.sha256(after).hexdigest()):
            return False
        path.write_bytes(after)
        return True

    def _rename(self, properties: dict[str, Any], address: str, new: str) -> bool:
        """Name the template's asset by its new content, wherever it is named; whether that can be done."""
        found = list(self._assets(properties["templateFile"]))
        if not all(old in where.get("objectKey", "") for _, old, file in found for where in _destinations(file)):
            return False
        # Of two stacks with the same template, the lists may name only one.
        olds = {old for _, old, _ in found} | {old for old, name in self._renamed.items() if name == new}
        if address and not any(old in address for old in olds):
            return False
        for files, old, file in found:
            for where in _destinations(file):
                where["objectKey"] = where["objectKey"].replace(old, new)
            files[new] = files.pop(old)
        for old in olds:
            self._renamed[old] = new
            address = address.replace(old, new)
        if address:
            properties["stackTemplateAssetObjectUrl"] = address
        return True

    def _assets(self, template: str) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
        """The lists that name the template, as it is named there. It is in the lists of other stacks, too."""
        for document in self._lists.values():
            for name, file in list(document.get("files", {}).items()):
                if file.get("source", {}).get("path") == template:
                    yield document["files"], name, file


def _stacks(manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, artifact in manifest.get("artifacts", {}).items():
        if artifact.get("type") == "aws:cloudformation:stack":
            properties = artifact["properties"]
            yield artifact.get("displayName", name), properties


def _asset_lists(assembly: Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    for artifact in manifest.get("artifacts", {}).values():
        if artifact.get("type") == "cdk:asset-manifest":
            yield assembly / artifact["properties"]["file"]


def _destinations(file: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(file.get("destinations", {}).values())


def _read(path: Path) -> Any:
    return read_json(path, LARGE, errors="surrogatepass")
