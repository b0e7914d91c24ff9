"""Reads a cloud assembly: its stacks, and what of each `cdk deploy` compares. It never writes one, nor runs cdk."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from rajee_deploy.facts import StackContent, Synthesised
from rajee_deploy.template import as_sent, effective, given_back, referenced_parameters, volatile_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STACK_TAGS = "aws:cdk:stack-tags"


def stacks_of(assembly: Path) -> dict[str, Any]:
    """Stack name → its properties in the assembly's manifest."""
    return {name: artifact.get("properties", {}) for name, artifact in _stack_artifacts(assembly)}


def environment_of(assembly: Path, stack: str) -> tuple[str, str]:
    """Account and region that a stack is for; `unknown-account` and `unknown-region` where the app leaves them open."""
    artifacts = dict(_stack_artifacts(assembly))
    account, _, region = str(artifacts[stack].get("environment", "")).removeprefix("aws://").partition("/")
    return account or "unknown-account", region or "unknown-region"


def synthesised_stacks(assembly: Path, app: Path) -> dict[str, Synthesised]:
    """Stack name → what of it is compared. `app` has the cdk.json whose `tags` go before the stack's own."""
    from rajee_deploy.declared import declared_parameters  # for a synth alone

    configured = _configuration(app)
    found = {}
    for name, artifact in _stack_artifacts(assembly):
        properties = artifact.get("properties", {})
        template = json.loads((assembly / properties["templateFile"]).read_text("utf-8"))
        tags = _pairs(configured.get("tags")) or properties.get("tags") or _tags_of_metadata(assembly, artifact)
        topics = properties.get("notificationArns")
        content = StackContent(
            given_back(template), tags, tuple(topics or ()), bool(properties.get("terminationProtection", False)),
            effective(template),
        )  # fmt: skip
        found[name] = Synthesised(
            content, referenced_parameters(template), volatile_parameters(template), topics is None, as_sent(template),
            declared_parameters(template),
        )  # fmt: skip
    return found


def is_complete(assembly: Path) -> bool:
    """Whether the assembly has in itself all that a deployment uploads, and no look-up is left to make.

    An assembly that points at files outside of itself would upload what those hold when it is deployed.
    """
    manifest = _read(assembly / "manifest.json")
    if manifest.get("missing"):
        return False
    if any(artifact.get("type") == "cdk:cloud-assembly" for artifact in manifest.get("artifacts", {}).values()):
        return False  # nested assemblies are not looked into
    return all(_is_inside(path) for path in _asset_sources(assembly))


def _stack_artifacts(assembly: Path) -> Iterator[tuple[str, Any]]:
    for name, artifact in _read(assembly / "manifest.json").get("artifacts", {}).items():
        if artifact.get("type") == "aws:cloudformation:stack":
            yield artifact.get("properties", {}).get("stackName", name), artifact


def _tags_of_metadata(assembly: Path, artifact: Mapping[str, Any]) -> dict[str, str]:
    """Where the app does not say tags explicitly, they are metadata of the stack itself."""
    entries = dict(artifact.get("metadata", {}))
    if artifact.get("additionalMetadataFile"):
        entries |= _read(assembly / artifact["additionalMetadataFile"])
    return {
        str(tag.get("key", tag.get("Key"))): str(tag.get("value", tag.get("Value")))
        for path in entries
        if path.count("/") == 1
        for entry in entries[path]
        if entry.get("type") == _STACK_TAGS
        for tag in entry.get("data", ())
    }


def _asset_sources(assembly: Path) -> Iterator[str]:
    for path in sorted(assembly.glob("*.assets.json")):
        document = _read(path)
        for kind, place in (("files", "path"), ("dockerImages", "directory")):
            for asset in document.get(kind, {}).values():
                source = asset.get("source", {})
                # An asset that a program makes at deployment has no path.
                yield source.get(place, "/") if "executable" not in source else "/"


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts


def _configuration(app: Path) -> dict[str, Any]:
    """What cdk.json, laid over ~/.cdk.json, says of every deployment."""
    merged: dict[str, Any] = {}
    for path in (Path.home() / ".cdk.json", app / "cdk.json"):
        if path.is_file():
            document = _read(path)
            merged |= document if isinstance(document, dict) else {}
    return merged


def _pairs(tags: Any) -> dict[str, str]:
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags or ()}


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
