"""The history: one JSON line per run, appended to a file in the user's state directory. Never needed for a decision."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.foreign import parse_json
from rajee_deploy.lines import lines_of
from rajee_deploy.ours import make_place
from rajee_deploy.places import state_directory
from rajee_deploy.report.timings import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = "rajee-deploy.run/1"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of `up`. `outcome` is done, failed or interrupted; `kind` is the plan's; `at` is ISO 8601 in UTC."""

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


class History:
    """The file of runs. Lines are written in one piece, so two runs at once do not mix theirs."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_directory() / "history.jsonl"

    def append(self, run: Run) -> None:
        """Add a run. OSError when it cannot be written; the caller decides what that means."""
        make_place(self.path.parent, self.path.name)
        line = json.dumps({"schema": SCHEMA, **asdict(run)}, ensure_ascii=True) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A line that a crash cut off must not swallow this one.
            os.write(descriptor, (b"" if self._ends_clean() else b"\n") + line.encode())
        finally:
            os.close(descriptor)

    def runs(self) -> tuple[tuple[Run, ...], int]:
        """All runs, oldest first, and how many lines could not be read."""
        try:
            lines = lines_of(self.path.read_text("utf-8", errors="replace"))
        except FileNotFoundError:
            return (), 0
        read = [_parse(line) for line in lines if line.strip()]
        return tuple(run for run in read if run is not None), sum(run is None for run in read)

    def _ends_clean(self) -> bool:
        size = self.path.stat().st_size
        if size == 0:
            return True
        with self.path.open("rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"


def _parse(line: str) -> Run | None:
    try:
        document = parse_json(line)
        if document.pop("schema") != SCHEMA:
            return None
        phases = tuple(Phase(**phase) for phase in document.pop("phases"))
        run = Run(
            **{**document, "built": tuple(document["built"]), "deployed": tuple(document["deployed"])}, phases=phases
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return run if isinstance(run.seconds, (int, float)) else None
