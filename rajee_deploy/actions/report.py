"""`report`: the figures over all runs, on the screen, as JSON, as Markdown, as a page. One computation for all of them.

It must never change the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.history import History, is_of_project
from rajee_deploy.report.metrics import figures, summary
from rajee_deploy.report.saved import PROPOSAL, long, parse_baseline
from rajee_deploy.report.sparkline import trends
from rajee_deploy.report.timings import duration
from rajee_deploy.system.given_files import STDOUT, descriptor_of, write_given

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.console import Console
    from rajee_deploy.report.metrics import Figures


def show_report(
    console: Console,
    project: Path | None,
    *,
    as_json: bool = False,
    as_markdown: bool = False,
    html: Path | None = None,
    baseline: str | None = None,
) -> None:
    """The figures of a project's runs (of all projects when None). ConfigurationError `bad-flag`; DeployError
    `report-not-written`."""
    if as_json and as_markdown:
        raise ConfigurationError(
            "bad-flag", "--json and --markdown both want stdout", hint="leave one of them out, and run again for it"
        )
    before = PROPOSAL if baseline is None else parse_baseline(baseline)
    history = History()
    everything, unreadable = history.runs()
    found = figures([run for run in everything if project is None or is_of_project(run, project)], before)
    if unreadable:
        lines, are = ("1 line", "is") if unreadable == 1 else (f"{unreadable} lines", "are")
        console.warn("", f"{lines} of {history.path} could not be read and {are} left out")
    if html is not None and _write_page(console, found, html, project):
        return
    if as_json:
        from rajee_deploy.report.document import of_figures

        console.document(of_figures(found, unreadable))
    elif as_markdown:
        from rajee_deploy.report.markdown import markdown

        console.data(markdown(found))
    else:
        _show(console, found)


def _show(console: Console, found: Figures) -> None:
    trend = trends(found)
    rows = [
        (
            kind.kind,
            str(kind.count),
            duration(kind.p50),
            duration(kind.p95),
            duration(kind.longest),
            f"p95 ≤ {long(kind.target)}" if kind.target else "",
            kind.verdict,
            *([trend[kind.kind]] if trend else []),
        )
        for kind in found.kinds
    ]
    if rows:
        columns = ["kind", ">runs", ">p50", ">p95", ">max", "target", "verdict"]
        console.result_table([*columns, f"p50 by {found.unit}"] if trend else columns, rows)
    console.say(summary(found))
    if found.runs:
        console.say(f"{found.saved} saved, against {found.saved.baseline} a run before")


def _write_page(console: Console, found: Figures, path: Path, project: Path | None) -> bool:
    """Write the page; whether it went to stdout, where nothing else may follow it."""
    from rajee_deploy.report.page import page

    text = page(found, project.resolve().name if project else "all projects")
    try:
        if descriptor_of(path) == STDOUT:
            console.data(text.removesuffix("\n"))
            return True
        write_given(path, text.encode())
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a name that no file has
        raise DeployError(
            "report-not-written",
            f"the report could not be written to {path}",
            where=str(path.absolute()),
            cause=getattr(error, "strerror", None) or str(error),
            hint="name a file in a directory that is there and that you may write to",
        ) from error
    console.say(f"wrote {path}")
    return False
