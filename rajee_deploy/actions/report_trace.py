"""`report --trace`: the last runs' phases, written for a viewer of traces. It must never change the history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.trace_events import trace
from rajee_deploy.system.given_files import STDOUT, descriptor_of, write_given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.console import Console
    from rajee_deploy.report.history import PastRun

_STDOUT = Path("-")


def write_trace(
    console: Console, runs: Sequence[PastRun], path: Path | None, last: int | None, *, is_taken: bool = False
) -> bool:
    """Write the last of the runs as a trace; one where nobody says how many. Whether it went to stdout, where nothing
    else may follow it. `is_taken`: something else is to go there.
    ConfigurationError `bad-flag`; DeployError `report-not-written`."""
    if path is None:
        hint = f"rajee-deploy report --trace trace.json --last {last}"
        raise ConfigurationError(
            "bad-flag", "--last says how many runs a trace has, and no --trace is given", hint=hint
        )
    to_stdout = path == _STDOUT or descriptor_of(path) == STDOUT
    if to_stdout and is_taken:
        hint = "name a file for the trace, or leave the other one out"
        raise ConfigurationError("bad-flag", "--trace - wants stdout, and so does --json or --markdown", hint=hint)
    runs = runs[-(last or 1) :]
    if to_stdout:
        console.data(trace(runs).removesuffix("\n"))
    else:
        _write(path, trace(runs))
        what = {0: "no run yet", 1: "1 run"}.get(len(runs), f"{len(runs)} runs")
        console.say(f"wrote {path}: {what}; open it in https://ui.perfetto.dev")
    return to_stdout


def _write(path: Path, text: str) -> None:
    try:
        write_given(path, text.encode())
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a name that no file has
        raise DeployError(
            "report-not-written",
            f"the trace could not be written to {path}",
            where=str(path.absolute()),
            cause=getattr(error, "strerror", None) or str(error),
            hint="name a file in a directory that is there and that you may write to",
        ) from error
