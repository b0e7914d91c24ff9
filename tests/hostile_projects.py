"""A checkout like many, to be made hostile, and a way to run a verb on it that ends whatever it holds.

A verb runs in a forked child: what was imported stays imported. It may take so long, and so much memory, and no more.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forked import import_everything
from git_programs import Plants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECONDS = 5.0
BYTES = 512 << 20
SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
parameter = "ImageTag"

[cdk]
app = "cdk"
stacks = ["App"]
"""
WHO = ("-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")
# Of a stack as `up` leaves it, with a revision that git is asked about.
TEMPLATE = {
    "Parameters": {
        name: {"Type": "String", "Default": "-"}
        for name in ("ImageTag", "RajeeInfraHash", "RajeeTemplateHash", "RajeeRevision")
    },
    "Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
}


def git(where: Path, *words: str) -> str:
    argv = ["git", "-C", str(where), *WHO, *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout.strip()


@dataclass(frozen=True)
class Ended:
    """How a verb ended. `code` is None where it had to be ended."""

    code: int | None
    out: str
    err: str
    seconds: float

    @property
    def error(self) -> str:
        """The code of a typed error, "" without one."""
        try:
            document = json.loads(self.out)
        except ValueError:
            return ""
        return document.get("code", "") if str(document.get("schema", "")).startswith("rajee-deploy.error/") else ""


class Hostile:
    """One checkout, its canary, and a machine's own directories beside it."""

    def __init__(self, template: Path, place: Path) -> None:
        self.root = place / "project"
        self.outside = place / "outside"
        shutil.copytree(template, self.root, symlinks=True)
        for name in ("outside", "state", "cache", "tmp", "home"):
            (place / name).mkdir()
        self.plants = Plants(place / "plants")
        canary = self.plants.program("app")
        self.write("cdk/cdk.json", json.dumps({"app": canary, "build": canary}))
        (self.outside / "secret").write_text("secret")
        self.environment = {
            "RAJEE_DEPLOY_STATE_DIR": str(place / "state"),
            "RAJEE_DEPLOY_CACHE_DIR": str(place / "cache"),
            "TMPDIR": str(place / "tmp"),
            "HOME": str(place / "home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "DOCKER_HOST": "tcp://127.0.0.1:9",
        }

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def run(self, *words: str, prepare: Callable[[], None] | None = None, **environment: str) -> Ended:
        return run_in_child(self.root, words, {**self.environment, **environment}, prepare)


def make_template(place: Path) -> str:
    """The checkout that all are copies of; the id of its first commit."""
    files = {
        "rajee-deploy.toml": SETTINGS,
        "Dockerfile": "FROM scratch\nCOPY src /src\n",
        "src/a": "1",
        ".dockerignore": "x\n",
        ".deployignore": "y\n",
        "cdk/app.py": "raise SystemExit('it ran')\n",
        "cdk/package.json": "{}",
        "svc/b": "b",
    }
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    git(place, "init", "-q", "-b", "main")
    commits = []
    for text in ("1", "2"):
        (place / "src/a").write_text(text)
        git(place, "add", "--all")
        git(place, "commit", "-qm", text)
        commits.append(git(place, "rev-parse", "HEAD"))
    return commits[0]


def run_in_child(
    root: Path, words: Sequence[str], environment: Mapping[str, str], prepare: Callable[[], None] | None = None
) -> Ended:
    """A verb, as the command line has it; `prepare` is done in its process first. What it started is ended with it."""
    from rajee_deploy.cli import ending

    import_everything()
    out, err = root.parent / "out", root.parent / "err"
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            os.setsid()
            for descriptor, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            os.environ.update(environment)
            os.chdir(root)
            _limit_memory()
            if prepare is not None:
                prepare()
            sys.argv = ["rajee-deploy", *words]
            code = ending._run()
            ending._tell_waiting()
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code)
    code = _wait(child, began + SECONDS * slowness())
    seconds = time.monotonic() - began
    return Ended(code, out.read_text(errors="replace"), err.read_text(errors="replace"), seconds)


def slowness() -> float:
    """How many wait for each processor, at least one: others' work is nothing of a verb's."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _limit_memory() -> None:
    """What is mapped already, and so much more."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + BYTES, mapped + BYTES))


def _wait(child: int, deadline: float) -> int | None:
    """Its exit code; None where it had to be ended."""
    code: int | None = None
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if code is None:
        os.waitpid(child, 0)
    return code
