"""A plan with its sources, as it goes from who decides to who carries it out. Values, and the one way to what a
build of another revision is made of.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeVar

from rajee_deploy.dataclass import dataclass
from rajee_deploy.plan.infrastructure import Agreement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.synthesise import Synthesis
    from rajee_deploy.aws import Identity
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import Notice
    from rajee_deploy.plan.resource_changes import StackChanges
    from rajee_deploy.plan.state import Observed, Wanted
    from rajee_deploy.plan.steps import Plan


@dataclass(frozen=True, slots=True)
class Materials:
    """What an image of another revision than the one that is checked out is built of, and that revision's labels."""

    inputs: ImageInputs
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with its sources. `run` is the run that it is of, whose settings go by the stacks that their names
    were found to mean: whatever comes of the plan goes by it. `revision` is the checkout's, "" where nobody asked git
    yet.

    `past` are the images that are built of another revision, with the way to it (see `open_inputs`); `labels` are
    theirs.
    `is_of_checkout`: what is deployed is of what is checked out, which must stay so until it is.
    """

    plan: Plan
    wanted: Wanted
    inputs: dict[str, ImageInputs]
    identity: Identity
    observed: Observed
    run: CurrentRun = field(compare=False)
    synthesis: Synthesis | None = None
    revision: str = ""
    reasons: tuple[str, ...] = ()  # why a synth had to decide
    past: Mapping[str, Callable[[], AbstractContextManager[Materials]]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_of_checkout: bool = True
    # By stack, what becomes of its resources, as far as that is known without a change set.
    resources: Mapping[str, StackChanges] = field(default_factory=dict, compare=False)
    agreement: Agreement = field(default_factory=Agreement)  # of the hashes with a synth that was made to decide

    @property
    def image_notices(self) -> dict[str, list[Notice]]:
        """What is to be known of the images themselves. A base's configuration is read before the image is built;
        until then nothing depends on it."""
        return {
            name: [notice for notice in image.notices if notice.code != "base-config-unknown"]
            for name, image in self.inputs.items()
        }


P = TypeVar("P", bound=Planned)


@contextmanager
def open_inputs(planned: P) -> Iterator[P]:
    """The plan with the inputs of all that it builds; those of other revisions are there until the context is left.
    DeployErrors of whoever makes them."""
    with ExitStack() as checkouts:
        made = {name: checkouts.enter_context(find()) for name, find in planned.past.items()}
        if not made:
            yield planned
            return
        images = tuple(
            replace(image, fingerprint=made[image.name].inputs.fingerprint) if image.name in made else image
            for image in planned.wanted.images
        )
        yield replace(
            planned,
            wanted=replace(planned.wanted, images=images),
            inputs={**planned.inputs, **{name: each.inputs for name, each in made.items()}},
            labels={name: each.labels for name, each in made.items()},
        )
