"""An app that leaves a process behind: nobody waits for it."""

from __future__ import annotations

import os
import signal

import pytest
from stack.ways.apps import shell
from stack.ways.way import write

pytestmark = pytest.mark.cdk
LATE = "(sleep 90; touch ../late) > /dev/null 2>&1 < /dev/null &\necho $! > ../pid"


def test_a_process_that_an_app_leaves_is_not_waited_for(make_world):
    world = make_world(shell("a daemon", "$(cat ../shared.json)", LATE, files={"shared.json": "one\n"}))
    try:
        world.synthesise()
        assert not world.at("late").exists()
    finally:
        if world.at("pid").exists():
            os.kill(int(world.at("pid").read_text()), signal.SIGKILL)


def test_what_was_seen_before_counts_all_the_same(make_world):
    way = shell("a daemon", "$(cat ../shared.json)", LATE, files={"shared.json": "one\n"})
    world = make_world(way)
    made, _ = world.synthesise()
    os.kill(int(world.at("pid").read_text()), signal.SIGKILL)
    with world.changed(write("shared.json")):
        assert world.fingerprint().digest != made.fingerprint.digest
