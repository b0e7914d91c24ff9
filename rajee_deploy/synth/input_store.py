"""What infrastructure hashes were made of, kept on the machine that made them, so that a later run can name what moved.

A courtesy: nothing is decided by it, any of it may be lost, and a file that is damaged or foreign is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rajee_deploy.plan.input_changes import FormerInputs, digests_of
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import DOCUMENT, read_json
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rajee_deploy.fingerprint import Fingerprint

_SCHEMA = "rajee-deploy.infra-inputs/1"
_KEPT = 16  # hashes of one app
_MOST_INPUTS = 100_000
_DIGITS, _CHOSEN = 32, 8  # in a file's name, of the hash and of the settings


class InputStore:
    """Those of one app, in `directory`; `app` is where it lies in the checkout. `settings` are those that decide which
    synths of it are compared (by key, as text): with others, it is another list of inputs."""

    def __init__(self, directory: Path, app: str = "", settings: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._app = app
        self._settings = dict(settings or {})

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
            document = {"schema": _SCHEMA, "app": self._app, "inputs": inputs, "settings": self._settings}
            write_atomically(path, json.dumps(document).encode(), private=True)
            for old in self._newest_first()[_KEPT:]:
                old.unlink(missing_ok=True)

    def find(self, digest: str) -> FormerInputs | None:
        """What the hash was made of, with these settings where it was; None where that is not known here."""
        own = self._path(digest)
        for path in (own, *(each for each in self._newest_first(_hex(digest)) if each != own)):
            found = self._read(path)
            if found is not None:
                with suppress(OSError):
                    os.utime(path)  # what is asked for stays
                return found
        return None

    def latest(self) -> FormerInputs | None:
        """The same of the hash that was kept or met last."""
        paths = self._newest_first()
        return self._read(paths[0]) if paths else None

    def _read(self, path: Path) -> FormerInputs | None:
        try:
            document = read_json(path, DOCUMENT, errors="surrogateescape")
        except (OSError, ValueError):
            return None
        if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
            return None
        inputs, settings = _texts(document.get("inputs")), _texts(document.get("settings", {}))
        if inputs is None or settings is None:
            return None
        moved = (key for key in settings if settings[key] != self._settings.get(key, settings[key]))
        return FormerInputs(inputs, str(document.get("app", "")), tuple(moved))

    def _path(self, digest: str) -> Path:
        chosen = hashlib.sha256(json.dumps(self._settings, sort_keys=True).encode()).hexdigest()
        return self._directory / f"inputs-{_hex(digest)}{chosen[:_CHOSEN]}.json"

    def _newest_first(self, start: str = "") -> list[Path]:
        try:
            return sorted(self._directory.glob(f"inputs-{start}*.json"), key=_moment, reverse=True)
        except OSError:
            return []  # closed to us


def _hex(digest: str) -> str:
    """Of a hash what stands in the name of its file."""
    name = re.sub("[^0-9a-f]", "", digest.rpartition(":")[2])[:_DIGITS]
    return f"{name:0<{_DIGITS}}"


def _is_there(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode) if os.path.lexists(path) else False


def _moment(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # somebody made room meanwhile


def _texts(value: Any) -> dict[str, str] | None:
    """A table of texts; None for anything else."""
    return value if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()) else None
