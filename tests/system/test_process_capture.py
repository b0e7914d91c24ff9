"""An answer of a program: its stdout apart from its stderr, in bounds of time and size, whoever holds the pipes."""

from __future__ import annotations

import sys
import time

import pytest

from rajee_deploy.system.process import capture


def shell(script, *, time_limit=20.0, most_bytes=1 << 20, **more):
    return capture(["/bin/sh", "-c", script], time_limit=time_limit, most_bytes=most_bytes, **more)


def test_the_answer_and_what_is_said_of_it(tmp_path):
    ended, answer = shell("echo one; echo two >&2; printf '\\377\\n'; pwd; exit 3", cwd=tmp_path)
    assert answer == b"one\n\xff\n" + bytes(tmp_path) + b"\n"
    assert (ended.code, ended.tail, ended.timed_out) == (3, ("two",), False)


def test_much_of_both_at_once():
    """Nobody waits for a pipe that is full."""
    ended, answer = shell(f"{sys.executable} -c 'import os; [os.write(n, b\"x\" * 65536) for n in (1, 2) * 8]'")
    assert (ended.code, len(answer)) == (0, 8 * 65536)


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "echo x; exec >&- 2>&-; sleep 60",
        "sleep 60 & echo x",
        "setsid sleep 9 & echo x",
        "trap '' INT TERM; sleep 60",
    ],
)
def test_a_time_limit_holds_whoever_has_the_pipes(script):
    began = time.monotonic()
    ended, _ = shell(script, time_limit=0.5)
    assert time.monotonic() - began < 20
    assert ended.timed_out
    assert ended.code != 0


def test_an_answer_without_an_end_is_ended():
    ended, answer = shell("exec cat /dev/zero", most_bytes=1 << 20)
    assert ended.timed_out
    assert len(answer) < 4 << 20
