"""What an app leaves running ends with its synth, and nothing else does. With the real strace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rajee_deploy.synth.tracing import leftovers
from rajee_deploy.synth.tracing.kernel import find_strace, strace_command
from rajee_deploy.synth.tracing.leftovers import ending_leftovers

# Longer than any of these tests may take.
_FOREVER = 1000
_LIMIT = 20


def trace(tmp_path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the shell under strace. What outlives it would hold strace, and so this."""
    strace = find_strace()
    assert strace is not None, "the tests need strace (5.3 or newer) and a kernel that lets it trace"
    log = tmp_path / "log"
    command = [*strace_command(strace, log), "sh", "-c", script]
    with ending_leftovers(log):
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=_LIMIT)


def is_running(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


DAEMONS = {
    "a child": f"sleep {_FOREVER} > /dev/null 2>&1 & echo $! > pid",
    "one in a session of its own": f"setsid sh -c 'echo $$ > pid; exec sleep {_FOREVER}' > /dev/null 2>&1 &\n"
    "while [ ! -s pid ]; do :; done",
    "one that does not listen": f"(trap '' TERM; exec sleep {_FOREVER}) > /dev/null 2>&1 & echo $! > pid",
}


@pytest.mark.parametrize("what", DAEMONS)
def test_what_is_left_running_is_ended(tmp_path, what):
    ended = trace(tmp_path, f"{DAEMONS[what]}\nexit 3")
    assert ended.returncode == 3, "the end is that of the first process"
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_who_listens_is_asked_to_end_first(tmp_path):
    daemon = f"(trap ': > asked; exit' TERM; : > ready; sleep {_FOREVER} & wait) > /dev/null 2>&1 &"
    trace(tmp_path, f"{daemon}\nwhile [ ! -e ready ]; do :; done")
    assert (tmp_path / "asked").exists()


def test_as_long_as_the_first_process_runs_nothing_is_ended(tmp_path):
    """It waits for a child of its own, for longer than the watcher would before it ended that."""
    ended = trace(tmp_path, "sleep 0.7 & wait $!; echo $?")
    assert (ended.returncode, ended.stdout) == (0, "0\n")


def test_a_first_process_that_runs_for_a_while_may_leave_something_too(tmp_path):
    trace(tmp_path, f"{DAEMONS['a child']}\nsleep 0.3")
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_what_strace_does_not_follow_is_not_ended(tmp_path):
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        trace(tmp_path, DAEMONS["a child"])
        assert bystander.poll() is None
    finally:
        bystander.communicate(b"\n")
    assert bystander.returncode == 0


@pytest.mark.parametrize("log", ["absent", "empty"])
def test_without_a_log_it_ends_with_the_synth(tmp_path, log):
    (tmp_path / "empty").touch()
    with ending_leftovers(tmp_path / log):
        pass


LOGS = {
    b"123 execve(": [123],
    b"7  openat(\n8 x\n7 y\n": [7, 8],
    b"": [],
    b"strace: x\n 12 x\n-12 x\n9 x": [9],
}


@pytest.mark.parametrize("content", LOGS)
def test_the_processes_of_a_log(tmp_path, content):
    (tmp_path / "log").write_bytes(content)
    assert leftovers._processes(tmp_path / "log") == LOGS[content]
    assert leftovers._processes(tmp_path / "none") == []


def test_what_the_kernel_tells_of_a_process():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert leftovers._field(os.getpid(), "PPid") == os.getppid()
    assert leftovers._field(os.getpid(), "Pid") == os.getpid()
    assert leftovers._field(os.getpid(), "TracerPid") == 0
    assert leftovers._field(os.getpid(), "NoSuchField") is None
    assert leftovers._field(gone.pid, "PPid") is None
