"""The history: one JSON line per run, appended to a file in the user's state directory. Never needed for a decision.

Within one version of the schema keys are only added: a line of an older release lacks some, and those that a newer
release added are passed over. Lines of other kinds (see `checks`) lie in the same file.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError, Exit
from rajee_deploy.report import checks
from rajee_deploy.report.checks import Check, check_of, is_moment
from rajee_deploy.report.timings import Phase
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.places import state_directory
from rajee_deploy.system.regular_files import LARGE, open_regular, open_to_append, read_within
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SCHEMA = "rajee-deploy.run/1"
_LONGEST_SECONDS = 1e9
_LONGEST_CAUSE = 300


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of `up` or `rollback`. `kind` is the plan's; `at` is ISO 8601 in UTC; `project` is a real path.

    `outcome` is done, accepted (its end was not waited for), failed, interrupted, or refused (settings or flags that
    mean nothing that could be done); `error` is the code of what ended it, `cause` says it in a line.

    Empty where nobody knows: `id` is this run's alone, wherever its line is copied; `project_id` is the same for one
    project on all machines; `revision` is the commit that is checked out (`-dirty` behind it where files differ), and
    `committed` its time; `reason` is why something was done. `layers` says of built images whether they have the same
    layers as what their stack ran before: same or other. `agreed` are stacks that a hash called unchanged and a synth
    did, too; `disagreed` are those that the synth calls changed."""

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
    cause: str = ""
    id: str = ""
    project_id: str = ""
    revision: str = ""
    committed: str = ""
    reason: str = ""
    layers: Mapping[str, str] = field(default_factory=dict)
    agreed: tuple[str, ...] = ()
    disagreed: tuple[str, ...] = ()


_ADDED = ("cause", "id", "project_id", "revision", "committed", "reason", "layers", "agreed", "disagreed")
_LISTS = ("built", "deployed", "agreed", "disagreed")
_KEYS = frozenset(one.name for one in fields(PastRun))


def new_id() -> str:
    """For one run, on whatever machine."""
    return os.urandom(8).hex()


def outcome_of(error: BaseException) -> tuple[str, str, str]:
    """The outcome of a run that this ended, its error's code, and what is said of it in a line."""
    match error:
        case KeyboardInterrupt():
            return "interrupted", "", ""
        case DeployError(code=code, exit_code=Exit.USAGE):
            return "refused", code, _in_a_line(error)
        case DeployError(code=code):
            return "failed", code, _in_a_line(error)
        case OSError() | MemoryError():
            return "failed", "machine", ""
        case _:
            return "failed", "bug", ""


def _in_a_line(error: DeployError) -> str:
    words = " ".join(error.problem.split())
    return words if len(words) <= _LONGEST_CAUSE else f"{words[: _LONGEST_CAUSE - 1]}…"


def real_project(directory: Path) -> str:
    """A project as runs name it: whatever links or `..` a path to it goes through."""
    return os.path.realpath(directory)


def is_of_project(run: PastRun | Check, directory: Path) -> bool:
    """Whether a run was this project's; earlier releases kept the path by which it was reached."""
    return _real(run.project) == _real(str(directory))


@cache
def _real(path: str) -> str:
    return os.path.realpath(path)


@dataclass(frozen=True, slots=True)
class HistoryEntries:
    """What a history holds, oldest first, and how many of its lines could not be read."""

    runs: tuple[PastRun, ...] = ()
    checks: tuple[Check, ...] = ()
    unreadable: int = 0


def own_path() -> Path:
    """Where this machine's history lies."""
    return state_directory() / "history.jsonl"


class History:
    """The file of runs. Lines are written in one piece, so two runs at once do not mix theirs."""

    def __init__(self, path: Path | None = None, most: int = LARGE) -> None:
        self._most = most
        self.path = path or own_path()

    def append(self, run: PastRun) -> None:
        """Add a run. OSError when it cannot be written; the caller decides what that means."""
        self.append_lines([line_of(run)])

    def append_lines(self, lines: Sequence[str]) -> None:
        """Add lines, each without its end. OSError as `append`."""
        make_place(self.path.parent, self.path.name)
        text = "".join(f"{line}\n" for line in lines)
        descriptor = open_to_append(self.path)
        try:
            # A line that a crash cut off must not swallow this one.
            data = (b"" if self._ends_clean() else b"\n") + text.encode()
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)

    def runs(self) -> tuple[tuple[PastRun, ...], int]:
        """All runs, oldest first, and how many lines could not be read. DeployError `history-unreadable`."""
        found = self.entries()
        return found.runs, found.unreadable

    def entries(self) -> HistoryEntries:
        """All that the file holds, oldest first; nothing where there is none. DeployError `history-unreadable`."""
        try:
            return entries_of(self._text())
        except FileNotFoundError:
            return HistoryEntries()
        except OSError as error:
            raise self._unreadable(error) from error

    def text(self) -> str:
        """The file as it is. DeployError `history-unreadable`, also where there is none."""
        try:
            return self._text()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> DeployError:
        hint = f"move it away, and the next run begins a new one: mv {self.path} {self.path}.old"
        if self.path != own_path():
            hint = "name a history.jsonl, what rajee-deploy up --json printed, or a directory that holds such files"
        elif isinstance(error, PermissionError):
            hint = "set HOME, or RAJEE_DEPLOY_STATE_DIR, to a directory that is yours"
        return DeployError(
            "history-unreadable",
            "the history of runs cannot be read",
            where=str(self.path),
            cause=error.strerror or str(error),
            hint=hint,
        )

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


def entries_of(text: str) -> HistoryEntries:
    """What the lines of a history say."""
    runs: list[PastRun] = []
    checks: list[Check] = []
    unreadable = 0
    for line in lines_of(text):
        if not line.strip():
            continue
        match _parse(line):
            case PastRun() as run:
                runs.append(run)
            case Check() as check:
                checks.append(check)
            case None:
                unreadable += 1
    return HistoryEntries(tuple(runs), tuple(checks), unreadable)


def line_of(entry: PastRun | Check) -> str:
    """A run or a check as a line of the history, without its end."""
    return json.dumps(document_of(entry), ensure_ascii=True)


def document_of(entry: PastRun | Check) -> dict[str, Any]:
    """The same as a value; of what was added to the schema only what is known."""
    if isinstance(entry, Check):
        return {"schema": checks.SCHEMA, **asdict(entry)}
    values = asdict(entry)
    return {"schema": SCHEMA, **{key: value for key, value in values.items() if value or key not in _ADDED}}


def _parse(line: str) -> PastRun | Check | None:
    """The entry of a line; None for whatever is not wholly one."""
    try:
        document = parse_json(line, errors="surrogateescape")  # a project's path may have any bytes
        return check_of(document) if document.get("schema") == checks.SCHEMA else run_of(document)
    except (ValueError, TypeError, AttributeError):
        return None


def run_of(document: Any) -> PastRun | None:
    """The run of a line's value; None for whatever is not wholly one."""
    try:
        if document["schema"] != SCHEMA:
            return None
        known = {key: value for key, value in document.items() if key in _KEYS}
        lists = {key: tuple(_list(known[key])) for key in _LISTS if key in known}
        phases = tuple(Phase(one["name"], one["start"], one["seconds"]) for one in _list(known["phases"]))
        run = PastRun(**known | lists | {"phases": phases})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return run if _is_sound(run) else None


def _is_sound(run: PastRun) -> bool:
    """Whether every field is of its type: who reads a run sorts, counts and shows it."""
    if not isinstance(run.tags, dict) or not isinstance(run.layers, dict) or not is_moment(run.at):
        return False
    if run.committed != "" and not is_moment(run.committed):
        return False
    texts = (run.project, run.environment, run.kind, run.outcome, run.error, *run.built, *run.deployed)
    texts += (run.cause, run.id, run.project_id, run.revision, run.reason, *run.agreed, *run.disagreed)
    numbers = (run.seconds, *(number for phase in run.phases for number in (phase.start, phase.seconds)))
    names = (*run.tags, *run.tags.values(), *run.layers, *run.layers.values(), *(phase.name for phase in run.phases))
    return all(isinstance(text, str) for text in (*texts, *names)) and all(map(_is_duration, numbers))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LONGEST_SECONDS
