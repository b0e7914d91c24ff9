"""The one line that `up` and `rollback` print for scripts: what is deployed now, as docker pulls it.

`ref=$(rajee-deploy up)` has `host/repository:tag@sha256:…`, a line for each image. It asks AWS nothing: what was built
here was confirmed by the registry, what was there was looked at before the plan. It must never end a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.plan.state import ImagePresent, StackPresent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.plan.state import WantedImage


def references(planned: Planned) -> list[str]:
    """Of each image of the run whose digest is known. Where nothing has to be done, the app's own images are known by
    what their stacks record alone."""
    found = [_reference(planned, image) for image in planned.wanted.images]
    found += _recorded(planned, {image.name for image in planned.wanted.images})
    return [reference for reference in found if reference]


def _recorded(planned: Planned, others: Collection[str]) -> Iterator[str]:
    states = planned.observed.stacks.values()
    images = {each.name: each for state in states if isinstance(state, StackPresent) for each in state.images}
    for name, image in images.items():
        digest = planned.observed.find_digest(image.repository, image.tag)
        if name not in others and digest is not None:
            yield f"{planned.run.ports.address(image.repository, planned.identity)}:{image.tag}@{digest}"


def _reference(planned: Planned, image: WantedImage) -> str:
    built = planned.run.references.get(image.name, "")
    if f":{image.tag}@" in built:
        return built
    state = planned.observed.images.get(image.name)
    if not isinstance(state, ImagePresent):
        return ""
    return f"{planned.run.ports.address(image.repository, planned.identity)}:{image.tag}@{state.digest}"


def print_references(planned: Planned) -> None:
    """On stdout, and nothing else."""
    lines = references(planned)
    if lines:
        if planned.run.console.shows_result:  # on one screen with all the rest
            planned.run.console.result_blank()
        planned.run.console.data("\n".join(lines))
