"""The note that a running sandbox leaves behind: which process, which port, since when.

The server writes it when it answers and removes it when it ends; `control` reads it and trusts it only when the server
confirms it. A note of a machine that was restarted is just a note.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.places import state_directory
from rajee_deploy.system.regular_files import read_json

if TYPE_CHECKING:
    from pathlib import Path

STATE_PATH = "/rajee-sandbox/state"


@dataclass(frozen=True, slots=True)
class SandboxState:
    """A sandbox: its process id, its port on loopback, when it began to answer (ISO 8601, UTC), its repositories'
    names at the time of asking, and whether it answers."""

    pid: int
    port: int
    started: str
    repositories: tuple[str, ...] = ()
    is_running: bool = True

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is set to.

        An IP address and not `localhost`: S3 clients never write a bucket's name before an IP address, so nothing
        must be resolved.
        """
        return f"http://127.0.0.1:{self.port}"

    @property
    def registry(self) -> str:
        """The host that image references begin with."""
        return f"localhost:{self.port}"


def state_file() -> Path:
    """Where the note lies."""
    return state_directory() / "sandbox.json"


def read_note(path: Path) -> SandboxState | None:
    """The note, or None when there is none that can be read."""
    try:
        note = read_json(path)
        return SandboxState(int(note["pid"]), int(note["port"]), str(note["started"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def write_note(path: Path, state: SandboxState) -> None:
    """Write the note in one piece."""
    make_place(path.parent, path.name)
    note = {key: value for key, value in asdict(state).items() if key in ("pid", "port", "started")}
    write_atomically(path, json.dumps(note).encode())


def remove_note(path: Path, pid: int) -> None:
    """Remove the note, if it is the one of this process."""
    note = read_note(path)
    if note is not None and note.pid == pid:
        path.unlink(missing_ok=True)
