"""The file of `--outputs-file`: whether it can be written is found out before anything is deployed, and it is written
through whatever the user put there (a link, a pipe, /dev/stdout), none of which is ever replaced.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.shown_outputs import shown_outputs
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.system.given_files import STDOUT, descriptor_of, end_of, mode_of, try_beside, write_given

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.console.rows import Row


def check_outputs(path: Path) -> None:
    """Make the directories above the file. ConfigurationError `bad-outputs-file` where it could not be written."""
    try:
        mode = mode_of(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "it is a directory")
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(13, "it may not be written to")
        if (mode is None or stat.S_ISREG(mode)) and descriptor_of(path) is None:
            try_beside(end_of(path))
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a name that no file has
        raise ConfigurationError(
            "bad-outputs-file",
            f"--outputs-file {path} cannot be written",
            where=str(path.absolute()),
            cause=getattr(error, "strerror", None) or str(error),
            hint="nothing was deployed; name a file in a directory that you may write to",
        ) from error


def write_outputs(run: CurrentRun, planned: Planned, path: Path) -> None:
    """The outputs of all stacks by name, as `cdk deploy --outputs-file` writes them. DeployError `outputs-not-written`.

    A file, also one at the end of a link, is written whole or not at all, and keeps its mode.
    """
    text = json.dumps(outputs_of(run, planned), indent=2)
    try:
        if descriptor_of(path) == STDOUT:
            run.console.data(text)
        else:
            write_given(path, f"{text}\n".encode())
    except (OSError, RuntimeError) as error:
        raise DeployError(
            "outputs-not-written",
            f"everything is deployed, but {path} could not be written",
            where=str(path.absolute()),
            cause=getattr(error, "strerror", None) or str(error),
            hint="the same command again writes it, and deploys nothing that is deployed already",
        ) from error


def output_rows(outputs: Mapping[str, Mapping[str, str]], *, whole: bool = False) -> list[Row]:
    """The outputs as a screen shows them, by the stacks' names: those that people look for, or the whole."""
    from rajee_deploy.console.rows import Row

    shown = [
        (stack, name, value)
        for stack, its in outputs.items()
        for name, value in shown_outputs(its.items(), whole=whole)
    ]
    names = Counter(name for _, name, _ in shown)
    return [Row(name=name if names[name] == 1 else f"{stack}.{name}", text=value) for stack, name, value in shown]


def outputs_of(run: CurrentRun, planned: Planned) -> dict[str, dict[str, str]]:
    """The outputs of all stacks of the run, as they are now, by the stacks' names."""
    seen = {
        stack: dict(state.outputs)
        for stack, state in planned.observed.stacks.items()
        if isinstance(state, StackPresent)
    }
    found: dict[str, dict[str, str]] = {}
    for stack, outputs in {**seen, **run.outputs}.items():
        name = run.settings.place_of(stack).name
        found[name if name not in found else stack] = outputs  # of two places it may be the name of several
    return found
