"""What a deployment says: what is at work while it goes on, where the time went, and that it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.actions.events import tell_resource, tell_service
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import GIVEN_PREFIX, INFRA_PARAMETER, TEMPLATE_PARAMETER
from rajee_deploy.plan.parameter_changes import unaffected_lines
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.steps import Via
from rajee_deploy.plan.tags import records_text
from rajee_deploy.plan.template_differences import is_recorded
from rajee_deploy.report.timings import duration
from rajee_deploy.rollout.sentences import arrived_text, resource_name, service_lines
from rajee_deploy.rollout.verdict import is_stable
from rajee_deploy.synth.how_to import declaring_records
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.actions.stack_images import StackImages
    from rajee_deploy.actions.watch import Moment, TimeSpent, Watch
    from rajee_deploy.plan.state import StackState
    from rajee_deploy.plan.steps import DeployStack
    from rajee_deploy.rollout import ResourceEvent, Service
    from rajee_deploy.rollout.spans import Span


_SHOWN = 8  # resources: more than a terminal's height would hide the rest

_WORTH_SHOWING = 1.0  # seconds


class Onlooker:
    """Shows what is seen of one stack while it is deployed, and tells it to whoever follows the run."""

    def __init__(self, run: CurrentRun, stack: str) -> None:
        self._run = run
        self._stack = stack
        self._told: dict[str, Service] = {}

    def show(self, moment: Moment) -> None:
        """What goes on now, and what is new: of the latter what went wrong, the rest for who asks for it."""
        for news in (*moment.news, *(moment.details if self._run.console.verbose else ())):
            self._run.console.detail(news)
        self._run.console.board(board_lines(moment))
        for service in moment.services:
            if self._told.get(service.name) != service:
                self._told[service.name] = service
                tell_service(self._run, self._stack, service)

    def tell(self, event: ResourceEvent) -> None:
        """What CloudFormation said."""
        tell_resource(self._run, self._stack, event)


def board_lines(moment: Moment) -> list[tuple[str, str]]:
    """The services that move, with how they stand, and the other resources at work, with the time so far."""
    services: list[tuple[str, str]] = []
    shown = set()
    for service in moment.services:
        name = moment.names.get(service.name, service.name)
        if any(resource == name for resource, _ in moment.at_work) or not is_stable(service):
            shown.add(name)
            ((_, text), *more) = service_lines(service, moment.settings.get(service.name))
            services += [(resource_name(name), text), *more]
    others = [(resource_name(name), duration(seconds)) for name, seconds in moment.at_work if name not in shown]
    if len(others) > _SHOWN:
        others[_SHOWN:] = [("", f"and {len(others) - _SHOWN} more")]
    return [*others, *services]


def tell_time_spent(run: CurrentRun, stack: str, watch: Watch) -> None:
    """Find out where the time went. A courtesy: the deployment is done, whatever comes of this."""
    try:
        spent = watch.time_spent()
    except DeployError as error:
        run.console.warn("", f"where the time of {stack} went is not known: {error.problem}", error.code)
        return
    run.times_spent[stack] = spent
    for service, controller in spent.elsewhere:
        text = f"{controller} rolls out {service} itself; nothing is confirmed here"
        run.console.warn(f"stack {stack}", text)


def time_lines(spent: TimeSpent) -> list[tuple[str, str]]:
    """Where the time of a deployment went, in whole: by resource, the longest first, and by phase of each service."""
    phases = [line for service, spans in spent.phases.items() for line in _lines(f"{service}: ", spans)]
    return [*_lines("", spent.resources[:_SHOWN]), *phases]


def _lines(prefix: str, spans: Iterable[Span]) -> list[tuple[str, str]]:
    return [(prefix + span.name, duration(span.seconds)) for span in spans if span.seconds >= _WORTH_SHOWING]


def done_text(images: StackImages, services: Sequence[Service], spent: TimeSpent | None) -> str:
    """What came of a deployment: what runs on how many tasks; of a stack without services, how much was changed."""
    given = list(dict.fromkeys(images.given(image) for image in images.images))
    tag = short(given[0]) if len(given) == 1 else ""
    where = arrived_text(services)
    if where:
        return f"{tag} on {where}" if tag else where
    count = len({span.name for span in spent.resources}) if spent is not None else 0
    return tag or (f"{count} resource{'' if count == 1 else 's'}" if count else "")


def tell_done(run: CurrentRun, step: DeployStack, state: StackState) -> None:
    if isinstance(state, StackPresent):
        run.outputs[step.stack] = dict(state.outputs)
    for doubt in _unprovable(step, state) if step.via is Via.CDK else ():  # else the template stays
        missing = _missing_records(step)
        advice = f"; {declaring_records(run.settings.cdk.app, missing)}" if missing else ""
        run.console.warn(f"stack {step.stack}", doubt + advice)
    own = {value.name: value.shown for value in step.values}
    for line in unaffected_lines(step, state):
        run.console.warn(f"stack {step.stack}", line)
    recorded = records_text({**dict(step.parameters), **own})
    if recorded and run.console.verbose:
        run.console.detail(f"{step.stack} records {recorded}")


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
