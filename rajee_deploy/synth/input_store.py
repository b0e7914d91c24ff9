"""What infrastructure hashes were made of, kept on the machine that made them, so that a later run can name what moved.

A courtesy: nothing is decided by it, any of it may be lost, and a file that is damaged or foreign is as good as none.
"""

from __future__ import annotations

import json
import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.plan.input_changes import FormerInputs, digests_of
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import DOCUMENT, read_json
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from pathlib import Path

    from rajee_deploy.fingerprint import Fingerprint

_SCHEMA = "rajee-deploy.infra-inputs/1"
_KEPT = 16  # hashes of one app
_MOST_INPUTS = 100_000


class InputStore:
    """Those of one app, in `directory`; `app` is where it lies in the checkout."""

    def __init__(self, directory: Path, app: str = "") -> None:
        self._directory = directory
        self._app = app

    def keep(self, fingerprint: Fingerprint) -> None:
        """Keep what the hash is made of. Never fails: without it a change has no name, and no more."""
        path = self._path(str(fingerprint.digest))
        with optional(self._directory):
            if _is_there(path):
                os.utime(path)
                return
            inputs = digests_of(fingerprint)
            if len(inputs) > _MOST_INPUTS:
                return
            make_place(self._directory)
            document = {"schema": _SCHEMA, "app": self._app, "inputs": inputs}
            write_atomically(path, json.dumps(document).encode(), private=True)
            for old in self._newest_first()[_KEPT:]:
                old.unlink(missing_ok=True)

    def find(self, digest: str) -> FormerInputs | None:
        """What the hash was made of; None where that is not known here."""
        path = self._path(digest)
        found = _read(path)
        if found is not None:
            with suppress(OSError):
                os.utime(path)  # what is asked for stays
        return found

    def latest(self) -> FormerInputs | None:
        """The same of the hash that was kept or met last."""
        paths = self._newest_first()
        return _read(paths[0]) if paths else None

    def _path(self, digest: str) -> Path:
        name = re.sub("[^0-9a-f]", "", digest.rpartition(":")[2])[:40]
        return self._directory / f"inputs-{name:0<40}.json"

    def _newest_first(self) -> list[Path]:
        try:
            return sorted(self._directory.glob("inputs-*.json"), key=_moment, reverse=True)
        except OSError:
            return []  # closed to us


def _is_there(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode) if os.path.lexists(path) else False


def _moment(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # somebody made room meanwhile


def _read(path: Path) -> FormerInputs | None:
    try:
        document = read_json(path, DOCUMENT, errors="surrogateescape")
    except (OSError, ValueError):
        return None
    inputs = document.get("inputs") if isinstance(document, dict) and document.get("schema") == _SCHEMA else None
    if not isinstance(inputs, dict) or not all(isinstance(each, str) for each in inputs.values()):
        return None
    return FormerInputs(inputs, str(document.get("app", "")))
