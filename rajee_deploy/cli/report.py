"""`report`: how long runs took."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import Annotated

import typer

from rajee_deploy.cli.flags import Config, Json, Quiet  # noqa: TC001 -- typer reads the annotations while the program runs
from rajee_deploy.console.manner import choose_quiet


def report(
    all_projects: Annotated[bool, typer.Option("--all", help="Runs of every project, not of this one alone.")] = False,
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
    """How long runs took, by kind, against the success metrics; and the time saved.

    \b
    rajee-deploy report
    rajee-deploy report --html report.html
    rajee-deploy report --trace trace.json --last 5
    rajee-deploy report --markdown >> "$GITHUB_STEP_SUMMARY"
    rajee-deploy report --json | jq '.kinds[] | select(.verdict == "missed")'
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.actions.report import show_report
    from rajee_deploy.cli.images import settings_path
    from rajee_deploy.console import Console

    project = None if all_projects else settings_path(config).parent
    if trace is not None or last is not None:
        from rajee_deploy.actions.report_trace import write_trace

        if write_trace(Console(), project, trace, last, is_taken=as_json or as_markdown):
            return
    show_report(Console(), project, as_json=as_json, as_markdown=as_markdown, html=html, baseline=baseline)
