"""Which images a rollback is of, and which stacks they belong to. The template stays, so a synth is made for a name's
sake alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy.actions import locate
from rajee_deploy.actions.adopted import deployed_images
from rajee_deploy.actions.planned_synth import synthesise_planned
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import InfraCheck
from rajee_deploy.plan.stack_names import is_plain
from rajee_deploy.plan.state import RepositoryAbsent, StackPresent, Tagged
from rajee_deploy.settings.problems import unknown_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.actions.rollback import Asked
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.settings import ImageSettings


def find_images(run: CurrentRun, who: Identity, asked: Asked) -> Asked:
    """What was asked for, with the stacks that the images' names mean, and with the images of the app's own that its
    stacks record. ConfigurationError `unknown-image`, DeployErrors of `find_stacks`."""
    is_of_app = run.settings.cdk.adopts_images and (bool(asked.app_images) or not asked.is_chosen)
    asked = replace(asked, images=find_stacks(run, who, asked.images, run.settings.cdk.stacks if is_of_app else ()))
    if not is_of_app:
        return asked
    states = {stack: run.ports.reader.describe(stack) for stack in run.settings.cdk.stacks}
    own = {each.name: each for each in deployed_images(run, states, who)}
    known = [*asked.deployed, *own]
    for name in asked.app_images:
        if name not in own:
            raise unknown_image(name, known, run.settings.path)
    chosen = [own[name] for name in asked.app_images] if asked.is_chosen else own.values()
    return replace(asked, images=[*asked.images, *chosen], deployed=known)


def find_stacks(
    run: CurrentRun, who: Identity, images: Sequence[ImageSettings], more: Sequence[str] = ()
) -> list[ImageSettings]:
    """The images with the stacks that their names mean; `more` are names of other stacks that matter. A synth is made
    where only that can tell, unless nothing of the project is to be run: then DeployError `names-unknown`.

    An app that cannot be hashed is no obstacle where CloudFormation knows the names: a rollback is for bad days.
    """
    locate.forget(run)
    names = list(dict.fromkeys([*(image.stack for image in images), *more]))
    try:
        infrastructure = locate.infrastructure_of(run)
    except DeployError:
        if all(map(is_plain, names)):
            return list(images)
        raise
    states = partial(_describe, run, [name for name in names if is_plain(name)])
    synth = partial(synthesise_planned, run, infrastructure, who)
    may_synthesise = run.settings.infra_check is not InfraCheck.HASH
    made = locate.locate(run, infrastructure, who, synth if may_synthesise else None, states, names)
    doubts = [] if made is not None or run.settings.places else [*_doubts(run, images, states())]
    if doubts and not may_synthesise:
        for doubt in doubts:
            run.console.warn("cdk", f"{doubt}; only a synth can tell, and infra-check=hash runs nothing of the project")
    elif doubts:
        try:
            locate.bind_names(run, synth(doubts).stacks, who, is_deploying=False)
        except DeployError as error:
            if error.code != "node-missing":
                raise
            for doubt in doubts:  # the one who is asked to go back at night may have no node
                run.console.warn("cdk", f"{doubt}; only a synth can tell, and node is not installed")
    located = {image.name: image for image in run.settings.images}
    return [located[image.name] for image in images]


def _doubts(run: CurrentRun, images: Sequence[ImageSettings], states: Mapping[str, StackState]) -> Iterator[str]:
    """Why a stack may be somebody else's that has the name which is an id of ours: it is made of another id, or what it
    runs is not ours."""
    strangers = {stack: made_of for stack, state in states.items() if (made_of := _stranger(stack, state))}
    for stack, made_of in strangers.items():
        yield f"{stack}: the stack of this name is {made_of} in its app, so it may be somebody else's"
    for image in images:
        state = states.get(image.stack)
        if image.stack in strangers or not isinstance(state, StackPresent):
            continue
        runs = state.parameters.get(image.parameter, "")
        found = run.ports.registry.find(image.repository, [runs]) if runs else {}
        if runs and (isinstance(found, RepositoryAbsent) or not isinstance(found.get(runs), Tagged)):
            yield f"{image.stack}: {image.repository} does not have what it runs, so it may be somebody else's stack"


def _stranger(stack: str, state: StackState) -> str:
    """The id that a stack has in its app, where that is another one; "" where it is ours, or nothing tells."""
    made_of = state.services.id if isinstance(state, StackPresent) and state.services is not None else ""
    is_ours = not made_of or stack == made_of or stack.startswith(f"{made_of}-")  # a stage's is so called
    return "" if is_ours else made_of


def _describe(run: CurrentRun, names: Sequence[str]) -> dict[str, StackState]:
    return {name: run.ports.reader.observe(name) for name in names}
