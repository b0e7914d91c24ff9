"""`report`: how long runs took."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import Annotated

import typer

from rajee_deploy.cli.flags import Config, Json, Quiet  # noqa: TC001 -- typer reads the annotations while the program runs
from rajee_deploy.console.manner import choose_quiet


def report(
    all_projects: Annotated[bool, typer.Option("--all", help="Runs of every project, not of this one alone.")] = False,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="Runs in this environment alone.")
    ] = None,
    others: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Count the runs of other machines too: a history.jsonl, what rajee-deploy up --json printed, or a "
            "directory of such files (may be repeated).",
        ),
    ] = None,
    imports: Annotated[
        list[Path] | None,
        typer.Option("--import", metavar="FILE", help="The same, and keep them in this machine's history."),
    ] = None,
    phases: Annotated[bool, typer.Option("--phases", "-v", help="Show how long each phase took, too.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with charts too; it needs nothing beside itself.")
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a pull request or a job summary.")
    ] = False,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="What a deployment took before, like 4m or 3m-5m (default: 3m-5m)."),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the last run for Perfetto and chrome://tracing too; - for stdout."),
    ] = None,
    last: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="With --trace: the last N runs, one below the other.")
    ] = None,
    config: Config = None,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Show how long runs took, and what that saved. By kind, against the success metrics; with needless builds, wrong
    skips, and the DORA figures.

    \b
    rajee-deploy report
    rajee-deploy report -e prod --phases
    rajee-deploy report --html report.html
    rajee-deploy report --trace trace.json --last 5
    rajee-deploy report --from ci.jsonl --markdown >> "$GITHUB_STEP_SUMMARY"
    rajee-deploy report --json | jq '.kinds[] | select(.verdict == "missed")'
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.actions.report import ReportRequest, find_entries, show_report
    from rajee_deploy.cli.images import settings_path
    from rajee_deploy.console import Console
    from rajee_deploy.git.origin import find_project_id

    wanted = ReportRequest(
        project=None if all_projects else settings_path(config).parent,
        environment=environment,
        others=tuple(others or ()),
        imports=tuple(imports or ()),
        as_json=as_json,
        as_markdown=as_markdown,
        has_phases=phases,
        html=html,
        baseline=baseline,
    )
    console = Console()
    entries = find_entries(console, wanted, find_project_id)
    if trace is not None or last is not None:
        from rajee_deploy.actions.report_trace import write_trace

        if write_trace(console, entries.runs, trace, last, is_taken=as_json or as_markdown):
            return
    show_report(console, wanted, entries)
