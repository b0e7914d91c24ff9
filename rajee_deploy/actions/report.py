"""`report`: the figures over all runs, on the screen, as JSON, as Markdown, as a page. One computation for all of them.

It must never change the history, but for what `--import` adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.history import History, HistoryEntries, line_of
from rajee_deploy.report.metrics import figures
from rajee_deploy.report.others import join, of_environment, of_project, read_others, unknown_of, with_ids
from rajee_deploy.report.saved import PROPOSAL, parse_baseline
from rajee_deploy.system.given_files import STDOUT, descriptor_of, write_given

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rajee_deploy.console import Console
    from rajee_deploy.report.metrics import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What is asked for: whose runs (a project's, of all projects when it is None; of one environment, or of all), and
    how they are shown. `others` are histories that count for this once, `imports` those that are kept."""

    project: Path | None
    environment: str | None = None
    others: tuple[Path, ...] = ()
    imports: tuple[Path, ...] = ()
    as_json: bool = False
    as_markdown: bool = False
    has_phases: bool = False
    html: Path | None = None
    baseline: str | None = None


def show_report(console: Console, wanted: ReportRequest, entries: HistoryEntries) -> None:
    """The figures of what was found. ConfigurationError `bad-flag`; DeployError `report-not-written`."""
    if wanted.as_json and wanted.as_markdown:
        raise ConfigurationError(
            "bad-flag", "--json and --markdown both want stdout", hint="leave one of them out, and run again for it"
        )
    before = PROPOSAL if wanted.baseline is None else parse_baseline(wanted.baseline)
    found = figures(entries.runs, before, entries.checks)
    if wanted.html is not None and _write_page(console, found, wanted.html, wanted.project):
        return
    if wanted.as_json:
        from rajee_deploy.report.document import of_figures

        console.document(of_figures(found, entries.unreadable))
    elif wanted.as_markdown:
        from rajee_deploy.report.markdown import markdown

        console.data(markdown(found))
    else:
        from rajee_deploy.report.screen import screen

        console.result_lines(screen(found, console.result_width, has_phases=wanted.has_phases))


def find_entries(console: Console, wanted: ReportRequest, project_id: Callable[[Path], str]) -> HistoryEntries:
    """All that counts, oldest first, with what is to be imported. `project_id` says by which name other machines know a
    project. DeployErrors `history-unreadable`, `history-not-written`."""
    history = History()
    own, others = with_ids(history.entries()), read_others(wanted.others)
    own_id = project_id(wanted.project) if wanted.project is not None else ""
    if wanted.imports:
        own = _import(console, history, own, wanted, own_id)
    _warn(console, own.unreadable, str(history.path))
    _warn(console, others.unreadable, ", ".join(map(str, wanted.others)))
    ours = own if wanted.project is None else of_project(own, wanted.project, own_id)
    entries = join([ours, others])
    return entries if wanted.environment is None else of_environment(entries, wanted.environment)


def _import(
    console: Console, history: History, own: HistoryEntries, wanted: ReportRequest, own_id: str
) -> HistoryEntries:
    """Add to the history what it lacks of others; what it holds then."""
    others = read_others(wanted.imports)
    _warn(console, others.unreadable, ", ".join(map(str, wanted.imports)))
    new = unknown_of(others, own)
    lines = [*map(line_of, new.runs), *map(line_of, new.checks)]
    if lines:
        try:
            history.append_lines(lines)
        except OSError as error:
            raise DeployError(
                "history-not-written",
                "the history of runs cannot be written",
                where=str(history.path),
                cause=error.strerror or str(error),
                hint="set RAJEE_DEPLOY_STATE_DIR to a directory that is yours",
            ) from error
    told = f"imported {len(new.runs)} of {len(others.runs)} runs"
    if len(new.runs) < len(others.runs):
        told += f"; {len(others.runs) - len(new.runs)} here already"
    strangers = len(new.runs) - len(of_project(new, wanted.project, own_id).runs) if wanted.project is not None else 0
    if strangers:
        told += f"; {strangers} of other projects count with --all alone"
    console.say(told)
    return join([own, new])


def _warn(console: Console, unreadable: int, where: str) -> None:
    if unreadable:
        lines, are = ("1 line", "is") if unreadable == 1 else (f"{unreadable} lines", "are")
        console.warn("", f"{lines} of {where} could not be read and {are} left out")


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
