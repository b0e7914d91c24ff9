"""The file of `--outputs-file`: whether it can be written is found out before anything is deployed, and it is written
through whatever the user put there (a link, a pipe, /dev/stdout), none of which is ever replaced.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.system.atomic import write_atomically

if TYPE_CHECKING:
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.run import CurrentRun

_MOST_LINKS = 40
_STDOUT = 1


def check_outputs(path: Path) -> None:
    """Make the directories above the file. ConfigurationError `bad-outputs-file` where it could not be written."""
    try:
        mode = _mode(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "it is a directory")
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(13, "it may not be written to")
        if (mode is None or stat.S_ISREG(mode)) and _descriptor(path) is None:
            _try_beside(_end_of(path))
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
    text = json.dumps(_outputs(run, planned), indent=2)
    data = f"{text}\n".encode()
    try:
        descriptor, mode = _descriptor(path), _mode(path)
        if descriptor == _STDOUT:
            run.console.data(text)
            return
        if descriptor is not None or (mode is not None and not stat.S_ISREG(mode)):
            _write_into(path, data)
            return
        end = _end_of(path)
        write_atomically(end, data)
        if mode is not None:
            end.chmod(stat.S_IMODE(mode))
    except (OSError, RuntimeError) as error:
        raise DeployError(
            "outputs-not-written",
            f"everything is deployed, but {path} could not be written",
            where=str(path.absolute()),
            cause=getattr(error, "strerror", None) or str(error),
            hint="the same command again writes it, and deploys nothing that is deployed already",
        ) from error


def _outputs(run: CurrentRun, planned: Planned) -> dict[str, dict[str, str]]:
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


def _descriptor(path: Path) -> int | None:
    """Which of our own descriptors a path means (/dev/stderr, /dev/fd/3, or a link to them); None for none. Whatever it
    leads to is written to as it is: a file that took its place would be another one than the shell's."""
    own = f"/proc/{os.getpid()}/fd"
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(path.parent)
        if folder in (own, "/dev/fd") and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            return None
        path = Path(folder) / path.readlink()
    return None


def _mode(path: Path) -> int | None:
    """What lies at the end of all links; None where nothing does (yet)."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _end_of(path: Path) -> Path:
    """Where the links lead; OSError or RuntimeError for a loop."""
    return path.parent.resolve() / path.name if not path.is_symlink() else path.resolve()


def _try_beside(path: Path) -> None:
    """Make the directory of a file, and see that a draft can be made in it. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with suppress(FileNotFoundError):
        draft.unlink()


def _write_into(path: Path, data: bytes) -> None:
    """Write into a pipe or a device as it is. A pipe that nobody reads is an error: nobody would end the waiting."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        os.set_blocking(file, True)
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)
