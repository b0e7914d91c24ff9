"""The history: one JSON line per run, appended to a file in the user's state directory. Never needed for a decision."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError, Exit
from rajee_deploy.report.timings import Phase
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.places import state_directory
from rajee_deploy.system.regular_files import LARGE, open_regular, open_to_append, read_within
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = "rajee-deploy.run/1"
_LONGEST_SECONDS = 1e9


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of `up` or `rollback`. `kind` is the plan's; `at` is ISO 8601 in UTC; `project` is a real path.

    `outcome` is done, accepted (its end was not waited for), failed, interrupted, or refused (settings or flags that
    mean nothing that could be done)."""

    at: str
    project: str
    environment: str
    kind: str
    outcome: str
    seconds: float
    built: tuple[str, ...]
    deployed: tuple[str, ...]
    tags: Mapping[str, str]
    phases: tuple[Phase, ...]
    error: str = ""


def outcome_of(error: BaseException) -> tuple[str, str]:
    """The outcome of a run that this ended, and its error's code."""
    match error:
        case KeyboardInterrupt():
            return "interrupted", ""
        case DeployError(code=code, exit_code=Exit.USAGE):
            return "refused", code
        case DeployError(code=code):
            return "failed", code
        case OSError() | MemoryError():
            return "failed", "machine"
        case _:
            return "failed", "bug"


def real_project(directory: Path) -> str:
    """A project as runs name it: whatever links or `..` a path to it goes through."""
    return os.path.realpath(directory)


def is_of_project(run: PastRun, directory: Path) -> bool:
    """Whether a run was this project's; earlier releases kept the path by which it was reached."""
    return _real(run.project) == _real(str(directory))


@cache
def _real(path: str) -> str:
    return os.path.realpath(path)


class History:
    """The file of runs. Lines are written in one piece, so two runs at once do not mix theirs."""

    def __init__(self, path: Path | None = None, most: int = LARGE) -> None:
        self._most = most
        self.path = path or state_directory() / "history.jsonl"

    def append(self, run: PastRun) -> None:
        """Add a run. OSError when it cannot be written; the caller decides what that means."""
        make_place(self.path.parent, self.path.name)
        line = json.dumps({"schema": SCHEMA, **asdict(run)}, ensure_ascii=True) + "\n"
        descriptor = open_to_append(self.path)
        try:
            # A line that a crash cut off must not swallow this one.
            os.write(descriptor, (b"" if self._ends_clean() else b"\n") + line.encode())
        finally:
            os.close(descriptor)

    def runs(self) -> tuple[tuple[PastRun, ...], int]:
        """All runs, oldest first, and how many lines could not be read. DeployError `history-unreadable`."""
        try:
            lines = lines_of(self._text())
        except FileNotFoundError:
            return (), 0
        except OSError as error:
            hint = f"move it away, and the next run begins a new one: mv {self.path} {self.path}.old"
            if isinstance(error, PermissionError):
                hint = "set HOME, or RAJEE_DEPLOY_STATE_DIR, to a directory that is yours"
            raise DeployError(
                "history-unreadable",
                "the history of runs cannot be read",
                where=str(self.path),
                cause=error.strerror or str(error),
                hint=hint,
            ) from error
        read = [_parse(line) for line in lines if line.strip()]
        return tuple(run for run in read if run is not None), sum(run is None for run in read)

    def _text(self) -> str:
        """The whole file; of one that is too long to be held the last runs."""
        with open_regular(self.path) as file:
            before = max(0, os.fstat(file.fileno()).st_size - self._most)
            file.seek(before)
            data = read_within(file, self.path, 2 * self._most)  # others may append meanwhile
        return (data.partition(b"\n")[2] if before else data).decode("utf-8", "replace")

    def _ends_clean(self) -> bool:
        size = self.path.stat().st_size
        if size == 0:
            return True
        with open_regular(self.path) as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"


def _parse(line: str) -> PastRun | None:
    """The run of a line; None for whatever is not wholly one."""
    try:
        document = parse_json(line, errors="surrogateescape")  # a project's path may have any bytes
        if document.pop("schema") != SCHEMA:
            return None
        lists = {key: tuple(_list(document.pop(key))) for key in ("built", "deployed")}
        run = PastRun(**document | lists | {"phases": tuple(Phase(**phase) for phase in _list(document["phases"]))})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return run if _is_sound(run) else None


def _is_sound(run: PastRun) -> bool:
    """Whether every field is of its type: who reads a run sorts, counts and shows it."""
    if not isinstance(run.tags, dict) or not _is_moment(run.at):
        return False
    texts = (run.project, run.environment, run.kind, run.outcome, run.error, *run.built, *run.deployed)
    numbers = (run.seconds, *(number for phase in run.phases for number in (phase.start, phase.seconds)))
    names = (*run.tags, *run.tags.values(), *(phase.name for phase in run.phases))
    return all(isinstance(text, str) for text in (*texts, *names)) and all(map(_is_duration, numbers))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LONGEST_SECONDS


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
