"""Where the Docker Engine keeps images and its build cache, so that somebody can look how full it is. Asks the engine;
must never touch what lies there.
"""

from __future__ import annotations

from pathlib import Path

from rajee_deploy.engine.docker_engine import docker_program, own_socket
from rajee_deploy.system.process import run

_SECONDS = 20.0


def find_data_root() -> Path | None:
    """The directory, where the engine that the environment names runs on this very machine; None for one elsewhere, or
    in a machine of its own."""
    try:
        if not own_socket():
            return None
    except OSError:
        return None
    ended = run([docker_program(), "info", "--format", "{{.DockerRootDir}}"], time_limit=_SECONDS)
    told = Path(ended.tail[-1].strip()) if ended.code == 0 and ended.tail else None
    return told if told is not None and told.is_absolute() and told.is_dir() else None
