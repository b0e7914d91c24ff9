"""What a deployment says: what is at work while it goes on, where the time went, and that it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import GIVEN_PREFIX, INFRA_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan.parameter_changes import unaffected_lines
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import Via
from rajee_deploy.plan.tags import records_text
from rajee_deploy.plan.template_differences import is_recorded
from rajee_deploy.report.timings import duration
from rajee_deploy.rollout import rollout_state
from rajee_deploy.synth.how_to import declaring_records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.watch import Moment, TimeSpent, Watch
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.plan.steps import DeployStack
    from rajee_deploy.rollout import Service
    from rajee_deploy.rollout.spans import Span


_SHOWN = 8  # resources in the table of where the time went

_WORTH_SHOWING = 1.0  # seconds


def show_moment(run: CurrentRun, moment: Moment) -> None:
    for news in moment.news:
        run.console.detail(news)
    working = [f"{resource}  {duration(seconds)}" for resource, seconds in moment.at_work]
    if len(working) > _SHOWN:  # more than a terminal's height would hide the rest
        working[_SHOWN:] = [f"… and {len(working) - _SHOWN} more"]
    run.console.board([*working, *(_service_line(service) for service in moment.services)])


def _service_line(service: Service) -> str:
    if service.image is not None:
        state = service.primary.state if service.primary is not None else ""
        doing = "" if rollout_state.has_arrived(state) else f", {state.lower().replace('_', ' ')}"
        return f"{service.name}: {service.image.address.rpartition('/')[2]}{doing}"
    parts = []
    for one in service.deployments:
        name = "new" if one.status == "PRIMARY" else "former"
        if not service.is_by_ecs:  # a task set that is not yet the primary one may well be the new one
            name = one.status.lower()
        pending = f", {one.pending} pending" if one.pending else ""
        failed = f", {one.failed} failed" if one.failed else ""
        parts.append(f"{name} {one.running}/{one.desired} running{pending}{failed}")
    if service.targets is not None:
        targets = service.targets
        parts.append(f"targets {targets.healthy} healthy, {targets.starting} starting, {targets.draining} draining")
    return f"{service.name}: " + ("; ".join(parts) or "nothing runs yet")


def tell_time_spent(run: CurrentRun, stack: str, watch: Watch) -> None:
    """Where the time went. A courtesy: the deployment is done, whatever comes of this."""
    try:
        spent = watch.time_spent()
    except DeployError as error:
        run.console.warn("", f"where the time of {stack} went is not known: {error.problem}", error.code)
        return
    run.times_spent[stack] = spent
    for service, controller in spent.elsewhere:
        text = f"{controller} rolls out {service} itself; nothing is confirmed here"
        run.console.warn(f"stack {stack}", text)
    rows = [*_rows("", spent.resources[:_SHOWN]), *_service_rows(spent)]
    if rows:
        run.console.table((f"where the time of {stack} went", ">time"), rows)
    for advice in spent.advice:
        run.console.item("→", "faster", advice, "cyan")


def _service_rows(spent: TimeSpent) -> Iterable[tuple[str, str]]:
    for service, phases in spent.phases.items():
        yield from _rows(f"{service}: ", phases)


def _rows(prefix: str, spans: Iterable[Span]) -> list[tuple[str, str]]:
    return [(prefix + span.name, duration(span.seconds)) for span in spans if span.seconds >= _WORTH_SHOWING]


def tell_done(run: CurrentRun, step: DeployStack, state: StackState) -> None:
    if isinstance(state, StackPresent):
        run.outputs[step.stack] = dict(state.outputs)
    for doubt in _unprovable(step, state) if step.via is Via.CDK else ():  # else the template stays
        missing = _missing_records(step)
        advice = f"; {declaring_records(run.settings.cdk.app, missing)}" if missing else ""
        run.console.warn(f"stack {step.stack}", doubt + advice)
    own = {value.name: value.shown for value in step.values}
    recorded = records_text({**dict(step.parameters), **own})
    for line in unaffected_lines(step, state):
        run.console.warn(f"stack {step.stack}", line)
    what = f"complete, and it records {recorded}" if recorded else "complete"
    run.console.item("✓", f"stack {step.stack}", what, "green")


def _unprovable(step: DeployStack, state: StackState) -> tuple[str, ...]:
    """Why the hashes that a deployed stack records will prove nothing to the next run, which then synthesises."""
    if any(key.startswith(GIVEN_PREFIX) for key, _ in step.parameters):
        return ()  # its record lies outside of the stack
    given, missing = dict(step.parameters), _missing_records(step)
    if missing:
        takes_none = f"its template takes no {' and no '.join(missing)}"
        return (f"{takes_none}, so a machine that has not synthesised it has to do so to decide",)
    content = state.content if isinstance(state, StackPresent) else None
    if content is None or is_recorded(given[TEMPLATE_PARAMETER], content):
        return ()
    what = "characters beyond ASCII in the template do that, and macros"
    return (
        f"CloudFormation gives back something else than was deployed, so the next run synthesises to decide; {what}",
    )


def _missing_records(step: DeployStack) -> tuple[str, ...]:
    """The parameters for what proves something to the next run that a stack does not declare."""
    given = dict(step.parameters)
    return tuple(name for name in (INFRA_PARAMETER, TEMPLATE_PARAMETER) if name not in given)
