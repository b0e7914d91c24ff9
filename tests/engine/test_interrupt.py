"""Ctrl-C while an engine works: its programs end, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rajee_deploy.engine.buildx import Buildx

pytestmark = pytest.mark.docker

DRIVER = """
import pathlib, sys
from rajee_deploy.engine import BuildRequest
from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.model import Platform
from rajee_deploy.model.repository import PushAccess

engine, folder, uri, password = sys.argv[1:]
request = BuildRequest(
    pathlib.Path(folder, "context"), pathlib.Path(folder, "Dockerfile"), (Platform.parse("linux/amd64"),), uri + ":c-1"
)
chosen = Buildx() if engine == "Buildx" else Buildah()
chosen.build_and_push(request, PushAccess(uri, "AWS", password), lambda event: print(event.name, flush=True))
"""


@pytest.mark.parametrize("rig", ["buildx", "buildah"], indirect=True)
def test_an_interrupt_ends_the_build_and_leaves_nothing(rig):
    mark = f"rajee-interrupt-{os.getpid()}-{time.monotonic_ns()}"
    run = f'RUN ["/bin/busybox", "sh", "-c", "echo {mark}; /bin/busybox sleep 600"]'
    rig.request("FROM scratch", "COPY busybox /bin/busybox", run)
    engine = "Buildx" if isinstance(rig.engine, Buildx) else "Buildah"
    running = subprocess.Popen(
        [sys.executable, "-c", DRIVER, engine, str(rig.folder), rig.access.uri, rig.access.password],
        env={**os.environ, "RAJEE_TEST_MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if "sleep 600" in line:
            break
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    assert processes_with(mark) == []
    assert list(rig.temporary.iterdir()) == []
    assert rig.find_config("c-1") is None


def processes_with(mark: str) -> list[str]:
    """Processes that carry the mark in their environment or arguments, however deep they were started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words:
            found.append(words.decode("utf-8", "replace")[-200:])
    return found
