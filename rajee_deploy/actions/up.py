"""The story of `up`: a recorded run, whose wish is that what is checked out is deployed.

How a wish is carried out is the pipeline's (see `converge`), and whether anything is needed is decided in `plan`:
neither must ever be decided here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rajee_deploy.actions.converge import Wish, converge
from rajee_deploy.actions.history import keep, record_of
from rajee_deploy.actions.plan import plan_by, plan_run
from rajee_deploy.actions.planned_synth import synthesise_planned
from rajee_deploy.actions.render import show_plan
from rajee_deploy.actions.synthesise import find_kept, local_infrastructure
from rajee_deploy.actions.tell_run import tell_run
from rajee_deploy.model.stack_status import stack_busy
from rajee_deploy.plan.steps import DeployStack, Via, WaitForStack
from rajee_deploy.report.history import outcome_of

if TYPE_CHECKING:
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.steps import Plan, StackChange
    from rajee_deploy.report.history import PastRun


def recorded_run(run: CurrentRun, wait_seconds: float) -> tuple[Planned, PastRun]:
    """Do `up`, show its timings and append it to the history, whichever way it ends."""
    planned: Planned | None = None
    at = datetime.now(UTC) - timedelta(seconds=run.timings.total)  # of the process

    def note(made: Planned) -> None:
        nonlocal planned
        planned = made

    try:
        planned = converge(run, deployment(run), wait_seconds, note)
    except BaseException as error:  # whatever it is: the run was one
        keep(run, record_of(run, planned, at, *outcome_of(error)))
        raise
    finally:
        run.close()
    record = record_of(run, planned, at, "done" if run.wait_for_end else "accepted")
    tell_run(run, planned, record)
    keep(run, record)
    return planned, record


def deployment(run: CurrentRun) -> Wish[Planned]:
    """That what is checked out is deployed: the wish of `up`."""
    return Wish(
        plan=lambda _before: plan_run(run, runs_app=True),
        show=lambda planned: show_plan(run, planned),
        complete=_with_assembly,
    )


def _with_assembly(planned: Planned) -> Planned:
    """With what the CDK CLI is to deploy: the synth that the plan stood on, else the kept one of these very inputs,
    else a new one.

    Neither was compared with what is deployed, and no hash sees all that an app looks at (the clock). Where it changes
    more than the plan says, the plan is made anew, so that nothing is deployed that nobody agreed to.
    """
    if planned.synthesis is not None or not _by_cdk(planned.plan):
        return planned
    run = planned.run
    wanted, who = planned.wanted, planned.identity
    late = find_kept(run.ports.synthesiser, wanted, run.lists, who, run.scratch() / "cdk.out")
    late = late or synthesise_planned(run, local_infrastructure(wanted), who)
    again = plan_by(planned, late)
    had = _by_cdk(planned.plan)
    if again.observed is not planned.observed:
        _check_free(again)
        run.console.tell("the app says that the settings name other stacks; the plan is now:", "bold")
        show_plan(run, again)
        return again
    if all(changes <= had.get(stack, frozenset()) for stack, changes in _by_cdk(again.plan).items()):
        return replace(planned, synthesis=late, resources=again.resources)
    run.console.tell("the app makes other templates than the hash promised; the plan is now:", "bold")
    show_plan(run, again)
    return again


def _check_free(planned: Planned) -> None:
    for step in planned.plan.steps:
        if isinstance(step, WaitForStack):
            raise stack_busy(step.stack, hint="run again: rajee-deploy waits until it has ended")


def _by_cdk(plan: Plan) -> dict[str, frozenset[StackChange]]:
    """The stacks that the CDK CLI deploys, and for which changes."""
    steps = [step for step in plan.steps if isinstance(step, DeployStack) and step.via is Via.CDK]
    return {step.stack: frozenset(step.changes) for step in steps}
