"""One step of a plan while it is done: shown, timed and told of, and named in the error that it ends with.

It must never know what a step does: `execute` does.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.actions.json_documents import of_step
from rajee_deploy.plan.step_words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console import StepShown
    from rajee_deploy.plan.steps import Step


@contextmanager
def at_step(run: CurrentRun, step: Step) -> Iterator[StepShown]:
    """This thread does the step; whoever does it says what came of it."""
    words, began = words_of(step), time.perf_counter()

    def tell(outcome: str, text: str) -> None:
        took = round(time.perf_counter() - began, 3)
        run.events.tell("step-done", step=of_step(step), outcome=outcome, took=took, text=text)

    try:
        with run.console.step(words.verb, words.name) as shown:
            yield shown
    except BaseException:
        tell("failed", "")
        raise
    tell("done", shown.text)
