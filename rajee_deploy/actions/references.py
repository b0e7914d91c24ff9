"""The one line that `up` and `rollback` print for scripts: what is deployed now, as docker pulls it.

`ref=$(rajee-deploy up)` has `host/repository:tag@sha256:…`, a line for each image. It asks AWS nothing: what was built
here was confirmed by the registry, what was there was looked at before the plan. It must never end a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.plan.state import ImagePresent

if TYPE_CHECKING:
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.plan.state import WantedImage


def references(planned: Planned) -> list[str]:
    """Of each image of the run whose digest is known."""
    found = (_reference(planned, image) for image in planned.wanted.images)
    return [reference for reference in found if reference]


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
        planned.run.console.data("\n".join(lines))
