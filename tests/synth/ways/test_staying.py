"""An app that leaves a process behind: nobody waits for it, it is ended, and what was seen before counts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from synth.ways.apps import shell
from synth.ways.things import SHARED
from synth.ways.way import write

pytestmark = pytest.mark.cdk
WAY = shell(
    "a daemon", "$(cat ../shared.json)", "sleep 90 > /dev/null 2>&1 < /dev/null &\necho $! > ../../pid", files=SHARED
)


@pytest.fixture
def world(make_world):
    made = make_world(WAY)
    yield made
    pid = int(made.at("../pid").read_text())
    if _runs(pid):
        os.kill(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def test_a_process_that_an_app_leaves_is_ended_and_not_waited_for(world):
    world.synthesise()
    assert not _runs(int(world.at("../pid").read_text()))


def test_what_was_seen_before_it_was_left_counts(world):
    made, _ = world.synthesise()
    with world.changed(write("shared.json")):
        assert world.fingerprint().digest != made.fingerprint.digest
