"""What is known besides a plan, asked once for who shows it: what made tags new, and how long such a run usually takes.

Nothing is decided by it, and nothing fails for it.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.plan.steps import BuildAndPush

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.actions.new_tags import NewTag
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun

_RECENT = 1 << 18  # bytes of the history: some hundred runs


@dataclass(frozen=True, slots=True)
class Insight:
    """What made tags new, by image, and the usual seconds of such a run (None where nobody knows)."""

    new_tags: Mapping[str, NewTag] = field(default_factory=dict)
    usual: float | None = None


def look_behind(run: CurrentRun, planned: Planned) -> Insight:
    """What there is to know besides the plan; nothing where nothing is to be done."""
    if planned.plan.is_empty:
        return Insight()
    new: Mapping[str, NewTag] = {}
    if any(isinstance(step, BuildAndPush) for step in planned.plan.steps):
        from rajee_deploy.actions.new_tags import find_new_tags

        new = find_new_tags(planned)
        _note(run, planned, new)
    return Insight(new, _usual_seconds(run, planned))


def _note(run: CurrentRun, planned: Planned, new: Mapping[str, NewTag]) -> None:
    """For the record of the run."""
    from rajee_deploy.actions.new_tag_lines import in_a_line

    for image, tag in new.items():
        run.new_because[image] = in_a_line(tag, planned.inputs[image], run.settings.root)


def _usual_seconds(run: CurrentRun, planned: Planned) -> float | None:
    from rajee_deploy.errors import DeployError
    from rajee_deploy.report.history import History
    from rajee_deploy.report.usual import usual_seconds

    try:
        runs, _ = History(most=_RECENT).runs()
    except DeployError:
        return None
    return usual_seconds(runs, run.settings.root, run.settings.environment, planned.plan.kind)
