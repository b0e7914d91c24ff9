"""Whether strace can do it, and what it then writes. Where the machine's own cannot, that part is not checked."""

from __future__ import annotations

import subprocess

import pytest

from rajee_deploy.synth.tracing.kernel import _try_strace, find_strace, strace_command, strace_obstacle
from rajee_deploy.synth.tracing.syscalls import read_calls


@pytest.fixture(autouse=True)
def _asked_anew():
    _try_strace.cache_clear()
    yield
    _try_strace.cache_clear()


# What it prints of its version, how that ends, and how a trial with the filter does; why it cannot do it.
OLD = "is too old, or no strace ({}); install strace 5.3 or newer"
REFUSAL = "strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted"
STRACES = {
    "new": ("strace -- version 6.1", 0, 0, ""),
    "the oldest": ("strace -- version 5.3", 0, 0, ""),
    "the next after many": ("strace -- version 5.10", 0, 0, ""),
    "with a small second number": ("strace -- version 6.0+ds", 0, 0, ""),
    "too old by little": ("strace -- version 5.2", 0, 0, OLD.format("strace -- version 5.2")),
    "too old, with a great second number": ("strace -- version 4.26", 0, 0, OLD.format("strace -- version 4.26")),
    "of no version": ("strace of somebody", 0, 0, OLD.format("strace of somebody")),
    "silent": ("", 0, 0, OLD.format("it says no version")),
    "one that fails": ("strace -- version 6.1", 1, 0, "-V fails (strace -- version 6.1); install strace 5.3 or newer"),
    "one that is forbidden to trace": (
        "strace -- version 6.1",
        0,
        1,
        f"strace may not trace here ({REFUSAL}); allow ptrace (for a container: --cap-add=SYS_PTRACE)",
    ),
    "one that ends without a word": (
        "strace -- version 6.1",
        0,
        9,
        "strace may not trace here (exit code 9); allow ptrace (for a container: --cap-add=SYS_PTRACE)",
    ),
}


@pytest.mark.parametrize("what", STRACES)
def test_which_strace_can_do_it(tmp_path, monkeypatch, what):
    said, version_ends, trial_ends, obstacle = STRACES[what]
    program = tmp_path / "strace"
    says = f"echo '{said}'; " if said else ""
    refuses = f"echo '{REFUSAL}' >&2; echo; " * (trial_ends == 1)
    program.write_text(
        f'#!/bin/sh\ncase "$*" in -V) {says}exit {version_ends};;'
        f" *--seccomp-bpf*:) {refuses}exit {trial_ends};; esac\nexit 9\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_strace() == (None if obstacle else str(program))
    assert strace_obstacle().removeprefix(f"{program} ") == obstacle
    _try_strace.cache_clear()
    monkeypatch.setattr("sys.platform", "darwin")
    assert find_strace() is None
    assert strace_obstacle() == "", "nothing can be done"


def test_there_may_be_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_strace() is None
    assert strace_obstacle() == "strace is not on PATH; install strace 5.3 or newer"


def test_it_is_tried_once(tmp_path, monkeypatch):
    found = find_strace()
    assert found is not None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_strace() == found


# One that is longer than strace would write by itself.
SCRIPT = f"""
cd deep
: {"x" * 5000} < file
(: < absent) 2> /dev/null
ls -a . > made
exec cat file
"""


def test_what_a_program_and_all_that_it_starts_look_at_is_written(tmp_path):
    strace = find_strace()
    assert strace is not None, "the tests need strace (5.3 or newer) and a kernel that lets it trace"
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("a line")
    log = tmp_path / "log"
    before = strace_command(strace, log)
    command = ["sh", "-c", SCRIPT]
    ended = subprocess.run([*before, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("a line", "")
    calls = list(read_calls(log.read_text("latin-1").splitlines()))
    opened = {(call.strings[0], call.is_done) for call in calls if call.name == "openat" and call.strings}
    assert {("file", True), ("absent", False), ("made", True)} <= opened
    assert any(call.name == "chdir" and call.strings[0].endswith("deep") for call in calls)
    assert any(call.name == "getdents64" and (call.descriptor or "").endswith("/deep") for call in calls)
    words = [call.strings[1:] for call in calls if call.name == "execve" and call.is_done]
    assert words[0] == command, "no string is cut off"
    assert [each[0] for each in words] == ["sh", "ls", "cat"]
    assert any(call.name in ("clone", "clone3", "fork", "vfork") and call.result > 0 for call in calls)
    assert not {call.name for call in calls} & {"read", "write", "mmap", "close"}, "the filter lets these go"


def test_a_programs_end_is_its_own(tmp_path):
    strace = find_strace()
    assert strace is not None, "the tests need strace (5.3 or newer) and a kernel that lets it trace"
    command = [*strace_command(strace, tmp_path / "log"), "sh", "-c", "exit 7"]
    assert subprocess.run(command, check=False).returncode == 7
