"""The last block of a run: how long it took against its goal, where the time went, what would be faster, and what the
stacks put out. It must never end a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.report.timings import duration
from rajee_deploy.report.verdict import is_met, saving, verdict

if TYPE_CHECKING:
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.report.history import PastRun


def tell_run(run: CurrentRun, planned: Planned, record: PastRun) -> None:
    """Of a run that ended well. One that had nothing to do has said all but what that is worth."""
    if planned.plan.is_empty:
        run.console.headline("; ".join(filter(None, (verdict(record), saving(record)))), indent=2, style="dim")
        return
    _show_times(run, record)
    if run.console.quiet:
        return
    from rajee_deploy.actions.outputs import output_rows, outputs_of

    rows = output_rows(outputs_of(planned.run, planned), whole=run.console.verbose)
    if rows:
        run.console.blank()
        run.console.rows(rows)


def _show_times(run: CurrentRun, record: PastRun) -> None:
    from rajee_deploy.console.bars import Bar
    from rajee_deploy.report.run_times import time_rows

    said = "; ".join(filter(None, (verdict(record), saving(record))))
    rollouts = {
        name: [(span.name, span.start, span.seconds) for span in spans]
        for spent in run.times_spent.values()
        for name, spans in spent.phases.items()
    }
    rows = [] if run.console.quiet else time_rows(record.phases, rollouts, record.seconds)
    run.console.blank()
    run.console.bars(
        [
            Bar("time", record.seconds, said, style="bold" if is_met(record) else "bold yellow"),
            *(Bar(row.name, row.seconds, row.text, of=record.seconds) for row in rows),
        ]
    )
    for advice in dict.fromkeys(text for spent in run.times_spent.values() for text in spent.advice):
        if not run.console.quiet:
            _advise(run, advice)
    if run.console.verbose:
        _show_all_times(run, record)


def _advise(run: CurrentRun, text: str) -> None:
    from rajee_deploy.console.rows import Row

    run.console.rows([Row("→", text=text)])


def _show_all_times(run: CurrentRun, record: PastRun) -> None:
    from rajee_deploy.actions.tell_deployment import time_lines

    run.console.blank()
    phases = [(phase.name, phase.seconds, duration(phase.seconds)) for phase in record.phases]
    run.console.timings(phases, record.seconds, duration(record.seconds))
    for stack, spent in run.times_spent.items():
        rows = time_lines(spent)
        if rows:
            run.console.blank()
            run.console.table((f"where the time of {stack} went", ">time"), rows)
