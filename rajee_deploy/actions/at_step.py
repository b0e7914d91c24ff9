"""One step of a plan while it is done: shown, timed, and told to whoever follows the run.

It must never know what a step does: `execute` does.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError, FailedStep
from rajee_deploy.plan.step_words import words_of
from rajee_deploy.plan.steps import BuildAndPush, DeployStack
from rajee_deploy.text.durations import in_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console.activity_view import StepShown
    from rajee_deploy.plan.steps import Step
    from rajee_deploy.report.history import PastRun

_RECENT = 1 << 18  # bytes of the history: some hundred runs


@contextmanager
def at_step(run: CurrentRun, step: Step) -> Iterator[StepShown]:
    """This thread does the step; whoever does it says what came of it."""
    words, began = words_of(step), time.perf_counter()

    def tell(outcome: str, text: str) -> None:
        if run.events.is_asked_for:
            from rajee_deploy.actions.json_documents import of_step  # for who asks

            took = round(time.perf_counter() - began, 3)
            run.events.tell("step-done", step=of_step(step), outcome=outcome, took=took, text=text)

    try:
        with run.console.step(words.verb, words.name, _usual(run, step)) as shown:
            yield shown
    except BaseException as error:
        if isinstance(error, DeployError) and error.step is None:
            seconds = time.perf_counter() - began
            error.step = FailedStep(words.verb, words.name, seconds, in_seconds(seconds))
        tell("failed", "")
        raise
    tell("done", shown.text)


def tell_others(error: DeployError, done: Sequence[Step], left: Sequence[Step]) -> None:
    """Have the error of a step say what became of the plan's other steps."""
    if error.step is None:
        return
    failed = f"{error.step.verb} {error.step.name}"
    was, is_left = ([f"{words_of(step).verb} {words_of(step).name}" for step in steps] for steps in (done, left))
    others = tuple(dict.fromkeys(name for name in was if name != failed))
    error.step = error.step._replace(done=others, left=tuple(dict.fromkeys(is_left)))


def _usual(run: CurrentRun, step: Step) -> str:
    """How long the step takes here as a rule, in words; "" where too few runs of this machine had it."""
    match step:
        case BuildAndPush():
            phases = [f"build and push {step.image}"]
        case DeployStack():
            phases = [f"deploy {step.stack}", f"look at what {step.stack} runs"]
        case _:
            return ""
    from rajee_deploy.report.usual import usual_phase

    runs, settings = _past_runs(), run.settings
    found = [usual_phase(runs, settings.root, settings.environment, phase) for phase in phases]
    seconds = sum(each for each in found if each is not None)
    return f"usually {in_seconds(seconds)}" if found[0] is not None and seconds >= 1 else ""


def _past_runs() -> tuple[PastRun, ...]:
    from rajee_deploy.report.history import History

    try:
        return History(most=_RECENT).runs()[0]
    except DeployError:  # nobody needs to know how long it took before
        return ()
