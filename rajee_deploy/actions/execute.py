"""The one executor: a plan's steps, done in their order, whichever verb wants them. It must never decide anything
but whether what was planned is still so (see `recheck`).
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.actions.planned import open_inputs
from rajee_deploy.actions.recheck import check_stack, check_unchanged
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.planner import proven
from rajee_deploy.plan.steps import BuildAndPush, ConfirmRollout, DeployStack, MoveTag, RepairService, Via, WaitForStack
from rajee_deploy.system.signals import check_interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rajee_deploy.actions.deploy import Job
    from rajee_deploy.actions.jobs import Uncarried
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.plan.steps import Step


def execute(planned: Planned) -> None:
    """Do the plan's steps in their order; what was found out of the checkout's infrastructure is kept for others."""
    uncarried: Uncarried = {}
    if planned.plan.steps:
        with open_inputs(planned) as whole:
            uncarried = _execute(whole)
    if planned.is_of_checkout:
        _share(planned, uncarried)


def _execute(planned: Planned) -> Uncarried:
    run = planned.run
    # Whoever has nothing to do does not import what does it.
    from rajee_deploy.actions.approve import approve
    from rajee_deploy.actions.at_step import tell_others
    from rajee_deploy.actions.jobs import make_jobs

    # What can fail without having changed anything comes first.
    jobs, uncarried = make_jobs(planned)
    approve(run, list(jobs.values()), planned.resources)
    left = [list(steps) for steps in _together(planned.plan.steps)]
    done: list[Step] = []
    try:
        while left:
            steps = left.pop(0)
            check_interrupted()
            done += steps
            if isinstance(steps[0], BuildAndPush):
                _build(run, [step for step in steps if isinstance(step, BuildAndPush)], planned)
            else:
                _do(run, steps[0], planned, jobs)
        _confirm_all(run, planned)
    except DeployError as error:
        tell_others(error, done, [step for steps in left for step in steps])
        raise
    return uncarried


def _together(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """What is done at a time: builds that stand together, else one step."""
    for is_build, group in groupby(steps, lambda step: isinstance(step, BuildAndPush)):
        if is_build:
            yield list(group)
        else:
            yield from ([step] for step in group)


def _share(planned: Planned, uncarried: Uncarried) -> None:
    """Keep for other machines what was found out here of the infrastructure."""
    if not uncarried and not proven(planned.wanted, planned.observed):
        return
    from rajee_deploy.actions.share import keep

    # What CloudFormation deploys alone keeps its template, so what was proved of it stays true.
    deployed = {step.stack for step in planned.plan.steps if isinstance(step, DeployStack) and step.via is Via.CDK}
    keep(planned.run, planned.wanted, planned.observed, planned.identity, deployed, uncarried)


def _do(run: CurrentRun, step: Step, planned: Planned, jobs: Mapping[str, Job]) -> None:
    from rajee_deploy.actions.at_step import at_step
    from rajee_deploy.actions.confirm import repair
    from rajee_deploy.actions.deploy import deploy, move_and_tell

    match step:
        case BuildAndPush():
            raise AssertionError("builds are done together")
        case MoveTag():
            with at_step(run, step) as shown, run.timings.phase(f"tag {step.image} {step.tag}"):
                shown.text = move_and_tell(run, step)
        case DeployStack():
            check_unchanged(run, planned, step.stack)
            with at_step(run, step) as shown:
                deploy(run, jobs[step.stack], shown, is_last=step.stack == [*jobs][-1])
        case RepairService():
            check_stack(run, planned, step.stack)
            with at_step(run, step) as shown:
                shown.text = repair(run, step)
        case ConfirmRollout():
            pass  # at the end: what another stack deploys may be what a rollout waits for
        case WaitForStack():
            raise AssertionError("plan_when_idle() leaves no waits")
        case _:
            assert_never(step)


def _confirm_all(run: CurrentRun, planned: Planned) -> None:
    """Look at all rollouts, then fail for the first that is not confirmed."""
    from rajee_deploy.actions.at_step import at_step
    from rajee_deploy.actions.confirm import confirm
    from rajee_deploy.actions.jobs import images_of, services_before

    unconfirmed: list[DeployError] = []
    for step in planned.plan.steps:
        if not isinstance(step, ConfirmRollout):
            continue
        images, before = images_of(planned, step.stack), services_before(planned, step.stack)
        try:
            with at_step(run, step) as shown:
                confirm(run, step, shown, images, before)
        except DeployError as error:
            if error.code != "rollout-not-confirmed":
                raise
            unconfirmed.append(error)
    for each in unconfirmed[1:]:
        run.console.warn("", each.problem, each.code)
    if unconfirmed:
        raise unconfirmed[0]


def _build(run: CurrentRun, builds: Sequence[BuildAndPush], planned: Planned) -> None:
    from rajee_deploy.actions.at_step import at_step
    from rajee_deploy.actions.build import Workshop, build_all
    from rajee_deploy.actions.layers import compare_layers

    wanted = {image.name: image for image in planned.wanted.images}
    shop = Workshop(
        settings=run.settings,
        engine=run.ports.engine,
        registry=run.ports.registry,
        console=run.console,
        phase=run.phase,
        step=partial(at_step, run),
        timed=run.timings.phase,
        wanted=wanted,
        build_records=run.ports.build_records,
        labels=planned.labels,
        references=run.references,
    )
    with run.group(f"build {', '.join(step.image for step in builds)}"):
        build_all(shop, builds, planned.inputs)
    compare_layers(run, builds, planned)
