"""Looks at a CDK app: its language and its CLI, its stacks and image assets by one synth, who we are to AWS. It writes
nothing but what a synth does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.init.found import Found, FoundApp, FoundStack
from rajee_deploy.actions.init.images import find_contexts, find_images, find_lone
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model.names import RECORDS
from rajee_deploy.synth.assembly import stacks_of
from rajee_deploy.synth.cli_files import get_cli
from rajee_deploy.synth.image_assets import image_assets
from rajee_deploy.synth.language import language_of, lock_files
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.console import Console
    from rajee_deploy.synth.assembly import StackArtifact

_STATE = "RajeeState"


@dataclass(frozen=True, slots=True)
class Doors:
    """What `init` asks of the outside world: who we are to AWS, and a synth into a directory (with our credentials or
    with none)."""

    identity: Callable[[], Identity]
    region: Callable[[], str]
    synth: Callable[[Path, Callable[[str], None], bool], object]


def look(doors: Doors, console: Console, root: Path, app: Path) -> Found:
    """All that is found, from the settings' directory `root` on. DeployErrors of the synth, and of a missing CLI."""
    told = find_app(root, app)
    who, nobody, log_in = _who(doors, console)
    with private_directory("init") as scratch:
        assembly = scratch / "cdk.out"
        with console.spinner("synth"):
            doors.synth(assembly, console.working, bool(who))
        with console.spinner("look at image assets"):
            stacks = stacks_of(assembly)
            images = find_images(image_assets(assembly), root)
            return Found(
                told,
                tuple(map(_stack, stacks)),
                images,
                find_contexts(images, root),
                find_lone(images, root, app),
                who.account if who else "",
                who.region if who else _region(doors),
                nobody,
                log_in,
            )


def find_app(root: Path, app: Path) -> FoundApp:
    """What is known of the app without a synth. DeployErrors `cdk-missing`, `node-missing`, `cdk-version`,
    `bad-cdk-json`."""
    language = language_of(app)
    cli = get_cli(app)
    locks = tuple(os.path.relpath(path, root) for path in lock_files(app, language))
    is_own = "node_modules" in cli.path.parts and any(each in cli.path.parents for each in (app, *app.parents))
    return FoundApp(os.path.relpath(app, root), language, locks, cli.version, is_own)


def _who(doors: Doors, console: Console) -> tuple[Identity | None, str, str]:
    """Who we are to AWS; else why nobody is, and what to do."""
    try:
        with console.spinner("ask AWS"):
            return doors.identity(), "", ""
    except DeployError as error:
        if isinstance(error, ConfigurationError) and error.code != "no-region":
            raise  # a flag or a variable that cannot be meant
        return None, error.problem, error.hint


def _region(doors: Doors) -> str:
    try:
        return doors.region()
    except ConfigurationError:
        return ""


def _stack(stack: StackArtifact) -> FoundStack:
    template, place = stack.template(), stack.place
    return FoundStack(
        place.id,
        place.account,
        place.region,
        tuple(_image_parameters(template)),
        tuple(_repositories(template)),
        any(_is_of(each, "AWS::CodePipeline::Pipeline") for each in _resources(template)),
    )


def _image_parameters(template: Mapping[str, Any]) -> Iterator[str]:
    """Those that `DeployState` declares for images: what its output reads beside the records."""
    state = (template.get("Outputs") or {}).get(_STATE)
    if not isinstance(state, dict):
        return
    parameters = template.get("Parameters") or {}
    for name in _references(state.get("Value")):
        if name in parameters and name not in RECORDS and not name.startswith("Rajee"):
            yield name


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case dict():
            for each in value.values():
                yield from _references(each)
        case list():
            for each in value:
                yield from _references(each)


def _repositories(template: Mapping[str, Any]) -> Iterator[str]:
    for resource in _resources(template):
        name = resource.get("Properties", {}).get("RepositoryName")
        if _is_of(resource, "AWS::ECR::Repository") and isinstance(name, str):
            yield name


def _resources(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in (template.get("Resources") or {}).values() if isinstance(each, dict)]


def _is_of(resource: Mapping[str, Any], kind: str) -> bool:
    return resource.get("Type") == kind
