"""What one run of the tests has of its own, and how nothing is left of it.

A run has a directory: its HOME (docker's settings, cdk's and boto3's caches go there), and a list of what it makes
outside of directories. It holds a lock on it for as long as it lives, so that the next run finds what a killed one
left, and removes it. Workers of pytest-xdist belong to the run of their controller.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

DIRECTORY = "RAJEE_TESTS_SESSION"  # where workers, and the programs that tests start, find it
_PREFIX = f"rajee-tests-{os.getuid()}-"


@dataclass
class Session:
    """The run of this process."""

    directory: Path
    lock: IO[str]

    def end(self) -> None:
        """Remove what was made. The caches that are the same in every run stay: they lie elsewhere."""
        _remove(self.directory)
        self.lock.close()


def begin() -> Session:
    """Remove what killed runs left, and give this one its own home, for all programs that it starts."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _sweep(left)
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = (directory / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.environ[DIRECTORY] = str(directory)
    # A sandbox is a process of its own session, which nobody would end: see rajee_deploy/sandbox/__main__.py.
    os.environ["RAJEE_SANDBOX_ENDS_WITH"] = str(os.getpid())
    _move_home(directory / "home")
    return Session(directory, lock)


def note(kind: str, name: str) -> None:
    """What lies outside of directories until the run is over: the `registry` (as host:port) that images in the engine
    are of, an `image` in it, a `bridge` of the kernel, a `mount`."""
    with Path(os.environ[DIRECTORY], "made").open("a") as file:
        file.write(f"{kind} {name}\n")


def add_note(line: str) -> None:
    """For the last lines of the run, whichever worker has it."""
    with Path(os.environ[DIRECTORY], "notes").open("a") as file:
        file.write(f"{line}\n")


def notes() -> list[str]:
    """What was noted, once, however many workers said it."""
    path = Path(os.environ[DIRECTORY], "notes")
    return list(dict.fromkeys(path.read_text().splitlines())) if path.exists() else []


def ending_with_us(*argv: str) -> list[str]:
    """A command that gets a SIGTERM when this process ends in whatever way, where the machine can do that."""
    return ["setpriv", "--pdeathsig=TERM", *argv] if shutil.which("setpriv") else list(argv)


def _sweep(directory: Path) -> None:
    """Remove a directory whose run has ended."""
    try:
        with (directory / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(directory)
    except OSError:
        return  # it lives, or another run sweeps it too


def _remove(directory: Path) -> None:
    made = directory / "made"
    lines = made.read_text().splitlines() if made.exists() else []
    names: dict[str, set[str]] = {}
    for kind, _, name in (line.partition(" ") for line in lines):
        names.setdefault(kind, set()).add(name)
    forget_images(names.get("registry", set()))
    undone = {"bridge": ("ip", "link", "delete"), "mount": ("umount", "--lazy"), "image": ("docker", "image", "rm")}
    for kind, undo in undone.items():
        for name in names.get(kind, ()):
            subprocess.run([*undo, name], capture_output=True, check=False)  # mostly it is gone
    shutil.rmtree(directory, ignore_errors=True)


def forget_images(hosts: set[str]) -> None:
    """Take images of these registries out of the engine, under their tags and their digests."""
    if not hosts or not shutil.which("docker"):
        return
    listed = subprocess.run(
        ["docker", "image", "ls", "--digests", "--format", "{{json .}}"], capture_output=True, text=True, check=False
    )
    rows = [row for row in map(json.loads, listed.stdout.splitlines()) if row["Repository"].split("/")[0] in hosts]
    names = {f"{row['Repository']}:{row['Tag']}" for row in rows if row["Tag"] != "<none>"}
    names |= {f"{row['Repository']}@{row['Digest']}" for row in rows if row["Digest"] != "<none>"}
    if names:
        # One may go with another.
        subprocess.run(["docker", "image", "rm", "--force", *sorted(names)], capture_output=True, check=False)


# -- home --------------------------------------------------------------------------------------------------------------


def _move_home(home: Path) -> None:
    docker = _docker_settings()
    engine = _engine_address()
    home.mkdir()
    (home / ".docker").mkdir()
    if (docker / "cli-plugins").is_dir():
        (home / ".docker" / "cli-plugins").symlink_to(docker / "cli-plugins")
    if engine:
        os.environ["DOCKER_HOST"] = engine
    os.environ["DOCKER_CONFIG"] = str(home / ".docker")
    os.environ["HOME"] = str(home)
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        os.environ.pop(f"XDG_{name}_HOME", None)
    os.environ.pop("CDK_HOME", None)
    # jsii unpacks libraries of 100 MB, the same in every run.
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(Path(sys.prefix) / "jsii-cache"))


def _docker_settings() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _engine_address() -> str:
    """Where the user's chosen docker context leads; "" for the default one, or where variables say it."""
    if "DOCKER_HOST" in os.environ or not (_docker_settings() / "config.json").exists() or not shutil.which("docker"):
        return ""
    ask = ["docker", "context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}}"]
    name, _, address = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip().partition(" ")
    return "" if name == "default" else address
