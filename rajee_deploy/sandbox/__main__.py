"""The sandbox's server process: `python -m rajee_deploy.sandbox --port 0 --note FILE`. Ends on SIGTERM or SIGINT.

Owns the process: its temporary folder, its note, its signals. People start it with `rajee-deploy sandbox start`.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.sandbox.state import SandboxState, remove_note, state_file, write_note
from rajee_deploy.system.temporary import private_directory, sweep
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from types import FrameType

_LOOK_SECONDS = 0.5


def main(argv: list[str] | None = None) -> int:
    """Serve until told to end; 0 then, 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m rajee_deploy.sandbox")
    parser.add_argument("--port", type=_port, default=0, help="0 takes a free one")
    parser.add_argument("--note", type=Path, default=None, help="where to note process id and port")
    arguments = parser.parse_args(argv)
    note: Path = arguments.note or state_file()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    if owner := int(os.environ.get("RAJEE_SANDBOX_ENDS_WITH") or 0):
        threading.Thread(target=_end_with, args=(owner,), daemon=True).start()
    try:
        sweep()  # the blobs of one that was killed
        with private_directory("sandbox") as folder:
            _serve(arguments.port, folder, note)
    except (OSError, DeployError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    finally:
        # Last: whoever waits for our end waits for this.
        remove_note(note, os.getpid())
    return 0


def _port(text: str) -> int:
    number = whole(text)
    if number is None or number >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return number


def _serve(port: int, folder: Path, note: Path) -> None:
    from rajee_deploy.sandbox.descriptions import read_once

    read_once()  # before moto is imported
    from rajee_deploy.sandbox.server import serve

    def ready(taken: int) -> None:
        write_note(note, SandboxState(os.getpid(), taken, datetime.now(UTC).isoformat(timespec="seconds")))

    # For a proxy before the registry: what repositories' addresses say instead of our own port.
    registry_port = int(os.environ.get("RAJEE_SANDBOX_REGISTRY_PORT") or 0)
    serve(port, folder, secrets.token_hex(32), ready, registry_port)


def _end_with(owner: int) -> None:
    """End when process `owner` has: a run of tests that was killed ends nothing that it started."""
    while _runs(owner):
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the cleaning up
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
