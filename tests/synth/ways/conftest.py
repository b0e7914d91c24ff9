"""The world in which a way of looking is judged: a clean environment, and directories of its own."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from synth.ways.world import INFRA, World, judge

# The tests' own session finds these.
_KEPT = ("RAJEE_TESTS_SESSION", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER")


@pytest.fixture
def make_world(tmp_path, monkeypatch, note):
    """The world of one way. A program that it needs and this machine lacks is said in the last lines of the run."""
    with ExitStack() as stack:

        def make(way) -> World:
            if way.needs and shutil.which(way.needs) is None:
                note(f"a way of looking at the world: {way.name} needs {way.needs}, which is not here")
                pytest.skip(f"{way.needs} is not installed")
            _clean(monkeypatch, tmp_path)
            return World(way, tmp_path / "world", tmp_path / "kept", stack)

        yield make


@pytest.fixture
def check(make_world):
    """Judges one way."""

    def check(way) -> None:
        faults = judge(make_world(way))
        assert not faults, "\n".join(["", *faults])

    return check


def _clean(monkeypatch, tmp_path: Path) -> None:
    path = [str(Path(sys.executable).parent), str(INFRA / "node_modules" / ".bin"), os.environ["PATH"]]
    for name in [name for name in os.environ if name not in _KEPT]:
        monkeypatch.delenv(name)
    home = tmp_path / "world" / "home"
    given = {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "USER": "me",
        "LOGNAME": "me",
        "SHELL": "/bin/sh",
        "TMPDIR": str(tmp_path / "world" / "tmp"),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "RAJEE_DEPLOY_CACHE_DIR": str(tmp_path / "kept" / "cache"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", None)
