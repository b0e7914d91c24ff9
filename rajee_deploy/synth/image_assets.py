"""The docker image assets of a cloud assembly: which there are, what each is built from, and where it goes.

It reads what the CDK wrote for its own CLI (`*.assets.json`), and must never write there: `neutral_assembly` does. What
it cannot vouch for has an obstacle, in words, and is left to the CDK CLI.
https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import os
import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import Platform
from rajee_deploy.plan.tagged_templates import placeholder_name
from rajee_deploy.synth.assembly import reads_assembly, stacks_of
from rajee_deploy.synth.asset_names import names_of
from rajee_deploy.system.regular_files import LARGE, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.settings.build_settings import Secret
    from rajee_deploy.synth.assembly import StackArtifact

_MANIFEST = "cdk:asset-manifest"
# What the CDK CLI would do with it and we do not.
_UNKNOWN_KEYS = {
    "executable": "it comes from a program (executable), which the CDK CLI runs when it deploys",
    "networkMode": "it is built with networkMode",
    "dockerOutputs": "it is built with outputs",
    "cacheDisabled": "it is built without a cache (cacheDisabled)",
}
LEFT = "rajee-deploy.left.json"  # by stack and name, the obstacles that the lists do not show (see `neutral_assembly`)
_HASH = re.compile(r"[0-9a-f]{32}")
_SEVERAL = "it goes to several repositories"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an image goes: a repository by the name that the CDK gives it, with `${AWS::…}` in it, a region ("" for
    that of the stack), and the role that may push ("" for none)."""

    repository: str
    region: str = ""
    role: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class ImageAsset:
    """One docker image asset of one stack.

    `name` tells it from the stack's others and is the same whatever is in its build context; `hash` is CDK's own, or
    the placeholder once the assembly is neutral (see `neutral_assembly`). `directory` is the staged build context.
    `obstacle` says why the asset is left to the CDK CLI, "" where it is not. `listed_in` is the file that lists it.
    """

    stack: str  # the stack's id
    name: str
    hash: str
    directory: Path
    dockerfile: str
    listed_in: Path
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    ssh: str = ""
    platform: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()
    obstacle: str = ""


@reads_assembly
def image_assets(assembly: Path) -> list[ImageAsset]:
    """All of an assembly and of those of its stages, by stacks in their order. DeployError `bad-assembly`."""
    found: list[ImageAsset] = []
    for stack in stacks_of(assembly):
        for path in asset_lists_of(stack):
            found += _images_of(stack, path)
    left = read_json(assembly / LEFT, LARGE) if (assembly / LEFT).is_file() else {}
    return [replace(each, obstacle=each.obstacle or left.get(each.stack, {}).get(each.name, "")) for each in found]


def asset_lists_of(stack: StackArtifact) -> list[Path]:
    """The files that list a stack's assets: those of the asset manifests that it depends on."""
    artifacts = read_json(stack.directory / "manifest.json", LARGE, errors="surrogatepass").get("artifacts", {})
    needed = [artifacts.get(name, {}) for name in stack.artifact.get("dependencies", ())]
    return [stack.directory / each["properties"]["file"] for each in needed if each.get("type") == _MANIFEST]


def nested_templates_of(path: Path, document: Mapping[str, Any]) -> dict[Path, list[tuple[str, Mapping[str, Any]]]]:
    """The nested templates that a list of assets (`document`, at `path`) names, each with its entries there."""
    found: dict[Path, list[tuple[str, Mapping[str, Any]]]] = {}
    for key, file in document.get("files", {}).items():
        source = str(file.get("source", {}).get("path", ""))
        if source.endswith(".nested.template.json"):
            found.setdefault(path.parent / source, []).append((key, file))
    return found


def _images_of(stack: StackArtifact, path: Path) -> Iterator[ImageAsset]:
    document = read_json(path, LARGE, errors="surrogatepass")
    images: list[Mapping[str, Any]] = [*document.get("dockerImages", {}).values()]
    files = {str(file.get("source", {}).get("path")) for file in document.get("files", {}).values()}
    nested = nested_templates_of(path, document)

    def templates() -> list[Any]:
        inner = [read_json(each, LARGE, errors="surrogatepass") for each in sorted(nested)]
        return [stack.template(), *inner]

    names = names_of(images, [_tag(each) for each in images], templates)
    for name, image in zip(names, images, strict=True):
        yield _asset(stack.place.id, path, name, image, files)


def _tag(image: Mapping[str, Any]) -> str:
    """The tag of an image, "" where its destinations have several."""
    tags = {str(each.get("imageTag", "")) for each in image.get("destinations", {}).values()}
    return tags.pop() if len(tags) == 1 else ""


def _asset(stack: str, path: Path, name: str, image: Mapping[str, Any], files: set[str]) -> ImageAsset:
    source, destinations, tag = image.get("source", {}), list(image.get("destinations", {}).values()), _tag(image)
    directory = path.parent / str(source.get("directory", ""))
    secrets, unread = _secrets(source.get("dockerBuildSecrets", {}), directory)
    cache_from = tuple(map(_cache, source.get("cacheFrom", ())))
    cache_to = tuple(_cache(each) for each in [source["cacheTo"]] if each) if "cacheTo" in source else ()
    return ImageAsset(
        stack,
        name,
        tag,
        directory,
        str(source.get("dockerFile", "Dockerfile")),
        path,
        source.get("dockerBuildTarget"),
        _texts(source.get("dockerBuildArgs", {})),
        _texts(source.get("dockerBuildContexts", {})),
        secrets,
        str(source.get("dockerBuildSsh", "")),
        str(source.get("platform", "")),
        cache_from,
        cache_to,
        tuple(map(_destination, destinations)),
        next(_obstacles(image, tag, directory, files), unread),
    )


def _obstacles(image: Mapping[str, Any], tag: str, directory: Path, files: set[str]) -> Iterator[str]:
    """What stands in the way of building it here, the plainest first."""
    source = image.get("source", {})
    yield from (text for key, text in _UNKNOWN_KEYS.items() if source.get(key))
    where = source.get("directory", "")
    if not tag:
        yield "its destinations have several tags"
    elif not (placeholder_name(tag) or _HASH.search(tag)):
        yield f"its tag {tag} is no digest of it, so it may be any text of a template"
    if os.path.isabs(where):  # noqa: PTH117 -- a text
        yield "its build context was not staged (--no-staging), so nothing keeps it as it was"
    elif not where or not directory.is_dir():
        yield "its build context is no directory of the assembly"
    if where in files:
        yield "its build context is a file asset, too, which is named by all that is in it"
    if any(not os.path.isabs(each) and ":" not in each for each in source.get("dockerBuildContexts", {}).values()):  # noqa: PTH117 -- a text
        yield "it has a build context that is a relative path"
    platform = str(source.get("platform", ""))
    try:
        _ = Platform.parse(platform) if platform else None
    except ConfigurationError:
        yield f"its platform {platform!r} is not understood"
    if len(image.get("destinations", {})) != 1:
        yield _SEVERAL


def _secrets(told: Mapping[str, Any], directory: Path) -> tuple[tuple[Secret, ...], str]:
    """The build's secrets, by where their values are; and what stands in the way."""
    from rajee_deploy.settings.build_settings import Secret

    found = []
    for name, spec in sorted(told.items()):
        pairs = dict(part.partition("=")[::2] for part in str(spec).split(","))
        path = pairs.get("src") or pairs.get("source")
        kind, where = ("file", path) if path else ("env", pairs.get("env", ""))
        try:
            found.append(Secret.parse(str(name), f"{kind}:{where}", directory))
        except ValueError as error:
            return (), f"its secret {name} is not understood: {error}"
    return tuple(found), ""


def _destination(told: Mapping[str, Any]) -> Destination:
    return Destination(
        str(told.get("repositoryName", "")),
        str(told.get("region", "")),
        str(told.get("assumeRoleArn", "")),
        str(told.get("assumeRoleExternalId", "")),
    )


def _cache(told: Mapping[str, Any]) -> str:
    """As docker's own flag takes it: `type=…,key=value`."""
    parts = {"type": told.get("type", "registry"), **told.get("params", {})}
    return ",".join(f"{key}={value}" for key, value in parts.items())


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in table.items()}
