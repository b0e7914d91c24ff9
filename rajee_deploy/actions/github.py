"""What `plan` and `up` hand to GitHub Actions beside what they say: the job's summary, and outputs for later steps.

Imported in such a step alone (`streams.in_github`). Whatever becomes of it: the run ends as it would have.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rajee_deploy.actions.observe import image_state
from rajee_deploy.actions.summary import plan_summary, run_summary
from rajee_deploy.console import printable
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import ImagePresent
from rajee_deploy.system.github import write_outputs, write_summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.report.history import PastRun


def tell_plan(planned: Planned, seconds: float) -> None:
    """Of a plan. The digest of an image that is yet to be built is not known."""
    digests = {image.name: _known(planned, image) for image in planned.wanted.images}
    _write(planned, digests, plan_summary(planned, digests, planned.run.console.warned, seconds))


def tell_run(planned: Planned, run: PastRun) -> None:
    """Of a run of `up` that ended well; what it built is in the registry by now."""
    digests = {image.name: _known(planned, image) or _found(planned, image) for image in planned.wanted.images}
    _write(planned, digests, run_summary(planned, run, digests, planned.run.console.warned))


def outputs_of(planned: Planned, digests: Mapping[str, str]) -> dict[str, str]:
    """`changed`, `images` as JSON, and of a single image `tag` and `digest`."""
    images = {
        image.name: {"repository": str(image.repository), "tag": image.tag, "digest": digests.get(image.name, "")}
        for image in planned.wanted.images
    }
    outputs = {"changed": str(not planned.plan.is_empty).lower(), "images": json.dumps(images)}
    if len(images) == 1:
        (only,) = images.values()
        outputs |= {"tag": only["tag"], "digest": only["digest"]}
    return {name: printable(value) for name, value in outputs.items()}


def _write(planned: Planned, digests: Mapping[str, str], summary: str) -> None:
    problems = [write_summary(summary), write_outputs(outputs_of(planned, digests))]
    if any(problems):
        planned.run.console.warn("GitHub", "; ".join(filter(None, problems)), "github-not-told")


def _known(planned: Planned, image: WantedImage) -> str:
    state = planned.observed.images.get(image.name)
    return str(state.digest) if isinstance(state, ImagePresent) else ""


def _found(planned: Planned, image: WantedImage) -> str:
    try:
        state = image_state(planned.run.ports.registry, image)
    except DeployError:
        return ""  # it was confirmed when it was pushed
    return str(state.digest) if isinstance(state, ImagePresent) else ""
