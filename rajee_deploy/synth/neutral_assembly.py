"""Makes a cloud assembly neutral: where templates name a docker image asset by the CDK's hash, a placeholder stands.

What is then compared, remembered and kept does not depend on what lies in a build context; `tags` puts the tags in. It
changes templates and lists of assets in a directory that nobody else uses. It must never decide what an image's tag is,
nor touch a staged build context.

The CDK's hash covers the whole directory, so each edit of a file that no build reads would change the template. It
stands in images' references, in outputs, in `Metadata` (for the debugger), in the names of nested templates, and by way
of a digest in the logical ids of Lambda versions: `plan.tagged_templates` knows the last two.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import (
    IMAGES_OUTPUT,
    IMAGES_PARAMETER,
    NOT_RECORDED,
    RECORDS,
    STATE_OUTPUT,
)
from rajee_deploy.plan.parameters import slots_of
from rajee_deploy.plan.tagged_templates import (
    NESTED_CONTENT,
    content_digest,
    has_placeholder,
    made_anew_with,
    nested_placeholder,
    nested_stacks,
    placeholder,
    placeholder_name,
    renamed_versions,
    replace_texts,
    versions_naming,
)
from rajee_deploy.synth.assembly import document_bytes, reads_assembly, stacks_of
from rajee_deploy.synth.image_assets import (
    LEFT,
    Destination,
    ImageAsset,
    asset_lists_of,
    image_assets,
    nested_templates_of,
)
from rajee_deploy.synth.shared_assets import is_named
from rajee_deploy.system.regular_files import LARGE, read_json, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.synth.assembly import StackArtifact

_FULL = "the template is at CloudFormation's limits, so no record can be added to it"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST_PARAMETERS, _MOST_OUTPUTS = 200, 200
_STAGED = re.compile(r"asset\.[0-9a-f]{32,}")
_TAKEN = "a template has a text that looks as if it were rajee-deploy's own (rajee-image.)"
# A parameter's value; and what a registry's name takes in it, with values for what a repository's name has to be filled
# with.
_LONGEST_VALUE, _LONGEST_REGISTRY = 4096, 96
_DESCRIPTIONS = {
    RECORDS[0]: "Digest of what synth read",
    RECORDS[1]: "Digest of the template, tags, topics and protection that were deployed",
    RECORDS[2]: "Git revision that was deployed",
    IMAGES_PARAMETER: "Tags of the images that the app declares",
}


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of an assembly's image assets: by stack, the tags that ours are to have, by name; and those that are
    left to the CDK CLI, each with its obstacle."""

    tags: Mapping[str, Mapping[str, str]]
    left: tuple[ImageAsset, ...] = ()


@reads_assembly
def neutralise(assembly: Path, tag_of: Callable[[ImageAsset], str]) -> Adopted:
    """Rewrite the assembly, so that its templates say nothing of what is in a build context.

    `tag_of` makes the tag of a staged build context. Images of one stack that are the same image (tag and repository)
    go by one name, the first; an asset with an obstacle stays as it is. Stacks get the parameters and outputs of a
    record where they lack them.
    """
    tags: dict[str, dict[str, str]] = {}
    left: list[ImageAsset] = []
    assets, stacks = image_assets(assembly), {each.place.id: _Templates(each) for each in stacks_of(assembly)}
    texts = {path: read_text(path, LARGE) for path in sorted(assembly.rglob("*.template.json"))}
    known = {tag: _naming(tag, assets, stacks, texts) for tag in {each.hash for each in assets if each.hash}}
    for stack, templates in stacks.items():
        own = [_checked(each, templates, texts, known.get(each.hash, "")) for each in assets if each.stack == stack]
        made = {each.name: tag_of(each) for each in own if not each.obstacle}
        own = [*_recordable(own, made)]
        if not templates.take_records(has_images=any(not each.obstacle for each in own)):
            own = [replace(each, obstacle=each.obstacle or _FULL) for each in own]
        left += [each for each in own if each.obstacle]
        tags[stack] = templates.neutralise([each for each in own if not each.obstacle], made)
        templates.write()
    told = {stack: {each.name: each.obstacle for each in left if each.stack == stack} for stack in stacks}
    (assembly / LEFT).write_bytes(document_bytes(told))
    return Adopted(tags, tuple(left))


def _naming(tag: str, assets: Sequence[ImageAsset], stacks: Mapping[str, _Templates], texts: Mapping[Path, str]) -> str:
    """A template that names an image which its stack does not list; "" for none. There the CDK's own tag would stay."""
    listing = {path for each in assets if each.hash == tag for path in stacks[each.stack].paths}
    return next((path.name for path, text in texts.items() if path not in listing and is_named(tag, text)), "")


def _checked(asset: ImageAsset, templates: _Templates, texts: Mapping[Path, str], naming: str) -> ImageAsset:
    """The asset, with an obstacle where something else than its function's template refers to the version of a function
    that runs it: the id of such a version follows from the image, and is known in its own template alone. The same
    where a text could be taken for a placeholder, and where a template of another stack names the image (`naming`)."""
    if templates.has_placeholder():
        return replace(asset, obstacle=asset.obstacle or _TAKEN)
    if naming:
        return replace(asset, obstacle=asset.obstacle or f"{naming} names it, whose stack does not list it")
    for place, version, dependent in templates.versions_of(asset):
        if any(_refers_to(version, text) for path, text in texts.items() if path != place):
            return replace(asset, obstacle=f"another template refers to the version {version} of its function")
        if dependent:
            return replace(
                asset, obstacle=f"the version {dependent} of a function follows from {version}, which runs it"
            )
    for name in templates.made_anew_with(asset):
        return replace(
            asset, obstacle=asset.obstacle or f"the CDK replaces {name} together with it, by a digest of its own"
        )
    return asset


def _recordable(assets: Sequence[ImageAsset], tags: Mapping[str, str]) -> Iterator[ImageAsset]:
    """The assets, those with an obstacle that the record of their stack cannot tell: it is read by the tags, and has as
    much room as a parameter."""
    taken: dict[str, tuple[Destination, ...]] = {}
    room = _LONGEST_VALUE
    repositories: set[Destination] = set()
    for asset in sorted(assets, key=lambda one: one.name):
        if asset.obstacle:
            yield asset
            continue
        tag = tags[asset.name]
        if taken.setdefault(tag, asset.destinations) != asset.destinations:
            yield replace(asset, obstacle="the very same image goes to another repository, too")
            continue
        room -= len(f" {asset.name}={tag}")
        for destination in {*asset.destinations} - repositories:
            room -= len(destination.repository) + _LONGEST_REGISTRY
            repositories.add(destination)
        yield asset if room >= 0 else replace(asset, obstacle="the record of its stack has no room for it")


def _refers_to(version: str, text: str) -> bool:
    """Whether a template refers to the version of another one. A stack of the same shape has one of the same id itself;
    an export has the id inside of a longer one."""
    is_its_own = re.search(rf'"{version}"\s*:', text) is not None
    return version in text and (
        not is_its_own or re.search(rf"[A-Za-z0-9]{version}|{version}[A-Za-z0-9]", text) is not None
    )


class _Templates:
    """A stack's template with those of its nested stacks, and the lists of its assets, changed in memory."""

    def __init__(self, stack: StackArtifact) -> None:
        self._root = stack.directory / str(stack.properties["templateFile"])
        self._lists = {path: read_json(path, LARGE, errors="surrogatepass") for path in asset_lists_of(stack)}
        self._keys: dict[Path, set[str]] = {}  # under which names nested templates are uploaded
        for path, document in self._lists.items():
            for nested, files in nested_templates_of(path, document).items():
                for key, file in files:
                    names = {key, *(str(each.get("objectKey", "")).removesuffix(".json") for each in _places(file))}
                    self._keys.setdefault(nested, set()).update(names - {""})
        self._documents = {path: _read(path) for path in (self._root, *self._keys)}
        self._made = dict(self._documents)  # by the app

    @property
    def paths(self) -> Collection[Path]:
        """Where the templates are."""
        return self._documents.keys()

    def take_records(self, *, has_images: bool) -> bool:
        """Add the parameters and outputs of a record; whether the template has room for them."""
        root = self._documents[self._root]
        slots, outputs = slots_of(root), root.get("Outputs", {})
        parameters = {name: _slot(name) for name in RECORDS if name not in slots}
        added = {STATE_OUTPUT: {"Description": "What rajee-deploy deployed.", "Value": _joined()}} if parameters else {}
        if has_images and IMAGES_PARAMETER not in slots:
            parameters[IMAGES_PARAMETER] = _slot(IMAGES_PARAMETER)
            added[IMAGES_OUTPUT] = {
                "Description": _DESCRIPTIONS[IMAGES_PARAMETER],
                "Value": {"Ref": IMAGES_PARAMETER},
            }
        if len(slots) + len(parameters) > _MOST_PARAMETERS or len(outputs) + len(added) > _MOST_OUTPUTS:
            return False
        if parameters:
            self._documents[self._root] = {
                **root,
                "Parameters": {**root.get("Parameters", {}), **parameters},
                "Outputs": {**added, **outputs},
            }
        return True

    def has_placeholder(self) -> bool:
        """Whether a text that is none of ours could be taken for a placeholder."""
        return any(has_placeholder(document) for document in self._documents.values())

    def versions_of(self, asset: ImageAsset) -> Iterator[tuple[Path, str, str]]:
        """The logical ids of versions of functions that run an image, with the templates that have them, and the id of
        another version that follows from it in turn ("" for none)."""
        for path, document in self._documents.items():
            for version, _ in versions_naming(document, [asset.hash]):
                yield path, version, next((each for each, _ in versions_naming(document, [version])), "")

    def made_anew_with(self, asset: ImageAsset) -> Iterator[str]:
        """The logical ids of resources that the CDK makes anew with an image."""
        return (name for document in self._documents.values() for name in made_anew_with(document, [asset.hash]))

    def neutralise(self, assets: Sequence[ImageAsset], made: Mapping[str, str]) -> dict[str, str]:
        """Put placeholders in the places of the assets' hashes; the tags by name. `made` has the tag of each."""
        if not assets:
            return {}
        tags: dict[str, str] = {}
        names: dict[str, str] = {}
        texts: dict[str, str] = {}
        for asset in sorted(assets, key=lambda one: one.name):
            name = names.setdefault(made[asset.name], asset.name)
            tags[name] = made[asset.name]
            if _STAGED.fullmatch(asset.directory.name):
                texts[asset.directory.name] = "asset"
            texts[asset.hash] = placeholder(name)
        self._put_in(texts)
        self._name_nested()
        return tags

    def _put_in(self, texts: Mapping[str, str]) -> None:
        changed = {path: replace_texts(document, texts) for path, document in self._documents.items()}
        marks = [text for text in texts.values() if placeholder_name(text)]
        self._documents = {
            path: replace_texts(document, renamed_versions(document, marks)) for path, document in changed.items()
        }
        for document in self._lists.values():
            for image in document.get("dockerImages", {}).values():
                for place in _places(image):
                    place["imageTag"] = replace_texts(place.get("imageTag"), texts)

    def _name_nested(self) -> None:
        """Name the nested templates that name images by placeholders, and tell beside them what is in them: from the
        inside outwards. The others keep the names that the CDK gives them, by their content."""
        waiting = dict(self._keys)
        while waiting:
            inner = next((path for path in waiting if not self._names_any(path, waiting)), next(iter(waiting)))
            keys = waiting.pop(inner)
            if self._documents[inner] != self._made[inner]:
                self._name_one(inner, keys)

    def _names_any(self, path: Path, waiting: dict[Path, set[str]]) -> bool:
        text = json.dumps(self._documents[path])
        return any(key in text for other, keys in waiting.items() if other != path for key in keys)

    def _name_one(self, path: Path, keys: set[str]) -> None:
        name, digest = nested_placeholder(path.name), content_digest(self._documents[path])
        for place, document in self._documents.items():
            told = {
                logical: {
                    **nested,
                    "Properties": replace_texts(nested.get("Properties", {}), dict.fromkeys(keys, name)),
                    "Metadata": {**nested.get("Metadata", {}), NESTED_CONTENT: digest},
                }
                for logical, nested in nested_stacks(document)
                if any(key in json.dumps(nested.get("Properties", {})) for key in keys)
            }
            if told:
                self._documents[place] = {**document, "Resources": {**document["Resources"], **told}}
        for document in self._lists.values():
            for file in document.get("files", {}).values():
                if file.get("source", {}).get("path") == path.name:
                    for each in _places(file):
                        for key in keys:
                            each["objectKey"] = each["objectKey"].replace(key, name)

    def write(self) -> None:
        for path, document in {**self._documents, **self._lists}.items():
            path.write_bytes(document_bytes(document))


def _slot(name: str) -> dict[str, str]:
    what = f"{_DESCRIPTIONS[name]}; written by rajee-deploy, never by hand."
    return {"Type": "String", "Default": NOT_RECORDED, "Description": what}


def _joined() -> dict[str, Any]:
    return {"Fn::Join": ["/", [{"Ref": name} for name in RECORDS]]}


def _places(file: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(file.get("destinations", {}).values())


def _read(path: Path) -> Any:
    return read_json(path, LARGE, errors="surrogatepass")
