"""A plan as rows: each step with its reason and what moves, each thing that needs nothing with how it stands.

The screen and the page of a CI job take their words from here, so that they say the same. Nothing is decided here, and
nobody is asked.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import PRIVATE
from rajee_deploy.plan.state import ImagePresent, RepositoryAbsent, StackPresent
from rajee_deploy.plan.step_words import words_of
from rajee_deploy.plan.steps import (
    BuildAndPush,
    ConfirmRollout,
    DeployStack,
    MoveTag,
    RepairService,
    StackChange,
    Via,
    WaitForStack,
)
from rajee_deploy.rollout.standing import Standing, standing
from rajee_deploy.text.moments import day_and_time
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.plan.steps import Skip, Step

_REASONS = 3  # of a step, in a line each


@dataclass(frozen=True, slots=True)
class Behind:
    """What is known besides the plan, as details by the image that is built and by the stack that is deployed; and
    whether all of it is asked for: every reason, whole digests, the proof of what is left."""

    images: Mapping[str, tuple[Detail, ...]] = field(default_factory=dict)
    stacks: Mapping[str, tuple[Detail, ...]] = field(default_factory=dict)
    is_whole: bool = False

    def short(self, text: str) -> str:
        """The text with its digests as they are asked for."""
        return text if self.is_whole else short(text)

    def first(self, details: Sequence[Detail], most: int = _REASONS) -> list[Detail]:
        """The first of many details, and how many more there are."""
        if self.is_whole or len(details) <= most:
            return list(details)
        return [*details[:most], Detail(name=f"and {len(details) - most} more: --explain shows them")]


def rows_of(planned: Planned, behind: Behind) -> list[Row]:
    """The steps in the order in which they happen, then what needs nothing."""
    plan = planned.plan
    steps = [step_row(step, planned, behind) for step in plan.steps]
    return [*steps, *(_skip_row(skip, planned, behind, verb="keep" if plan.steps else "") for skip in plan.skipped)]


def step_row(step: Step, planned: Planned, behind: Behind) -> Row:
    """A step: what is done with what, why, and what moves by it."""
    words = words_of(step)
    match step:
        case BuildAndPush():
            return Row(*words, behind.short(step.tag), details=_of_build(step, planned, behind))
        case MoveTag():
            return Row(*words, behind.short(f"{step.tag} → {step.target}: {step.reason}"))
        case DeployStack():
            text, details = _of_deployment(step, planned, behind)
            return Row(*words, text, details=details)
        case WaitForStack() | ConfirmRollout() | RepairService():
            return Row(*words, behind.short(step.reason))
        case _:
            assert_never(step)


# -- steps ---------------------------------------------------------------------------------------------------------


def _of_build(step: BuildAndPush, planned: Planned, behind: Behind) -> tuple[Detail, ...]:
    """Why an image is built: what made its tag new, where that is known, else what the planner says beyond that the
    tag is not there, which is plain."""
    state = planned.observed.images.get(step.image)
    is_plain = step.image in planned.inputs and not isinstance(state, RepositoryAbsent)
    reason = () if is_plain and not behind.is_whole else (Detail(name=behind.short(step.reason)),)
    return (*behind.images.get(step.image, ()), *reason)


def _of_deployment(step: DeployStack, planned: Planned, behind: Behind) -> tuple[str, tuple[Detail, ...]]:
    """The reason for a deployment in a line, and what moves by it."""
    images = _moved_images(step, planned, behind)
    values = [Detail("~", name, text.removeprefix(f"{name}: ")) for name, text in step.parameter_changes]
    told = {StackChange.TAG} if images else set()
    told |= {StackChange.PARAMETER} if values else set()
    reasons = [behind.short(text) for change, text in step.why if change not in told]
    text = reasons.pop(0) if reasons else _of_values(step, images, values) or step.reason
    if step.imports_existing:
        reasons.append("the repository exists already and is adopted")
    resources = behind.stacks.get(step.stack, ())
    others = behind.first([Detail(name=reason) for reason in reasons])
    said = " ".join(f"{one.name} {one.text}" for one in resources)
    images = [one for one in images if one.text not in said]  # nothing is said twice
    return behind.short(text), (*images, *values, *resources, *others)


def _of_values(step: DeployStack, images: Sequence[Detail], values: Sequence[Detail]) -> str:
    """What a deployment is that leaves the template as it is, and by whom it is carried out."""
    named = (("image", len(images)), ("parameter", len(values)))
    what = " and ".join(f"the {name}{'s' if count > 1 else ''}" for name, count in named if count)
    by_parameter = all(not key.startswith(PRIVATE) for key, _ in step.parameters)
    way = "by parameter, no synth" if by_parameter else "CloudFormation alone, no synth"
    return f"{what} only{f': {way}' if step.via is Via.CLOUDFORMATION else ''}" if what else ""


def _moved_images(step: DeployStack, planned: Planned, behind: Behind) -> list[Detail]:
    """The images of a stack that is there, from what it records to what it is to run."""
    state = planned.observed.stacks.get(step.stack)
    if step.is_new or not isinstance(state, StackPresent):
        return []
    given = dict(step.parameters)
    found = []
    for image in planned.wanted.images:
        after, before = given.get(image.parameter), state.parameters.get(image.parameter)
        if image.stack == step.stack and after is not None and after != before:
            former = before if before not in (None, "", "-") else "none recorded"
            found.append(Detail("~", image.name, behind.short(f"{former} → {after}")))
    return found


# -- what needs nothing --------------------------------------------------------------------------------------------


def _skip_row(skip: Skip, planned: Planned, behind: Behind, *, verb: str) -> Row:
    text = _of_image(skip, planned) if skip.is_image else _of_stack(skip, planned)
    details = [Detail(name=f"but for {skip.but.removeprefix('for ')}")] if skip.but and not behind.is_whole else []
    details += [Detail(name=skip.reason)] if behind.is_whole and text else []
    return Row("=", verb, skip.name, behind.short(text or skip.reason), details=tuple(details))


def _of_image(skip: Skip, planned: Planned) -> str:
    """Where an image is that needs no build: in tasks, as far as that is plain, or in its repository."""
    image = next((one for one in planned.wanted.images if one.name == skip.name), None)
    if image is None or not isinstance(planned.observed.images.get(image.name), ImagePresent):
        return ""
    is_deployed = any(other.name == image.stack and not other.is_image for other in planned.plan.skipped)
    where = _running(image, planned) if is_deployed else ""
    # Those that the app declares are all in the bootstrap's, whose name is as long as a line.
    place = "its repository" if image.is_asset else str(image.repository)
    return f"{image.tag} {where or f'is in {place}'}"


def _running(image: WantedImage, planned: Planned) -> str:
    """On how many tasks a stack runs its one image, by its one service; "" where that is not as plain."""
    alike = [one for one in planned.wanted.images if one.stack == image.stack]
    services = planned.observed.services.get(image.stack, ())
    if len(alike) != 1 or len(services) != 1:
        return f"is in {image.stack}" if services else ""
    (one,) = services
    primary = one.service.primary
    if primary is None or standing(one.own, one.service) is not Standing.RUNS:
        return ""
    if one.own.is_function:
        return f"runs as {one.service.name}"
    return f"runs on {primary.running} of {primary.desired} task{'s' if primary.desired != 1 else ''}"


def _of_stack(skip: Skip, planned: Planned) -> str:
    state = planned.observed.stacks.get(skip.name)
    since = _since(state.since) if isinstance(state, StackPresent) else ""
    return f"as deployed on {since}" if since else ""


def _since(moment: str) -> str:
    """When that was, on this machine's clock; "" where it is not told."""
    try:
        return day_and_time(datetime.fromisoformat(moment), datetime.now().astimezone())
    except ValueError:
        return ""
