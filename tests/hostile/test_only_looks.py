"""Who only looks writes nothing; an offline verb asks nobody and starts nothing."""

from __future__ import annotations

import os
import sys

import pytest
from hostile_projects import git, run_in_child
from hostile_verbs import FINGERPRINT, PLAN, SINCE, check


def state_of(place):
    """Every entry with all that a write would change; of times none, for reading moves one."""
    found = {}
    for path in sorted(place.rglob("*")):
        status = path.lstat()
        held = path.read_bytes() if path.is_file() else b""
        found[str(path)] = status.st_mode, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, held
    return found


@pytest.mark.parametrize("words", [PLAN, FINGERPRINT, SINCE, ("status", "--json"), ("explain", "src/a")])
def test_who_only_looks_leaves_the_checkout_and_the_home_as_they_are(hostile, words):
    """Git's index, too, though its notes are stale; ours lie in the state and cache directories."""
    hostile.write("cdk/cdk.json", '{"app": "python3 app.py", "context": {}}')
    git(hostile.root, "add", "--all")
    os.utime(hostile.root / "src/a", (1, 1))
    home = hostile.root.parent / "home"
    before = state_of(hostile.root), state_of(home)
    check(hostile, words)
    assert (state_of(hostile.root), state_of(home)) == before


OFFLINE = [
    "fingerprint --json",
    "explain",
    "explain src/a",
    "lock --check",
    "permissions plan",
    "permissions up",
    "report",
]


def write_reaches(path):
    """In this process, from now on: a line for each program that is started and each address that is looked for."""
    events = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "socket.connect", "socket.getaddrinfo"}

    def hear(event, arguments):
        if event in events:
            with path.open("a") as file:
                file.write(f"{event} {arguments[:2]!r}\n")

    sys.addaudithook(hear)


@pytest.mark.parametrize("words", OFFLINE)
def test_an_offline_verb_asks_nobody_and_starts_nothing(hostile, words):
    reaches = hostile.root.parent / "reaches"
    hostile.write("cdk/cdk.json", '{"app": "python3 app.py"}')
    ended = run_in_child(hostile.root, words.split(), hostile.environment, lambda: write_reaches(reaches))
    assert ended.code == 0, ended.err
    assert not reaches.exists() or reaches.read_text() == ""


def test_a_verb_that_asks_somebody_is_seen_to(hostile):
    reaches = hostile.root.parent / "reaches"
    run_in_child(hostile.root, PLAN, hostile.environment, lambda: write_reaches(reaches))
    assert "socket.connect" in reaches.read_text()
    assert "subprocess.Popen" in reaches.read_text()
