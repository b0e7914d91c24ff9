"""The story of one run: plan (see `planning`), carry it out, and plan again when somebody else came in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, assert_never

from rajee_deploy import plan as plans
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.foreseen import check_machine, check_templates, find_kept, local
from rajee_deploy.names import NOT_RECORDED
from rajee_deploy.planning import P, Planned, make_plan, opened, own_commit, plan_by, synthesise_planned
from rajee_deploy.recheck import check_stack, check_unchanged
from rajee_deploy.scratch import sweep
from rajee_deploy.screen import show_plan
from rajee_deploy.stack.revision import DIRTY
from rajee_deploy.stack_status import stack_busy
from rajee_deploy.steps import BuildAndPush, ConfirmRollout, DeployStack, MoveTag, RepairService, Via, WaitForStack
from rajee_deploy.synthesis import keeping, record_of_deployment
from rajee_deploy.waiting import wait_for_others

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.deploying import Job
    from rajee_deploy.facts import WantedImage
    from rajee_deploy.ports import Context
    from rajee_deploy.rollout.standing import Held
    from rajee_deploy.steps import Change, Plan, Step
    from rajee_deploy.synthesis import Synthesis

# By stack: the infra hash that it records, with its list that its template cannot carry.
Uncarried = Mapping[str, tuple[str, Mapping[str, Any]]]
_ATTEMPTS = 3  # at least, for whoever is overtaken: a question may have taken longer than any wait
# What somebody else can do between a plan and its deployment, and what is done about it.
_OVERTAKEN = {
    "stack-busy": "it is waited for, and everything is planned again",
    "stack-changed": "everything is planned again",
    "image-changed": "everything is planned again",
    "image-gone": "everything is planned again",
    "checkout-changed": "everything is planned again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Generic[P]):
    """What one verb wants, and nothing of how it is carried out.

    `plan` observes and decides, from the last plan where somebody came in between; `show` says what was decided;
    `complete` adds what a preview needs not have; `conclude` is told a plan that was carried out, with the lists that
    no template carries (see `execute`). `poll_seconds`: how often a stack is looked at that is waited for.
    """

    plan: Callable[[P | None], P]
    show: Callable[[P], None]
    complete: Callable[[P], P] = lambda planned: planned
    conclude: Callable[[P, Uncarried], None] = lambda _planned, _uncarried: None
    poll_seconds: float | None = None


def deployment(run: Context) -> Wish[Planned]:
    """That what is checked out is deployed: the wish of `up`."""
    return Wish(
        plan=lambda _before: _of_revision(run, make_plan(run)),
        show=lambda planned: show_plan(run, planned),
        complete=lambda planned: _with_assembly(run, planned),
        conclude=lambda planned, uncarried: _share(run, planned, uncarried),
    )


def settle(run: Context, wish: Wish[P], deadline: float, before: P | None = None) -> P:
    """Plan; while somebody else's operation runs, wait for its end and plan again from nothing."""
    swept = sweep()  # before anything is hashed: TMPDIR may lie in a build context
    if swept:
        run.console.say(f"removed {len(swept)} temporary directories of runs that were killed", "dim")
    while True:
        planned = wish.plan(before)
        wish.show(planned)
        waits = [step for step in planned.plan.steps if isinstance(step, WaitForStack)]
        if not waits:
            return planned
        for step in waits:
            with run.phase(f"wait for {step.stack}"):
                wait_for_others(run.ports.reader, step.stack, deadline, wish.poll_seconds)
        before = planned


def _of_revision(run: Context, planned: Planned) -> Planned:
    """With the revision that what is deployed is of, "-dirty" behind it where files differ: it is asked for before
    anybody is asked, or anything built."""
    if not any(isinstance(step, DeployStack) for step in planned.plan.steps) or planned.revision.endswith(DIRTY):
        return planned
    commit, cautions = (planned.revision, ()) if planned.revision else own_commit(run)
    for caution in cautions:
        run.console.item("!", caution.subject, caution.text, "yellow")
    is_changed = commit != NOT_RECORDED and run.ports.is_changed()
    return replace(planned, revision=commit + DIRTY * is_changed)


def converge(run: Context, wish: Wish[P], wait_seconds: float, note: Callable[[P], None]) -> P:
    """Plan and do it; when somebody else begins an operation in between, wait for its end and plan again from nothing.

    `note` is told each plan before it is carried out.
    """
    deadline = time.monotonic() + wait_seconds
    planned: P | None = None
    for attempt in count(1):
        planned = settle(run, wish, deadline, planned)
        note(planned)
        try:
            _find_engine(run, planned)
            planned = wish.complete(planned)
            note(planned)
            uncarried = execute(run, planned)
            wish.conclude(planned, uncarried)
        except DeployError as error:
            is_late = time.monotonic() > deadline and (error.code == "stack-busy" or attempt >= _ATTEMPTS)
            if error.code not in _OVERTAKEN or is_late:
                raise
            run.console.warn("", f"{error.problem}: {_OVERTAKEN[error.code]}", error.code)
        else:
            return planned
    raise AssertionError("it counts for ever")


def _share(run: Context, planned: Planned, uncarried: Uncarried) -> None:
    """Keep for other machines what was found out here of the infrastructure."""
    if not uncarried and not plans.proven(planned.wanted, planned.observed):
        return
    from rajee_deploy.sharing import keep

    # What CloudFormation deploys alone keeps its template, so what was proved of it stays true.
    deployed = set(_by_cdk(planned.plan))
    keep(run, planned.wanted, planned.observed, planned.identity, deployed, uncarried)


def _find_engine(run: Context, planned: Planned) -> None:
    if any(isinstance(step, BuildAndPush) for step in planned.plan.steps):
        with run.phase("find the engine"):
            run.console.detail(run.ports.engine.check())


def execute(run: Context, planned: Planned) -> Uncarried:
    """Do the plan's steps in their order. By stack, the infra hash that it records, with its list that its template
    cannot carry."""
    if not planned.plan.steps:
        return {}
    with opened(planned) as whole:
        return _execute(run, whole)


def _execute(run: Context, planned: Planned) -> Uncarried:
    # Whoever has nothing to do does not import what does it.
    from rajee_deploy.deploying import approve

    # What can fail without having changed anything comes first.
    check_machine(run, planned)
    jobs, uncarried = _jobs(run, planned)
    approve(run, list(jobs.values()))
    for is_build, steps in groupby(planned.plan.steps, lambda step: isinstance(step, BuildAndPush)):
        if is_build:  # those that stand together are built together
            _build(run, [step for step in steps if isinstance(step, BuildAndPush)], planned)
        else:
            for step in steps:
                _do(run, step, planned, jobs)
    _confirm_all(run, planned)
    return uncarried


def _do(run: Context, step: Step, planned: Planned, jobs: Mapping[str, Job]) -> None:
    from rajee_deploy.deploying import deploy, move_and_tell
    from rajee_deploy.rollouts import repair

    match step:
        case BuildAndPush():
            raise AssertionError("builds are done together")
        case MoveTag():
            with run.phase(f"tag {step.image} {step.tag}"):
                move_and_tell(run, step)
        case DeployStack():
            check_unchanged(run, planned, step.stack)
            deploy(run, jobs[step.stack], is_last=step.stack == [*jobs][-1])
        case RepairService():
            check_stack(run, planned, step.stack)
            repair(run, step)
        case ConfirmRollout():
            pass  # at the end: what another stack deploys may be what a rollout waits for
        case WaitForStack():
            raise AssertionError("settle() leaves no waits")
        case _:
            assert_never(step)


def _confirm_all(run: Context, planned: Planned) -> None:
    """Look at all rollouts, then fail for the first that is not confirmed."""
    from rajee_deploy.rollouts import confirm

    unconfirmed: list[DeployError] = []
    for step in planned.plan.steps:
        if not isinstance(step, ConfirmRollout):
            continue
        try:
            confirm(run, step, _images_of(planned, step.stack), _before(planned, step.stack))
        except DeployError as error:
            if error.code != "rollout-not-confirmed":
                raise
            unconfirmed.append(error)
    for each in unconfirmed[1:]:
        run.console.warn("", each.problem, each.code)
    if unconfirmed:
        raise unconfirmed[0]


def _images_of(planned: Planned, stack: str) -> list[WantedImage]:
    return [image for image in planned.wanted.images if image.stack == stack]


def _before(planned: Planned, stack: str) -> dict[Held, str]:
    """The stack's services as they are, but for those that this run puts back."""
    from rajee_deploy.rollouts import as_before

    repaired = {step.held for step in planned.plan.steps if isinstance(step, RepairService)}
    return {held: newest for held, newest in as_before(stack, planned.observed).items() if held not in repaired}


def _build(run: Context, builds: Sequence[BuildAndPush], planned: Planned) -> None:
    from rajee_deploy.building import Workshop, build_all

    wanted = {image.name: image for image in planned.wanted.images}
    shop = Workshop(
        settings=run.settings, engine=run.ports.engine, registry=run.ports.registry, console=run.console,
        phase=run.phase, wanted=wanted, contents=run.ports.contents, labels=planned.labels,
    )  # fmt: skip
    build_all(shop, builds, planned.inputs)


def _jobs(run: Context, planned: Planned) -> tuple[dict[str, Job], Uncarried]:
    """The deployments by stack, with what the stacks are to record, and the lists that their templates cannot carry;
    the assembly is there when one of them needs it."""
    from rajee_deploy.deploying import Job

    steps = [step for step in planned.plan.steps if isinstance(step, DeployStack)]
    revision = planned.revision or NOT_RECORDED
    states, images = planned.observed.stacks, planned.wanted.images
    recorded = {step.stack: step for step in steps}
    if planned.is_of_checkout:
        recorded = {step.stack: keeping(step, states[step.stack], revision) for step in steps}
    by_cdk = [step.stack for step in steps if step.via is Via.CDK]
    assembly, records, uncarried = Path(), {}, {}
    if by_cdk:
        synthesis = planned.synthesis
        if synthesis is None:
            raise AssertionError("what the CDK CLI deploys was synthesised or kept")
        assembly = synthesis.assembly
        recorded |= check_templates(run, planned, synthesis)
        uncarried = _carry(run, synthesis, by_cdk)
        records = {stack: record_of_deployment(stack, synthesis, states[stack], images, revision) for stack in by_cdk}
    jobs = {
        step.stack: Job(
            recorded[step.stack], assembly, _images_of(planned, step.stack), records.get(step.stack),
            states[step.stack], _before(planned, step.stack),
        )
        for step in steps
    }  # fmt: skip
    return jobs, uncarried


def _carry(run: Context, synthesis: Synthesis, stacks: Sequence[str]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Have the templates carry the list of what was read, so that any machine can judge the stacks by it; what they
    cannot carry is returned, to be kept elsewhere. The assembly is this run's own; what is kept of it stays as it was
    made."""
    if synthesis.document is None:
        return {}
    from rajee_deploy.stack.carried import carry, is_list

    if not is_list(synthesis.document):
        text = (
            "the list of what synth reads has a name in it that no other machine would take: they synthesise to decide"
        )
        run.console.warn("cdk", text)
        return {}

    ids = {run.settings.place_of(stack).id: stack for stack in stacks}
    carried = {ids[each] for each in carry(synthesis.assembly, synthesis.document, ids)}
    digest = str(synthesis.fingerprint.digest)
    return {stack: (digest, synthesis.document) for stack in stacks if stack not in carried}


def _with_assembly(run: Context, planned: Planned) -> Planned:
    """With what the CDK CLI is to deploy: the synth that the plan stood on, else the kept one of these very inputs,
    else a new one.

    Neither was compared with what is deployed, and no hash sees all that an app looks at (the clock). Where it changes
    more than the plan says, the plan is made anew, so that nothing is deployed that nobody agreed to.
    """
    if planned.synthesis is not None or not _by_cdk(planned.plan):
        return planned
    late = find_kept(run, planned) or synthesise_planned(run, local(planned), planned.identity)
    again = _of_revision(run, plan_by(run, planned, late))
    had = _by_cdk(planned.plan)
    if again.observed is not planned.observed:
        _check_free(again)
        run.console.say("the app says that the settings name other stacks; the plan is now:", "bold")
        show_plan(run, again)
        return again
    if all(changes <= had.get(stack, frozenset()) for stack, changes in _by_cdk(again.plan).items()):
        return replace(planned, synthesis=late)
    run.console.say("the app makes other templates than the hash promised; the plan is now:", "bold")
    show_plan(run, again)
    return again


def _check_free(planned: Planned) -> None:
    for step in planned.plan.steps:
        if isinstance(step, WaitForStack):
            raise stack_busy(step.stack, hint="run again: it is waited for")


def _by_cdk(plan: Plan) -> dict[str, frozenset[Change]]:
    """The stacks that the CDK CLI deploys, and for which changes."""
    steps = [step for step in plan.steps if isinstance(step, DeployStack) and step.via is Via.CDK]
    return {step.stack: frozenset(step.changes) for step in steps}
