"""The deployment of one stack: shields first, then the CDK CLI or CloudFormation alone, watched while it goes on,
believed only when CloudFormation and ECS say so, and told afterwards: where the time went.

It carries out what `plan` decided; it must never decide whether a stack is deployed.
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import field, replace
from shlex import quote
from typing import TYPE_CHECKING, assert_never

from rajee_deploy.actions.arrival import confirm_arrival
from rajee_deploy.actions.failed_rollout import tell_rollback, tell_tasks
from rajee_deploy.actions.move_tags import move_tag, with_digests
from rajee_deploy.actions.stack_images import StackImages
from rajee_deploy.actions.tell_deployment import Onlooker, done_text, tell_done, tell_time_spent
from rajee_deploy.actions.wait import wait_until_idle
from rajee_deploy.actions.watch import Watch
from rajee_deploy.console import hide
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.plan import after_step
from rajee_deploy.plan.parameter_changes import not_taken
from rajee_deploy.plan.retag import tag_changes
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import Via
from rajee_deploy.stack.deployment_record import encode
from rajee_deploy.stack.update import Accepted
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console.activity_view import StepShown
    from rajee_deploy.plan.state import StackState, WantedImage
    from rajee_deploy.plan.steps import DeployStack, MoveTag
    from rajee_deploy.rollout.standing import StackService
    from rajee_deploy.stack.deployment_record import StackRecord

UPDATE_SECONDS = 3600.0  # as long as CloudFormation itself waits for an ECS service, and some
_REFUSED = ("deploy-failed", "access-denied")  # of an update: the codes that say that it never began


@dataclass(frozen=True, slots=True)
class Job:
    """One stack's deployment: the step, the assembly (empty path for CloudFormation alone), and the images whose tags
    the stack receives."""

    step: DeployStack
    assembly: Path
    images: Sequence[WantedImage]
    record: StackRecord | None = None  # to be kept outside of the stack, once the deployment is confirmed
    before: StackState | None = None  # the stack when it was planned, where somebody looked
    services: Mapping[StackService, str] = field(default_factory=dict)  # as they were before (see `confirm.as_before`)


def deploy(run: CurrentRun, job: Job, shown: StepShown, *, is_last: bool) -> None:
    """Deploy with the tags in place that keep what runs and what will run from expiring; what came of it is `shown`."""
    hide(value.value for value in job.step.values if value.is_secret)
    for move in job.step.before:
        try:
            _move(run, move)
        except DeployError as error:
            if error.code != "tag-immutable":
                raise
            run.console.warn("", f"{error.problem}: {error.hint}", error.code)
    job = replace(job, step=after_step.as_built(with_digests(run.ports.registry, job.step), job.before))
    try:
        _deploy(run, job, shown, wait=run.wait_for_end or not is_last)
    except DeployError:
        _put_back(run, job.step)
        raise


def move_and_tell(run: CurrentRun, step: MoveTag) -> str:
    """Move a tag; returns what it names now, in words."""
    return f"{step.tag} is {short(str(move_tag(run.ports.registry, step)))}"


def _move(run: CurrentRun, step: MoveTag) -> None:
    """Move a tag that keeps an image from expiring: nobody needs to know, but who asks for it."""
    digest = move_tag(run.ports.registry, step)
    if run.console.verbose:
        run.console.detail(f"{step.repository}:{step.tag} is {digest}")


def _put_back(run: CurrentRun, step: DeployStack) -> None:
    """After a failed deploy: the shields return to what runs on. The failure is the news, not this."""
    try:
        if step.undo and after_step.is_undone(step, run.ports.reader.describe(step.stack)):
            for move in step.undo:
                _move(run, move)
    except DeployError as error:
        run.console.warn("", f"{step.undo[0].tag} was not put back ({error}); the next run does it")


def _deploy(run: CurrentRun, job: Job, shown: StepShown, *, wait: bool) -> None:
    step = job.step
    with run.timings.phase(f"deploy {step.stack}"):
        if not wait:
            if _begin(run, job) is Accepted.NOTHING:
                _keep_where_nothing_differs(run, job)
                shown.mark, shown.text = "=", "CloudFormation finds nothing to do"
            else:
                shown.mark, shown.text = "~", "accepted; CloudFormation goes on by itself"
            return
        name, told = run.settings.place_of(step.stack).name, Onlooker(run, step.stack)
        with Watch(run.ports.watcher, step.stack, told.show, name=name, on_event=told.tell) as watch:
            try:
                _to_the_end(run, job)
                state = run.ports.reader.observe(step.stack)
                problem = after_step.objection(step, state) or not_taken(step, job.before, state)
            except DeployError as error:
                _tell_cause(run, watch, step, error)
                raise
        if problem:
            unconfirmed = DeployError(
                "deploy-not-confirmed",
                f"{step.stack} was deployed, but {problem}",
                where=f"stack {step.stack}",
                hint=f"look at the stack's events, then run again:\n{_events_of(name)}",
            )
            _tell_cause(run, watch, step, unconfirmed)
            raise unconfirmed
    # They rest on the stack alone: without them the next run would deploy what only has to be confirmed.
    _keep_record(run, job)
    _keep_secrets(run, job, state, lambda: watch.operations() > 1)
    images = StackImages(job.images, dict(step.parameters))
    services = confirm_arrival(run, step.stack, state, images, job.services)
    tell_time_spent(run, step.stack, watch)
    shown.text = done_text(images, services, run.times_spent.get(step.stack))
    tell_done(run, step, state)


def _to_the_end(run: CurrentRun, job: Job) -> None:
    match job.step.via:
        case Via.CDK:
            run.ports.deployer.deploy(job.step, job.assembly, run.console.working)
        case Via.CLOUDFORMATION:
            _begin(run, job)
            await_end(run, job.step.stack)
        case _:
            assert_never(job.step.via)


def _begin(run: CurrentRun, job: Job) -> Accepted:
    """Have CloudFormation accept the deployment, and no more. That nothing differs is its own word alone: a change set
    that is gone may have been deleted by anybody."""
    step = job.step
    token = f"rajee-deploy-{uuid.uuid4().hex[:16]}"
    match step.via:
        case Via.CDK:
            run.ports.deployer.prepare(step, job.assembly, token, run.console.working)
            run.ports.updater.execute(step.stack, token)
            return Accepted.STARTED
        case Via.CLOUDFORMATION:
            state = run.ports.reader.describe(step.stack)
            if not isinstance(state, StackPresent):
                raise DeployError(
                    "deploy-failed",
                    f"the stack {step.stack} is gone",
                    where=f"stack {step.stack}",
                    hint="somebody deleted it just now; run again: it is created again",
                )
            own = {value.name: value.value for value in step.values}
            tags = tag_changes(state.images, dict(step.parameters))
            try:
                return run.ports.updater.update(step.stack, state, {**dict(step.declared), **own}, token, tags)
            except DeployError as error:
                if not step.otherwise or error.code not in _REFUSED:
                    raise
                raise _with_other_way(error, step) from error
        case _:
            assert_never(step.via)


def _with_other_way(error: DeployError, step: DeployStack) -> DeployError:
    """Where CloudFormation alone is refused, somebody else may not be."""
    needs = "it takes cloudformation:UpdateStack; " if error.code == "access-denied" else ""
    where = error.where or f"stack {step.stack}"
    hint = needs + step.otherwise
    return DeployError(error.code, error.problem, where=where, cause=error.why, hint=hint, quote=error.quote)


def await_end(run: CurrentRun, stack: str) -> None:
    """Wait until no operation on the stack is under way. DeployError `deploy-unfinished` when it takes too long."""
    if wait_until_idle(run.ports.reader, stack, time.monotonic() + UPDATE_SECONDS) is None:
        raise DeployError(
            "deploy-unfinished",
            f"CloudFormation did not end the update of {stack} in time",
            where=f"stack {stack}",
            hint="look at its events, then run again, which waits until it has ended:\n"
            + _events_of(run.settings.place_of(stack).name),
        )


def _events_of(stack: str) -> str:
    """The command that shows what CloudFormation says of a stack."""
    return f"aws cloudformation describe-stack-events --stack-name {quote(stack)} --max-items 20"


def _keep_record(run: CurrentRun, job: Job) -> None:
    """The deployment stands, whatever comes of this: without the record the next run synthesises, and keeps it."""
    if job.record is None or run.ports.records is None:
        return
    try:
        run.ports.records.write(job.step.stack, encode(job.record))
    except DeployError as error:
        text = f"what was deployed could not be recorded, so the next run synthesises to decide: {error}"
        run.console.warn(f"stack {job.step.stack}", text)


def _keep_where_nothing_differs(run: CurrentRun, job: Job) -> None:
    """Nothing is waited for, and CloudFormation says that the secrets are those that it has: as good as confirmed."""
    if not any(value.is_secret for value in job.step.values):
        return
    since = job.before.since if isinstance(job.before, StackPresent) else ""
    state = run.ports.reader.describe(job.step.stack)
    _keep_secrets(run, job, state, lambda: isinstance(state, StackPresent) and state.since != since)


def _keep_secrets(run: CurrentRun, job: Job, state: StackState, has_another: Callable[[], bool]) -> None:
    """Remember on this machine what the confirmed deployment gave to the parameters that CloudFormation hides. Not
    where somebody else's came right behind it: what is hidden may be theirs."""
    before = job.before if isinstance(job.before, StackPresent) else None
    secrets = {value.name: value.value for value in job.step.values if value.is_secret}
    is_known = before is not None and run.ports.secrets.knows(before)
    if not isinstance(state, StackPresent) or not (secrets or is_known):
        return
    try:
        problem = "somebody else deployed it, too" if has_another() else ""
        if not problem:
            run.ports.secrets.keep(state, secrets, before)
    except (DeployError, OSError) as error:
        problem = str(error)
    if problem:
        text = f"which secrets were deployed is not remembered, so the next run gives them again: {problem}"
        run.console.warn(f"stack {job.step.stack}", text)


def _tell_cause(run: CurrentRun, watch: Watch, step: DeployStack, error: DeployError) -> None:
    """Have the error say which resource failed and its reason, as CloudFormation tells them, why tasks stop, and what
    serves on. Whatever AWS does not tell is left out."""
    ports = run.ports
    with suppress(DeployError):
        spent = run.times_spent[step.stack] = watch.time_spent()
        error.why = "\n".join(filter(None, (spent.failure, error.why)))
        error.quote = None if spent.failure else error.quote  # the CDK CLI's words are that, and around it its tables
        error.hint = "; ".join(filter(None, (spent.remedy, error.hint)))
        tell_tasks(run, error, [ports.watcher.service(arn) for arn in ports.watcher.services(step.stack)])
    with suppress(DeployError):
        tell_rollback(error, step, ports.reader.describe(step.stack))
