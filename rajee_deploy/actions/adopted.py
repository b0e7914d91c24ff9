"""Images that the app declares itself (assets), taken out of the CDK CLI's hands: from an assembly's assets to images
of this run, and their tags into what is deployed.

They are built from the staged copy in the assembly, never from the directory that it was copied from: what `exclude`
left out must not get into an image. What is needed of them is decided in `plan`, as of every other image.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.actions.meanings import near
from rajee_deploy.model import parse_platforms, stack_status
from rajee_deploy.model.names import ASSET_PREFIX
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.stack_names import meaning, places_of, resolve
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import DeployStack, Via
from rajee_deploy.plan.tagged_templates import RecordedImage, placeholder_name, succeed
from rajee_deploy.settings import DEFAULT_PLATFORM, LOCK_NAME, ImageSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.synthesise import Synthesis
    from rajee_deploy.aws import Identity
    from rajee_deploy.plan.stack_names import StackPlace
    from rajee_deploy.plan.state import StackState, Synthesised, WantedImage
    from rajee_deploy.registry.ecr import PublishingRole
    from rajee_deploy.settings import Settings
    from rajee_deploy.synth.cdk_cli import Cdk
    from rajee_deploy.synth.image_assets import ImageAsset


def adopt(settings: Settings, deployer: Cdk, assembly: Path) -> Mapping[str, Synthesised]:
    """Have a new assembly name our images, and say what its stacks are then, by their ids. DeployErrors where an image
    could not be built."""
    from rajee_deploy.image.inputs import read_inputs  # for a synth alone

    return deployer.adopt(assembly, lambda asset: read_inputs(_image(asset, asset.name, settings)).fingerprint.tag)


def bind_images(run: CurrentRun, synthesis: Synthesis, who: Identity) -> bool:
    """From now on the run has the images of the synth's assembly, too. Whether it had others until now."""
    if not run.settings.cdk.adopts_images:
        return False
    from rajee_deploy.synth.image_assets import image_assets

    places = places_of(synthesis.stacks)
    chosen = {places[key].id: places[key] for key in resolve(run.named[0].cdk.stacks, places)}
    assets = [each for each in image_assets(synthesis.assembly) if each.stack in chosen]
    _tell(run, assets)
    own = [each for each in assets if placeholder_name(each.hash)]
    names = shown_names(run.named[0].images, [(each.stack, each.name) for each in own])
    images: dict[str, ImageSettings] = {}
    roles: dict[Repository, PublishingRole] = {}
    for each in own:
        shown, place = names[each.stack, each.name], chosen[each.stack]
        image = images.setdefault(shown, _located(_image(each, shown, run.settings), each, place, who))
        roles[near(image.repository, place, who)] = _role(each, place, who)
    run.ports.bind_roles(roles)
    others = [each.stack for each in run.named[1] if each.stack and not each.is_asset]
    stacks = {places[key].id for name in others for key in meaning(name, places)}
    return run.adopt_images(list(images.values()), stacks)


def with_known_images(settings: Settings) -> Settings:
    """The settings with the images that the app declares, for who only looks at images: as the last synth that was
    kept here knows them, each in the directory that it was staged from where that is known, else as it was staged."""
    from rajee_deploy.image.originals import original_images  # for verbs about images alone
    from rajee_deploy.synth.app import CdkApp
    from rajee_deploy.synth.image_assets import image_assets

    app = CdkApp(settings.cdk, settings.environment)
    assembly = app.store.latest_assembly()
    originals = original_images(settings, app.root, app.images)
    found: dict[str, ImageSettings] = {}
    own = [each for each in (image_assets(assembly) if assembly is not None else ()) if placeholder_name(each.hash)]
    names = shown_names(settings.images, [(each.stack, each.name) for each in own])
    for each in own:
        name = names[each.stack, each.name]
        staged = replace(_image(each, name, settings), stack=each.stack, parameter=ASSET_PREFIX + each.name)
        original = originals.get(each.name) or originals.get(f"{each.stack}/{each.name}")
        found[name] = replace(
            staged,
            context=original.context if original is not None else staged.context,
            dockerfile=original.dockerfile if original is not None else staged.dockerfile,
        )
    return replace(settings, images=(*settings.images, *found.values()))


def located_images(settings: Settings, assembly: Path, who: Identity) -> list[ImageSettings]:
    """The images of the assembly of a synth, each with where it goes, for who only looks at their repositories."""
    from rajee_deploy.synth.assembly import stacks_of
    from rajee_deploy.synth.image_assets import image_assets

    places = {each.place.id: each.place for each in stacks_of(assembly)}
    found = []
    for each in image_assets(assembly):
        if placeholder_name(each.hash):
            place = places[each.stack]
            image = _located(_image(each, each.name, settings), each, place, who)
            found.append(replace(image, repository=near(image.repository, place, who)))
    return found


def shown_names(images: Iterable[ImageSettings], own: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What images of the app's own go by, by stack (its id) and name: their name where no other image has it (`images`
    are those of the settings), else with their stack's."""
    taken = {each.name for each in images if not each.is_asset}
    count = Counter([*taken, *(name for _, name in dict.fromkeys(own))])
    found: dict[tuple[str, str], str] = {}
    for stack, name in dict.fromkeys(own):
        wanted = name if count[name] == 1 else f"{_slug(stack)}.{name}"
        number, shown = 1, wanted
        while shown in taken:
            number, shown = number + 1, f"{wanted}.{number + 1}"
        taken.add(shown)
        found[stack, name] = shown
    return found


def asset_repositories(settings: Settings, places: Iterable[StackPlace], who: Identity) -> list[Repository]:
    """Where the images go that the app declares: as its last synth here has it, else as most apps have it."""
    from rajee_deploy.synth.app import CdkApp
    from rajee_deploy.synth.image_assets import image_assets

    if not settings.cdk.adopts_images:
        return []
    chosen = {place.id: place for place in places}
    assembly = CdkApp(settings.cdk, settings.environment).store.latest_assembly()
    assets = [each for each in image_assets(assembly) if each.stack in chosen] if assembly is not None else []
    told = [
        (_filled(each.destinations[0].repository, each, chosen[each.stack], who), chosen[each.stack])
        for each in assets
        if placeholder_name(each.hash)
    ]
    usual = [
        (f"cdk-hnb659fds-container-assets-{place.account or who.account}-{place.region or who.region}", place)
        for place in chosen.values()
    ]
    return list(dict.fromkeys(near(Repository(name), place, who) for name, place in told or usual))


def _tell(run: CurrentRun, assets: Sequence[ImageAsset]) -> None:
    """What is to be known of images that the app declares: who builds them, with what, and for which platform."""
    program = os.environ.get("CDK_DOCKER", "docker")
    if program != "docker" and any(placeholder_name(each.hash) for each in assets):
        text = f"CDK_DOCKER ({program}) is for the CDK CLI; here the engine of the settings builds (engine = …)"
        _tell_once(run, "cdk", text)
    for each in assets:
        subject = f"{each.stack} {each.name}"
        if not placeholder_name(each.hash):
            text = f"the CDK CLI builds it: {each.obstacle or 'its template cannot be written with another tag'}"
        elif not each.platform:
            text = (
                f"the app names no platform: {DEFAULT_PLATFORM} is taken (platform=Platform.LINUX_AMD64 of the asset"
                " says it)"
            )
        else:
            continue
        _tell_once(run, subject, text)


def _tell_once(run: CurrentRun, subject: str, text: str) -> None:
    """A plan may be made several times of one run."""
    if all((told.subject, told.message) != (subject, text) for told in run.console.warned):
        run.console.warn(subject, text, "image-asset")


def _image(asset: ImageAsset, name: str, settings: Settings) -> ImageSettings:
    """The image of an asset, wherever it goes."""
    from rajee_deploy.settings.build_settings import BuildSettings

    return ImageSettings(
        name,
        asset.directory,
        asset.directory / asset.dockerfile,
        Repository(""),
        parse_platforms([asset.platform or DEFAULT_PLATFORM]),
        asset.target,
        asset.build_args,
        asset.build_contexts,
        lock=settings.root / LOCK_NAME,
        build=BuildSettings(
            asset.secrets,
            (asset.ssh,) if asset.ssh else (),
            asset.cache_from,
            asset.cache_to,
            builder=settings.engine.builder,
        ),
        syntax_mirrors=settings.syntax_mirrors,
    )


def _located(image: ImageSettings, asset: ImageAsset, place: StackPlace, who: Identity) -> ImageSettings:
    """The image with where it goes: the repository of its asset, and the stack whose template names it."""
    name = _filled(asset.destinations[0].repository, asset, place, who)
    parameter = ASSET_PREFIX + placeholder_name(asset.hash)
    return replace(image, repository=Repository.parse(name), stack=place.id, parameter=parameter)


def _filled(text: str, asset: ImageAsset, place: StackPlace, who: Identity) -> str:
    """A text of the CDK's with the values that its own CLI fills in."""
    region = asset.destinations[0].region or place.region or who.region
    told = {"AccountId": place.account or who.account, "Region": region}
    if "${AWS::Partition}" in text:
        from rajee_deploy.aws.permissions import partition_of

        told["Partition"] = partition_of(region)
    for name, value in told.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _role(asset: ImageAsset, place: StackPlace, who: Identity) -> PublishingRole:
    from rajee_deploy.registry.ecr import PublishingRole

    [destination] = asset.destinations
    return PublishingRole(_filled(destination.role, asset, place, who), destination.external_id)


def deployed_images(run: CurrentRun, states: Mapping[str, StackState], who: Identity) -> list[ImageSettings]:
    """The images of the app's own as stacks record them, without a synth: where they are and what they are called, and
    nothing of what they are built from."""
    own = [(stack, each) for stack, state in states.items() if isinstance(state, StackPresent) for each in state.images]
    places = {stack: run.settings.place_of(stack) for stack, _ in own}
    names = shown_names(run.settings.images, [(places[stack].id, each.name) for stack, each in own])
    return [
        _deployed_image(run, names[places[stack].id, each.name], stack, each, near(each.repository, places[stack], who))
        for stack, each in own
    ]


def _deployed_image(
    run: CurrentRun, name: str, stack: str, recorded: RecordedImage, repository: Repository
) -> ImageSettings:
    root = run.settings.root
    platforms = parse_platforms([DEFAULT_PLATFORM])
    return ImageSettings(name, root, root, repository, platforms, stack=stack, parameter=recorded.parameter)


def _slug(stack: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", ".", stack).strip(".-_")


def assets_of_stack(planned: Planned, stack: str) -> list[WantedImage]:
    """The images of a stack that are assets."""
    return [image for image in planned.wanted.images if image.stack == stack and image.is_asset]


def recorded_images(images: Iterable[WantedImage], state: StackState) -> tuple[RecordedImage, ...]:
    """What a stack is to record of its assets, with the tags that they had before. One that was never created ran
    none."""
    now = [RecordedImage(each.parameter.removeprefix(ASSET_PREFIX), each.repository, each.tag) for each in images]
    if not isinstance(state, StackPresent) or stack_status.is_made_anew(state.status):
        return tuple(now)
    return succeed(now, state.images)


def put_in_tags(planned: Planned, assembly: Path) -> None:
    """Have the templates of what is about to be deployed name the images' tags. DeployError `template-too-large`."""
    if not planned.run.settings.cdk.adopts_images:
        return
    from rajee_deploy.synth.tagged_assembly import render

    stacks = [step.stack for step in planned.plan.steps if isinstance(step, DeployStack) and step.via is Via.CDK]
    tags = {
        planned.run.settings.place_of(stack).id: {
            each.parameter.removeprefix(ASSET_PREFIX): each.tag for each in assets_of_stack(planned, stack)
        }
        for stack in stacks
    }
    render(assembly, tags)
