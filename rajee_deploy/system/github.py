"""The door to GitHub Actions: the files and the commands by which a step tells its service something.

Imported in such a step alone (`streams.in_github`). What it is given is safe text already (`text.markdown`,
`text.workflow_commands`); it must never fail a run: what could not be written is said, and no more.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rajee_deploy.system.regular_files import open_to_append
from rajee_deploy.system.streams import write_command
from rajee_deploy.text.workflow_commands import workflow_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUMMARY = "GITHUB_STEP_SUMMARY"
OUTPUT = "GITHUB_OUTPUT"
# The service takes no more of a step: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
_MOST_OF_A_SUMMARY = 1 << 20


def write_summary(markdown: str) -> str:
    """Add to the job's summary. Why it could not be written; "" where it was, or there is none."""
    return _append(SUMMARY, f"{markdown}\n", most=_MOST_OF_A_SUMMARY)


def write_outputs(outputs: Mapping[str, str]) -> str:
    """Add outputs of the step, each of one line. Why they could not be written; "" where they were."""
    return _append(OUTPUT, "".join(f"{name}={value}\n" for name, value in outputs.items()))


@contextmanager
def group(title: str) -> Iterator[None]:
    """Fold what is said meanwhile under a title. Groups have no groups in them."""
    write_command(workflow_command("group", title))
    try:
        yield
    finally:
        write_command(workflow_command("endgroup"))


def annotate(message: str, *, title: str, file: str, line: str) -> None:
    """Show an error beside the line that it is about; `file` and `line` are "" where there is none."""
    write_command(workflow_command("error", message, file=file, line=line, title=title))


def _append(variable: str, text: str, most: int | None = None) -> str:
    """In one write, so that what others add at the same time is not mixed in."""
    path = os.environ.get(variable, "")
    if not path:
        return ""
    data = text.encode()
    try:
        descriptor = open_to_append(path, 0o666)
        try:
            if most is not None and os.fstat(descriptor).st_size + len(data) > most:
                return f"{variable}: it would be longer than GitHub takes of a step"
            if os.write(descriptor, data) != len(data):
                return f"{variable}: {path} took a part of it alone"
        finally:
            os.close(descriptor)
    except OSError as error:
        return f"{variable}: {error.strerror or error}"
    return ""
