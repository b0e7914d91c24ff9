"""A plan on the screen: every step with its reason, what needs nothing with its proof. It decides nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.actions.heading import complete_heading
from rajee_deploy.dataclass import dataclass
from rajee_deploy.plan.steps import (
    BuildAndPush,
    ConfirmRollout,
    DeployStack,
    MoveTag,
    RepairService,
    Tier,
    Via,
    WaitForStack,
)
from rajee_deploy.settings import LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.steps import Step

_SHOWN = 5  # names in a line
_REASONS = 3  # of a step
_TIERS = {
    Tier.HASH: "infrastructure judged by its hash: no synth was needed",
    Tier.SYNTH: "infrastructure judged by a synth: what the app makes now against what is deployed",
    Tier.DEPLOY: "infrastructure left to CloudFormation, which compares when it deploys",
}


def show_plan(run: CurrentRun, planned: Planned) -> None:
    """Say what the plan is, with every reason."""
    console = run.console
    complete_heading(run, planned.identity)
    _show_age(run)
    for name, notices in planned.image_notices.items():
        console.notices(name, notices)
    for name, notice in planned.plan.notices:
        console.notices(name, [notice])
    for caution in planned.plan.cautions:
        console.warn(caution.subject, caution.text, caution.code)
    for skip in planned.plan.skipped:
        console.item("=", skip.subject, skip.reason, "green")
    for step in planned.plan.steps:
        line = line_of(step, lambda reasons: console.first(reasons, _REASONS))
        console.item(line.mark, line.subject, line.text, line.style)
    _show_tier(run, planned)
    if planned.plan.is_empty:
        console.say("Nothing to do: nothing is built, pushed or deployed.", "bold green")


def show_plan_time(run: CurrentRun, planned: Planned) -> None:
    """How long the plan took, as the last line of a preview."""
    from rajee_deploy.report.timings import duration

    run.console.say(f"planned in {duration(run.timings.total)} ({planned.plan.kind})", "dim")


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step in words: its mark, what it is about, and why."""

    mark: str
    subject: str
    text: str
    style: str = "cyan"


def line_of(step: Step, reasons: Callable[[Sequence[str]], Sequence[str]] = tuple) -> StepLine:
    """What is said of a step, wherever it is said; `reasons` takes those that are to be shown."""
    match step:
        case BuildAndPush():
            return StepLine("+", f"build {step.image}", f"{step.tag}: {step.reason}")
        case MoveTag():
            return StepLine("+", f"tag {step.image}", f"{step.tag} → {step.target}: {step.reason}")
        case DeployStack():
            adopted = "; the repository exists already and is adopted" if step.imports_existing else ""
            alone = "; CloudFormation updates it alone" if step.via is Via.CLOUDFORMATION else ""
            why = "; ".join(reasons(step.reasons)) or step.reason
            return StepLine("+", f"deploy {step.stack}", why + adopted + alone)
        case WaitForStack():
            return StepLine("~", f"wait for {step.stack}", step.reason, "yellow")
        case RepairService():
            return StepLine("+", f"repair {step.service}", step.reason)
        case ConfirmRollout():
            return StepLine("+", f"confirm {step.stack}", step.reason)
        case _:
            assert_never(step)


def _show_tier(run: CurrentRun, planned: Planned) -> None:
    """The evidence for the decision on the infrastructure."""
    for what, names in (
        ("not installed here, taken as recorded", planned.wanted.taken),
        ("left out by cdk.ignore, though synth reads it", planned.wanted.ignored),
    ):
        if names:
            run.console.say(f"{what}: {', '.join(run.console.first(names, _SHOWN, 'name'))}", "dim")
    if planned.plan.tier is not None and planned.wanted.infrastructure is not None:
        run.console.say(_TIERS[planned.plan.tier], "dim")


def _show_age(run: CurrentRun) -> None:
    lock = run.settings.root / LOCK_NAME
    if os.path.lexists(lock):  # without one, what knows of locks is not even imported
        from rajee_deploy.actions.bases import show_age

        show_age(run.console, lock)
