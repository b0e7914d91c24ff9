"""A run of the tests leaves nothing, and removes what a killed one left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLED = "import os, session; session.begin(); session.note('mount', '/nowhere'); os.kill(os.getpid(), 9)"
ENDED = "import session; session.begin().end()"
ASKING = (
    "import os, session; own = session.begin(); print(*(os.environ.get(name, '-') for name in {names!r})); own.end()"
)


@pytest.fixture
def run(tmp_path):
    """Runs a line of Python in a process of its own, whose temporary directory and home are this test's."""

    def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "JSII_", "XDG_"))}
        own = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parent)}
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, **own, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return python


def test_what_a_killed_run_left_goes_with_the_next(run, tmp_path):
    assert run(KILLED).returncode == -9
    assert list(tmp_path.iterdir())
    assert run(ENDED).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_lives_is_left_alone(run, tmp_path):
    waiting = "import session; own = session.begin(); print(own.directory, flush=True); input(); own.end()"
    with subprocess.Popen(
        [sys.executable, "-c", waiting],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent)},
    ) as living:
        directory = living.stdout.readline().strip()
        assert run(ENDED).returncode == 0
        assert [str(path) for path in tmp_path.iterdir()] == [directory]
        living.communicate("\n")
    assert list(tmp_path.iterdir()) == []


def test_programs_find_no_home_but_the_runs(run, tmp_path):
    plugins = tmp_path / "home" / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    names = ("HOME", "DOCKER_CONFIG", "XDG_CACHE_HOME", "RAJEE_TESTS_SESSION")
    said = run(ASKING.format(names=names), XDG_CACHE_HOME=str(tmp_path / "elsewhere")).stdout.split()
    own = said[3]
    assert said == [f"{own}/home", f"{own}/home/.docker", "-", own]
    assert plugins.is_dir(), "the user's own stay"


def test_this_run_has_a_home_of_its_own():
    assert Path.home() == Path(os.environ["RAJEE_TESTS_SESSION"]) / "home"
