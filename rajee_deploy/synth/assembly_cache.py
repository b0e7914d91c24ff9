"""Cloud assemblies kept per fingerprint, so that nothing is synthesised twice. Bounded; any of it may be lost.

An assembly is kept only when it is complete in itself, it appears in its place whole or not at all, and it is used as a
private copy whose every byte was checked against the digest that was taken when it was made.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.plan.parameters import Declared
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackContent, Synthesised
from rajee_deploy.synth.assembly import is_complete
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.regular_files import LARGE, open_regular, read_json
from rajee_deploy.system.unkept import optional

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 4  # per app; the templates of the rest are remembered longer
REMEMBERED = 64
_DRAFT = ".new-"
_DRAFT_LIFE_SECONDS = 24 * 3600.0  # whoever made it was killed
_RECORD = "record.json"
_ASSEMBLY = "cdk.out"


class AssemblyStore:
    """The assemblies of one app, in `directory`. Keys are made of whatever decides a synth."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def remember(self, key: str) -> Mapping[str, Synthesised]:
        """The stacks that a synth of this key made; empty when that is not known (any more)."""
        record = _read_record(self._directory / _name(key) / _RECORD)
        return _stacks_of(record)

    def latest(self) -> tuple[str, Mapping[str, Synthesised]]:
        """The account that the last synth was for, whatever its inputs, and the stacks that it made: a guess at what
        the next one makes, and no more."""
        found = self._matching(_RECORD)
        record = _read_record(max(found, key=_changed_at)) if found else {}
        return record.get("account", ""), _stacks_of(record)

    def latest_assembly(self) -> Path | None:
        """The assembly of the last synth, of those that were kept; to look at, no more."""
        found = self._matching(_ASSEMBLY)
        return max(found, key=lambda path: _changed_at(path.with_name(_RECORD))) if found else None

    def _matching(self, name: str) -> list[Path]:
        """What has this name in the kept places, as far as they may be looked into."""
        try:
            return [path for path in self._directory.glob(f"[!.]*/{name}") if path.stat()]
        except OSError:
            return []  # gone meanwhile, or closed to us

    def take(self, key: str, into: Path, *, whole: bool = True) -> bool:
        """Copy the assembly of this key to the (absent) directory `into`; whether there was a sound one. Not `whole`:
        without what is uploaded besides, for a look at the templates."""
        place = self._directory / _name(key)
        record = _read_record(place / _RECORD)
        if not record.get("digest" if whole else "documents"):
            return False
        try:
            shutil.copytree(place / _ASSEMBLY, into, symlinks=True, ignore=None if whole else _all_but_documents)
            if _digest(into) == record["digest" if whole else "documents"]:
                os.utime(place / _RECORD)
                return True
        except OSError:
            pass  # somebody made room meanwhile
        shutil.rmtree(into, ignore_errors=True)
        return False

    def keep(self, key: str, assembly: Path, stacks: Mapping[str, Synthesised], account: str = "") -> None:
        """Keep what a synth of this key made for an account. A disk that is full costs nothing but the next synth."""
        with optional(self._directory), suppress(DeployError):  # an assembly that is not whole in itself
            self._keep(key, assembly, stacks, account)

    def _keep(self, key: str, assembly: Path, stacks: Mapping[str, Synthesised], account: str) -> None:
        temporary = None
        import tempfile  # for a synth alone

        try:
            make_place(self._directory)
            temporary = Path(tempfile.mkdtemp(dir=self._directory, prefix=_DRAFT))
            record: dict[str, Any] = {
                "account": account,
                "stacks": {name: asdict(stack) for name, stack in stacks.items()},
            }
            if is_complete(assembly):
                shutil.copytree(assembly, temporary / _ASSEMBLY, symlinks=True)
                record["digest"] = _digest(temporary / _ASSEMBLY)
                record["documents"] = _digest(temporary / _ASSEMBLY, is_whole=False)
            (temporary / _RECORD).write_text(json.dumps(record), "utf-8")
            place = self._directory / _name(key)
            shutil.rmtree(place, ignore_errors=True)
            temporary.rename(place)
            self._make_room()
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)

    def _make_room(self) -> None:
        # By the record, which nothing but its use touches.
        records = sorted(self._directory.glob("[!.]*/" + _RECORD), key=lambda path: path.stat().st_mtime_ns)
        places = [path.parent for path in reversed(records)]
        for path in places[REMEMBERED:]:
            shutil.rmtree(path, ignore_errors=True)
        for path in places[KEPT:REMEMBERED]:
            shutil.rmtree(path / _ASSEMBLY, ignore_errors=True)
        for path in self._directory.glob(_DRAFT + "*"):
            if time.time() - path.stat().st_mtime > _DRAFT_LIFE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _all_but_documents(folder: str, names: list[str]) -> list[str]:
    """Of an assembly's files what is no manifest and no template. The CDK calls assets `asset.<hash>`."""
    return [name for name in names if name.startswith("asset.") or not _may_be_document(folder, name)]


def _may_be_document(folder: str, name: str) -> bool:
    path = Path(folder, name)
    return not path.is_symlink() and (path.is_dir() or name.endswith(".json"))


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _read_record(path: Path) -> dict[str, Any]:
    try:
        document = read_json(path, LARGE, errors="surrogatepass")
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # somebody made room meanwhile


def _stacks_of(record: Mapping[str, Any]) -> dict[str, Synthesised]:
    try:
        stacks = record.get("stacks", {})
        if not all("place" in stack and "declared" in stack for stack in stacks.values()):
            return {}  # of a release that knew of no places, or of no parameters
        return {name: _parse_synthesised(stack) for name, stack in stacks.items()}
    except (TypeError, KeyError, AttributeError):
        return {}  # of a newer release, or nobody's


def _parse_synthesised(document: dict[str, Any]) -> Synthesised:
    content, place = document["content"], document["place"]
    return Synthesised(
        StackContent(
            content["template"],
            content["tags"],
            tuple(content["notification_arns"]),
            content["termination_protection"],
            content.get("effective", ""),
        ),
        tuple(document["parameters"]),
        tuple(document["volatile"]),
        document["leaves_topics"],
        document["sent"],
        {name: Declared(*slot) for name, slot in document["declared"].items()},
        StackPlace(*place) if place is not None else None,
        {str(name): str(tag) for name, tag in document.get("images", {}).items()},
        str(document.get("plain", "")),
    )


def _digest(directory: Path, *, is_whole: bool = True) -> str:
    """A digest over paths, kinds, modes and bytes of all that is in a directory; not `is_whole`: of its documents."""
    whole = hashlib.sha256()
    for folder, folders, files in os.walk(directory):
        left = set() if is_whole else set(_all_but_documents(folder, [*files, *folders]))
        folders[:] = sorted(set(folders) - left)
        for name in sorted({*files, *folders} - left):
            path = Path(folder, name)
            inner = os.fsencode(path.relative_to(directory))
            if path.is_symlink():
                what = b"link " + os.fsencode(path.readlink())
            elif path.is_dir():
                what = b"dir"
            else:
                with open_regular(path) as file:
                    mode = oct(os.fstat(file.fileno()).st_mode & 0o777).encode()
                    what = mode + hashlib.file_digest(file, "sha256").digest()
            whole.update(b"%d:%s%d:%s" % (len(inner), inner, len(what), what))
    return whole.hexdigest()
