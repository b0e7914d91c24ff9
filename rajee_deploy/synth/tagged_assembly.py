"""Puts the images' tags into a neutral assembly that is about to be deployed: the reverse of `neutral_assembly`.

The CDK CLI uploads a template under the name that the assembly gives it, and skips what is there already. So each
template is named by its content anew, the nested ones first: under its old name a former one would be deployed. It must
never be given an assembly that is kept.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.tagged_templates import (
    NESTED_KEY,
    PLACEHOLDER,
    nested_placeholder,
    nested_stacks,
    placeholder,
    placeholder_name,
    replace_texts,
    with_tags,
)
from rajee_deploy.synth.assembly import document_bytes, reads_assembly, stacks_of
from rajee_deploy.synth.carried import edit_templates
from rajee_deploy.synth.image_assets import asset_lists_of, image_assets, nested_templates_of
from rajee_deploy.system.regular_files import LARGE, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.synth.assembly import StackArtifact
    from rajee_deploy.synth.image_assets import ImageAsset


@reads_assembly
def render(assembly: Path, tags: Mapping[str, Mapping[str, str]]) -> None:
    """Put in the tags: by stack (its id) and by the image's name. DeployError `template-too-large` where a template
    that names the images cannot be deployed."""
    lost = [each for each in image_assets(assembly) if _is_lost(each, tags)]
    if lost:
        raise AssertionError(
            f"every image of a stack that is deployed has a tag, but {lost[0].name} of {lost[0].stack}"
        )
    names = {}
    for stack in stacks_of(assembly):
        if tags.get(stack.place.id):
            names[stack.place.id] = _render_lists(stack, tags[stack.place.id])
    wanted = {each for each, own in tags.items() if own}
    done = edit_templates(
        assembly,
        lambda stack, template: (
            _with_names(with_tags(template, tags[stack]), names[stack]) if stack in wanted else None
        ),
    )
    for name in sorted(wanted - set(done)):
        raise DeployError(
            "template-too-large",
            f"the template of {name} cannot be written with the tags of its images",
            where=f"stack {name}",
            cause="it is at CloudFormation's limit, or the CDK names its file by something else than its content",
            hint='divide the stack; or have the CDK CLI build its images: image-assets = "cdk" in the settings',
        )
    for stack in stacks_of(assembly):
        if stack.place.id in wanted and PLACEHOLDER in json.dumps(stack.template()):
            raise AssertionError(f"an image of {stack.place.id} has no tag")


def _is_lost(asset: ImageAsset, tags: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a stack that is about to be deployed would name the image by its placeholder."""
    name = placeholder_name(asset.hash)
    return bool(name) and asset.stack in tags and name not in tags[asset.stack]


def _render_lists(stack: StackArtifact, tags: Mapping[str, str]) -> dict[str, str]:
    """The lists of a stack's assets and its nested templates with the tags; the nested templates' names by their
    placeholders."""
    lists = {path: read_json(path, LARGE, errors="surrogatepass") for path in asset_lists_of(stack)}
    nested = [each for path, document in lists.items() for each in nested_templates_of(path, document)]
    names: dict[str, str] = {}
    waiting = {path: read_json(path, LARGE, errors="surrogatepass") for path in nested}
    while waiting:
        path = next((each for each in waiting if not _names_any(waiting[each], each, waiting)), next(iter(waiting)))
        content = document_bytes(_with_names(with_tags(waiting.pop(path), tags), names))
        path.write_bytes(content)
        names[nested_placeholder(path.name)] = hashlib.sha256(content).hexdigest()
    texts = {**names, **{placeholder(name): tag for name, tag in tags.items()}}
    for path, document in lists.items():
        for kind, key in (("files", "objectKey"), ("dockerImages", "imageTag")):
            for asset in document.get(kind, {}).values():
                for place in asset.get("destinations", {}).values():
                    place[key] = replace_texts(place.get(key), texts)
        path.write_bytes(document_bytes(document))
    return names


def _names_any(document: Any, own: Path, waiting: Mapping[Path, Any]) -> bool:
    text = json.dumps(document)
    return any(nested_placeholder(path.name) in text for path in waiting if path != own)


def _with_names(template: Any, names: Mapping[str, str]) -> Any:
    """The template with the names of nested ones, each told beside it, so that who reads it back can take it out."""
    told = {
        logical: {
            **nested,
            "Properties": replace_texts(nested.get("Properties", {}), {text: name}),
            "Metadata": {**nested.get("Metadata", {}), NESTED_KEY: f"{name} {text}"},
        }
        for logical, nested in nested_stacks(template)
        for text, name in names.items()
        if text in json.dumps(nested.get("Properties", {}))
    }
    return {**template, "Resources": {**template["Resources"], **told}} if told else template
