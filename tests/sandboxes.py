"""A sandbox for as long as some tests need it."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import session

from rajee_deploy.sandbox import control
from rajee_deploy.sandbox.state import state_file
from rajee_deploy.system.ours import make_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.sandbox.state import SandboxState


def start(**variables: str) -> SandboxState:
    """As `control.start`, in the state directory that the variables name, but by a process that has imported moto."""
    note = state_file()
    make_place(note.parent, note.name, f"{note.stem}.log")
    log = note.with_suffix(".log")
    asked = {"note": str(note), "log": str(log), "variables": {**os.environ, **variables}}
    template = _template(os.getpid())
    assert template.stdin is not None
    assert template.stdout is not None
    template.stdin.write(json.dumps(asked) + "\n")
    template.stdin.flush()
    pid = int(template.stdout.readline())
    deadline = time.monotonic() + control.START_SECONDS
    while (found := control.status()) is None or found.pid != pid:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return found


@contextmanager
def variables(whole: Mapping[str, str]) -> Iterator[None]:
    """The environment is this one, whole."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(whole)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@cache
def _template(_process: int) -> subprocess.Popen[str]:
    """Of this process. It ends with its stdin, so with us, however we end."""
    argv = [sys.executable, "-P", str(Path(__file__).with_name("sandbox_template.py"))]
    made = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(made.communicate)
    return made


@contextmanager
def running_sandbox(home: Path) -> Iterator[SandboxState]:
    """Runs it in the state directory `home`; what engines keep of its images goes at the end of the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
        state = start()
    session.note("registry", state.registry)
    try:
        yield state
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
            assert control.stop() is not None, "the sandbox died during the tests"


@contextmanager
def own_cloud(home: Path) -> Iterator[dict[str, str]]:
    """The variables that lead to a sandbox of its own, for programs that are given those and none of the caller's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "RAJEE_DEPLOY_"))]:
            patch.delenv(name)
        patch.setenv("RAJEE_DEPLOY_STATE_DIR", str(home))
        start()
        try:
            yield dict(control.environment())
        finally:
            control.stop()


def note_images_of(endpoint: str) -> None:
    """The same of a sandbox that a command started, by its AWS_ENDPOINT_URL."""
    session.note("registry", f"localhost:{urlsplit(endpoint).port}")
