"""Reads a cloud assembly: its stacks, and what of each `cdk deploy` compares. It never writes one, nor runs cdk."""

from __future__ import annotations

import json
import os
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, Synthesised
from rajee_deploy.plan.template_differences import (
    as_sent,
    effective,
    given_back,
    referenced_parameters,
    volatile_parameters,
)
from rajee_deploy.system.regular_files import LARGE, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_STACK_TAGS = "aws:cdk:stack-tags"
_WARNING = "aws:cdk:warning"
_MOST_WARNINGS, _MOST_CHARACTERS = 20, 500
_STACK, _NESTED = "aws:cloudformation:stack", "cdk:cloud-assembly"


_DEEPEST = 8  # stages in one another

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StackArtifact:
    """A stack in an assembly: which one it is, what the manifest says of it, and the directory of that manifest."""

    place: StackPlace
    artifact: Mapping[str, Any]
    directory: Path

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the manifest says of how it is deployed."""
        found: Mapping[str, Any] = self.artifact.get("properties", {})
        return found

    def template(self) -> Any:
        """The template, parsed."""
        return _read(self.directory / self.properties["templateFile"])


def reads_assembly(read: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], T]:
    """For functions whose first argument is an assembly, which its app may have made in any way: what is not of the
    form that the CDK's has is DeployError `bad-assembly`."""

    @wraps(read)
    def reading(assembly: Path, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(assembly, *args, **kwargs)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            cause = str(error) if isinstance(error, (OSError, ValueError)) else f"{type(error).__name__}: {error}"
            raise DeployError(
                "bad-assembly",
                "the CDK app made a cloud assembly that cannot be read",
                where=str(assembly),
                cause=cause[:_MOST_CHARACTERS],
                hint="npx cdk synth makes it too; the aws-cdk-lib of the app must be one that the aws-cdk here knows",
            ) from error

    return reading


@reads_assembly
def stacks_of(assembly: Path) -> list[StackArtifact]:
    """The stacks of an assembly and of those of its stages, each behind those that it depends on."""
    return list(_stacks(assembly, _DEEPEST))


def _stacks(assembly: Path, levels: int) -> Iterator[StackArtifact]:
    artifacts = _read(assembly / "manifest.json").get("artifacts", {})
    for name in _in_order(artifacts):
        artifact = artifacts[name]
        if artifact.get("type") == _STACK:
            yield StackArtifact(_place(name, artifact), artifact, assembly)
        elif artifact.get("type") == _NESTED:
            yield from _stacks(_inner(assembly, artifact, levels), levels - 1)


@reads_assembly
def synthesised_stacks(assembly: Path, app: Path) -> dict[str, Synthesised]:
    """The stacks by their ids, with what of each is compared, in the order of `stacks_of`. `app` has the cdk.json
    whose `tags` go before a stack's own."""
    from rajee_deploy.plan.declared import declared_parameters  # for a synth alone

    configured = _configuration(app)
    found = {}
    for each in stacks_of(assembly):
        properties, template = each.properties, each.template()
        tags = _pairs(configured.get("tags")) or properties.get("tags") or _tags_of_metadata(each)
        topics = properties.get("notificationArns")
        content = StackContent(
            given_back(template),
            tags,
            tuple(topics or ()),
            bool(properties.get("terminationProtection", False)),
            effective(template),
        )
        found[each.place.id] = Synthesised(
            content,
            referenced_parameters(template),
            volatile_parameters(template),
            topics is None,
            as_sent(template),
            declared_parameters(template),
            each.place,
        )
    return found


@reads_assembly
def is_complete(assembly: Path) -> bool:
    """Whether the assembly has in itself all that a deployment uploads, and no look-up is left to make.

    An assembly that points at files outside of itself would upload what those hold when it is deployed.
    """
    directories = directories_of(assembly)
    if any(_read(directory / "manifest.json").get("missing") for directory in directories):
        return False
    return all(_is_inside(at / path, assembly) for at in directories for path in _asset_sources(at))


@reads_assembly
def directories_of(assembly: Path) -> list[Path]:
    """The directory of an assembly, and those of the assemblies of its stages, from above downwards."""
    return list(_directories(assembly, _DEEPEST))


def _directories(assembly: Path, levels: int) -> Iterator[Path]:
    yield assembly
    for artifact in _read(assembly / "manifest.json").get("artifacts", {}).values():
        if artifact.get("type") == _NESTED:
            yield from _directories(_inner(assembly, artifact, levels), levels - 1)


def _inner(assembly: Path, artifact: Mapping[str, Any], levels: int) -> Path:
    """The directory of a stage's assembly. ValueError for stages without end: a directory in itself."""
    if not levels:
        raise ValueError(f"stages are more than {_DEEPEST} levels deep")
    return assembly / str(artifact["properties"]["directoryName"])


def _place(name: str, artifact: Mapping[str, Any]) -> StackPlace:
    properties = artifact.get("properties", {})
    account, _, region = str(artifact.get("environment", "")).removeprefix("aws://").partition("/")
    reading = properties.get("lookupRole") or {}
    return StackPlace(
        str(artifact.get("displayName", name)),
        str(properties.get("stackName", name)),
        account if account != "unknown-account" else "",
        region if region != "unknown-region" else "",
        properties.get("assumeRoleArn") or "",
        properties.get("assumeRoleExternalId") or "",
        reading.get("arn") or "",
        reading.get("assumeRoleExternalId") or "",
    )


def _in_order(artifacts: Mapping[str, Any]) -> list[str]:
    """The artifacts as the manifest names them, but each behind those it depends on."""
    found: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in artifacts and name not in found and name not in above:
            for needed in artifacts[name].get("dependencies", ()):
                visit(needed, (*above, name))
            found[name] = None

    for name in artifacts:
        visit(name, ())
    return list(found)


def document_bytes(document: Any) -> bytes:
    """As the CDK writes it; a text that is half a character, which no UTF-8 can hold, stays an escape."""
    try:
        return json.dumps(document, indent=1, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(document, indent=1).encode()


@reads_assembly
def warnings_of(assembly: Path) -> list[tuple[str, str]]:
    """What the app warns of (CDK's annotations), as (id of the stack, text), each once; no more than people read."""
    found = [
        (each.place.id, str(entry.get("data", ""))[:_MOST_CHARACTERS])
        for each in stacks_of(assembly)
        for entries in _metadata(each).values()
        for entry in entries
        if entry.get("type") == _WARNING
    ]
    return list(dict.fromkeys(found))[:_MOST_WARNINGS]


def _metadata(stack: StackArtifact) -> dict[str, Any]:
    """By the path of the construct."""
    entries = dict(stack.artifact.get("metadata", {}))
    if stack.artifact.get("additionalMetadataFile"):
        entries |= _read(stack.directory / stack.artifact["additionalMetadataFile"])
    return entries


def _tags_of_metadata(stack: StackArtifact) -> dict[str, str]:
    """Where the app does not say tags explicitly, they are metadata of the stack itself."""
    entries = _metadata(stack)
    return {
        str(tag.get("key", tag.get("Key"))): str(tag.get("value", tag.get("Value")))
        for entry in entries.get(f"/{stack.place.id}", ())
        if entry.get("type") == _STACK_TAGS
        for tag in entry.get("data", ())
    }


def _asset_sources(directory: Path) -> Iterator[str]:
    for path in sorted(directory.glob("*.assets.json")):
        document = _read(path)
        for kind, place in (("files", "path"), ("dockerImages", "directory")):
            for asset in document.get(kind, {}).values():
                source = asset.get("source", {})
                # An asset that a program makes at deployment has no path.
                yield source.get(place, "/") if "executable" not in source else "/"


def _is_inside(path: Path, assembly: Path) -> bool:
    """As it is spelled: the assets of a stage lie in the assembly around it."""
    return Path(os.path.normpath(path)).is_relative_to(assembly)


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
    return read_json(path, LARGE, errors="surrogatepass")
