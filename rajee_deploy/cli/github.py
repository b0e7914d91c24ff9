"""An error for GitHub Actions, beside what is said of it: an annotation of the line it is about, and of `plan` and
`up` the job's summary. Imported in such a step alone.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.at_work import as_pasted
from rajee_deploy.console import Console, printable
from rajee_deploy.console.documents import MOST_OF_A_COMMAND, quote
from rajee_deploy.errors import DeployError
from rajee_deploy.system.github import annotate, write_summary
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUMMARISED = ("plan", "up")
_LINE = re.compile(r"(?s)(.+?)(?::([0-9]{1,9}))?(?::[0-9]{1,9})?")


def tell_error(error: DeployError, verb: str) -> None:
    """Say it once more, where people look first."""
    quoted = DeployError(
        error.code,
        quote(error.problem),
        where=error.where,
        cause=quote(error.cause),
        hint=quote(as_pasted(error.hint), MOST_OF_A_COMMAND),
    )
    file, line = place_of(error.where, Path.cwd(), os.environ)
    annotate(_message(quoted, "" if file else error.where), title=error.code, file=file, line=line)
    if verb in _SUMMARISED:
        from rajee_deploy.actions.summary import error_summary

        problem = write_summary(error_summary(verb, quoted))
        if problem:
            Console().warn("GitHub", problem, "github-not-told")


def place_of(where: str, directory: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """The file that an error is about, as the repository names it, and the line; "" where it is none of the checkout's
    files."""
    workspace = os.path.realpath(environment.get("GITHUB_WORKSPACE") or directory)
    found = _LINE.fullmatch(where)
    for name, line in ((where, ""), (found[1], found[2] or "") if found else ("", "")):
        path = os.path.realpath(directory / name) if "\0" not in name else ""
        if os.path.isfile(path) and os.path.commonpath((path, workspace)) == workspace:  # noqa: PTH113 -- False for a name that is too long
            return printable(os.path.relpath(path, workspace)), line
    return "", ""


def _message(error: DeployError, where: str) -> str:
    parts = [error.problem, error.cause, where, f"next: {error.hint}" if error.hint else ""]
    return "\n".join(printable(line) for part in parts if part for line in lines_of(part))
