"""Histories of other machines and of CI jobs: read from files that were named, and put together with this machine's.

A file is a `history.jsonl`, or what `up --json` printed; a directory may hold many of both, as a store of artifacts
does. Must never change them, and never count a run twice: a run has an id of its own, wherever its line is copied.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.report import checks
from rajee_deploy.report.history import SCHEMA, History, HistoryEntries, PastRun, entries_of, is_of_project, run_of
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from rajee_deploy.report.checks import Check

_ENDINGS = (".json", ".jsonl")
_MOST_FILES = 20_000
_LINES = (SCHEMA, checks.SCHEMA)
_WITH_RUNS = ("rajee-deploy.up/1", "rajee-deploy.rollback/1")


def read_others(paths: Sequence[Path], most_files: int = _MOST_FILES) -> HistoryEntries:
    """All that the files hold. DeployError `history-unreadable` for one that was named and cannot be read; one that
    lies in a directory counts as a line that cannot."""
    return join(_read(path, most_files) for path in paths)


def join(parts: Iterable[HistoryEntries]) -> HistoryEntries:
    """All entries, oldest first, and each of them once."""
    read = list(parts)
    runs = {identity(run): run for one in read for run in one.runs}
    checked = {check.id: check for one in read for check in one.checks}
    return HistoryEntries(_ordered(runs.values()), tuple(checked.values()), sum(one.unreadable for one in read))


def identity(run: PastRun) -> Hashable:
    """What two copies of a run share, and no two runs: earlier releases gave a run no id."""
    return run.id or (run.at, run.project, run.environment, run.kind, run.seconds)


def unknown_of(others: HistoryEntries, own: HistoryEntries) -> HistoryEntries:
    """What others have and this machine does not."""
    runs, checked = {identity(run) for run in own.runs}, {check.id for check in own.checks}
    return HistoryEntries(
        tuple(run for run in others.runs if identity(run) not in runs),
        tuple(check for check in others.checks if check.id not in checked),
    )


def of_project(entries: HistoryEntries, root: Path, project_id: str) -> HistoryEntries:
    """The entries of one project: by its path on this machine, by its id on all. `unreadable` stays: whose those lines
    are nobody can tell."""

    def is_its(entry: PastRun | Check) -> bool:
        return bool(project_id and entry.project_id == project_id) or is_of_project(entry, root)

    return _only(entries, is_its)


def of_environment(entries: HistoryEntries, environment: str) -> HistoryEntries:
    return _only(entries, lambda entry: entry.environment == environment)


def _only(entries: HistoryEntries, is_one: Callable[[PastRun | Check], bool]) -> HistoryEntries:
    return replace(
        entries,
        runs=tuple(run for run in entries.runs if is_one(run)),
        checks=tuple(check for check in entries.checks if is_one(check)),
    )


def with_ids(entries: HistoryEntries) -> HistoryEntries:
    """Each run with the id of its project, where another line of the same file has it for the same path: a run that
    found nothing to do does not look for it."""
    known = {check.project: check.project_id for check in entries.checks if check.project_id}
    known |= {run.project: run.project_id for run in entries.runs if run.project_id}
    runs = (run if run.project_id else replace(run, project_id=known.get(run.project, "")) for run in entries.runs)
    return replace(entries, runs=tuple(runs))


def _ordered(runs: Iterable[PastRun]) -> tuple[PastRun, ...]:
    return tuple(sorted(runs, key=lambda run: datetime.fromisoformat(run.at)))


def _read(path: Path, most_files: int) -> HistoryEntries:
    if not path.is_dir():
        return _of_file(path, is_named=True)
    return join(map(_of_found, _files(path, most_files)))


def _files(directory: Path, most: int) -> Iterator[Path]:
    """Those that may hold runs, in whatever directory below; links are not followed."""
    found = 0
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            if name.endswith(_ENDINGS):
                found += 1
                yield Path(folder, name)
            if found > most:
                raise DeployError(
                    "history-unreadable",
                    f"{directory} holds more than {most:,} files that may be histories",
                    where=str(directory),
                    hint="name the directory in which the histories lie",
                )


def _of_found(path: Path) -> HistoryEntries:
    try:
        return _of_file(path, is_named=False)
    except DeployError:
        return HistoryEntries(unreadable=1)


def _of_file(path: Path, *, is_named: bool) -> HistoryEntries:
    text = History(path).text()
    try:
        document = parse_json(text, errors="surrogateescape")
    except ValueError:
        return with_ids(entries_of(text))
    return with_ids(_of_document(document, text, is_named=is_named))


def _of_document(document: Any, text: str, *, is_named: bool) -> HistoryEntries:
    """The run of what `up --json` or `rollback --json` printed; of other documents nothing."""
    if not isinstance(document, dict):
        return HistoryEntries(unreadable=int(is_named))
    if document.get("schema") in _LINES:
        return entries_of(text)
    if "run" not in document:
        return HistoryEntries(unreadable=int(is_named or document.get("schema") in _WITH_RUNS))
    run = run_of(document["run"])
    return HistoryEntries((run,)) if run is not None else HistoryEntries(unreadable=1)
