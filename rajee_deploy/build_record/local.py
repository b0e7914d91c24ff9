"""The records of this machine's last builds, in the user's state directory: one file each, replaced as a whole.

Of whatever repository: a tag is made of contents, so it has the same record everywhere.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from rajee_deploy.build_record.store import Kept, Record
from rajee_deploy.errors import DeployError
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.places import state_directory
from rajee_deploy.system.regular_files import LARGE, read_regular
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.model.repository import Repository

KEPT = 50
_SUFFIX = ".record"


class LocalContents:
    """A directory as a ContentsStore. It keeps the newest `most` records. Its files are private to the user."""

    def __init__(self, directory: Path | None = None, most: int = KEPT) -> None:
        self._directory = directory or state_directory() / "contents"
        self._most = most

    def put(self, _repository: Repository, tag: str, record: Record) -> Kept:
        """See ContentsStore. A file that cannot be read any more is replaced."""
        path = self._path(tag)
        with _translate_errors(path):
            there = _parse(_bytes_of(path))
            if there is not None:
                return Kept.SAME if there.document == record.document else Kept.OTHER
            make_place(self._directory)
            data = json.dumps(dict(record.notes), sort_keys=True).encode() + b"\n" + record.document
            write_atomically(path, data, private=True)
            self._drop_oldest()
        return Kept.WRITTEN

    def get(self, _repository: Repository, tag: str) -> Record | None:
        """See ContentsStore. A file without sense is no record."""
        path = self._path(tag)
        with _translate_errors(path):
            return _parse(_bytes_of(path))

    def _path(self, tag: str) -> Path:
        return self._directory / (tag + _SUFFIX)

    def _drop_oldest(self) -> None:
        found = sorted(self._directory.glob(f"*{_SUFFIX}"), key=_age, reverse=True)
        for path in found[self._most :]:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeployError(
            "state-directory",
            "the records of this machine cannot be used",
            where=str(path.parent),
            cause=error.strerror or str(error),
            hint="only rajee-deploy explain misses it; make room, or set RAJEE_DEPLOY_STATE_DIR",
        ) from error


def _age(path: Path) -> float:
    """When a record was written; one that another run has just dropped is the oldest."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _bytes_of(path: Path) -> bytes | None:
    try:
        return read_regular(path, LARGE)
    except FileNotFoundError:
        return None


def _parse(data: bytes | None) -> Record | None:
    if data is None:
        return None
    head, separator, document = data.partition(b"\n")
    try:
        notes = parse_json(head)
        return Record(document, {str(name): str(text) for name, text in notes.items()}) if separator else None
    except (ValueError, AttributeError):
        return None
