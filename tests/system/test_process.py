"""Running programs: output, time limits, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.system import pipes
from rajee_deploy.system.process import _running, allow, end_all, run, spawn_detached, stream
from rajee_deploy.system.signals import _arrived


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_lines_of_both_streams_in_order(tmp_path):
    lines: list[str] = []
    code = (
        "import sys, os; print('one', flush=True); print('two', file=sys.stderr, flush=True);"
        "print(os.environ['X'], os.getcwd())"
    )
    ended = run(python(code), cwd=tmp_path, env={"X": "three"}, on_line=lines.append)
    assert lines == ["one", "two", f"three {tmp_path}"]
    assert (ended.code, ended.tail) == (0, tuple(lines))


def test_a_variable_can_be_taken_away_and_the_others_stay(monkeypatch):
    monkeypatch.setenv("GONE", "x")
    monkeypatch.setenv("STAYS", "y")
    code = "import os; print(os.environ.get('GONE'), os.environ['STAYS'], os.environ.get('NEVER'))"
    assert run(python(code), env={"GONE": None, "NEVER": None}).tail == ("None y None",)


def test_bytes_that_are_not_utf8_do_not_stop_it():
    ended = run(python("import sys; sys.stdout.buffer.write(b'\\xff\\n')"))
    assert ended.tail == ("\N{REPLACEMENT CHARACTER}",)


def test_exit_codes_and_tail():
    ended = run(python("for n in range(100): print(n)\nraise SystemExit(7)"))
    assert ended.code == 7
    assert ended.tail[-1] == "99"
    assert len(ended.tail) == 40


def test_a_missing_program():
    with pytest.raises(DeployError) as caught:
        run(["no-such-program-here"])
    assert caught.value.code == "program-missing"


def test_the_time_limit_ends_the_whole_group(tmp_path):
    marker = tmp_path / "pid"
    code = f"import subprocess; p = subprocess.Popen(['sleep', '60']); {note(marker)}; p.wait()"
    ended = run(python(code), time_limit=1.0)
    assert ended.timed_out
    assert is_gone(int(marker.read_text()))


@pytest.mark.slow
def test_an_interrupt_ends_the_whole_group(tmp_path):
    marker = tmp_path / "pid"
    # The child ignores Ctrl-C and has a child of its own: neither may be left.
    code = (
        "import signal, subprocess, time; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        f"p = subprocess.Popen(['sleep', '60']); {note(marker)}; print('up', flush=True); time.sleep(60)"
    )

    def interrupt(_line: str) -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        run(python(code), on_line=interrupt)
    assert is_gone(int(marker.read_text()))


def test_an_interrupt_while_a_program_is_started_ends_it(tmp_path):
    # The program itself interrupts us, as its first act, while we still start its guard.
    for number in range(20):
        marker = tmp_path / f"pid {number}"
        with pytest.raises(KeyboardInterrupt):
            run(["sh", "-c", f"echo $$ > '{marker}'; kill -INT {os.getpid()}; exec sleep 60"])
        assert is_gone(int(marker.read_text()))


def test_a_detached_program_goes_on_and_logs(tmp_path):
    log = tmp_path / "log"
    pid = spawn_detached(python("import time; print('here', flush=True); time.sleep(60)"), log=log)
    try:
        wait_until(lambda: log.exists() and b"here" in log.read_bytes())
        assert os.getpgid(pid) == pid
    finally:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def note(marker) -> str:
    """Code that writes the pid of the process `p`."""
    return f"open({str(marker)!r}, 'w').write(str(p.pid))"


def is_gone(pid: int) -> bool:
    """Whether the process ended; orphans of ours may stay as zombies of whoever reaps here."""
    try:
        wait_until(lambda: not alive(pid))
    except AssertionError:
        return False
    return True


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 -- one line of /proc
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 20 s"
        time.sleep(0.02)


@pytest.mark.slow
def test_whoever_kills_us_ends_the_child_too(tmp_path):
    marker = tmp_path / "pid"
    # The child ignores Ctrl-C and has a child of its own: neither may be left.
    code = (
        "import signal, subprocess, time; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        f"p = subprocess.Popen(['sleep', '600']); {note(marker)}; print('up', flush=True); time.sleep(600)"
    )
    own = (
        "from rajee_deploy.system.process import run; "
        f"run({python(code)!r}, on_line=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(python(own), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        running.kill()
    wait_until(lambda: is_gone(int(marker.read_text())))


def test_while_all_are_ended_only_what_cleans_up_is_started():
    end_all()
    try:
        with pytest.raises(DeployError) as caught:
            run(["true"])
        assert caught.value.code == "interrupted"
        assert run(["true"], cleans_up=True).code == 0
    finally:
        allow()
    assert run(["true"]).code == 0


def test_data_is_streamed_and_stderr_heard():
    seen, heard = [], []
    script = "printf 'a\\000b'; echo word >&2; exit 3"
    ended = stream(["sh", "-c", script], lambda data: seen.append(data.read()), on_line=heard.append)
    assert (seen, heard, ended.code, ended.tail) == ([b"a\0b"], ["word"], 3, ("word",))


def test_a_reader_that_has_enough_ends_the_program():
    class EnoughError(Exception):
        pass

    def read(data):
        assert data.read(2) == b"y\n"
        raise EnoughError

    with pytest.raises(EnoughError):
        stream(["yes"], read)
    assert not _running


# It leaves a process in a session of its own, which holds the pipe: silent, and talking without an end.
DAEMONS = {
    "silent": "setsid sleep 60 & echo $! > '{pid}'; echo said",
    "talking": "setsid sh -c 'while :; do echo more; sleep 0.01; done' & echo $! > '{pid}'; echo said",
    "in its group": "sleep 60 & echo $! > '{pid}'; echo said",
}


@pytest.fixture
def daemon_pid(tmp_path):
    yield tmp_path / "daemon"
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((tmp_path / "daemon").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("kind", DAEMONS)
def test_what_it_leaves_running_does_not_hold_us(daemon_pid, kind):
    began = time.monotonic()
    lines: list[str] = []
    argv = ["sh", "-c", DAEMONS[kind].format(pid=daemon_pid)]
    ended = run(argv, on_line=lines.append)
    assert (ended.code, ended.timed_out) == (0, False)
    assert "said" in lines
    assert time.monotonic() - began < 30, "it was waited for"


@pytest.mark.parametrize("kind", ["silent", "in its group"])
def test_nor_past_the_time_limit(daemon_pid, kind):
    began = time.monotonic()
    ended = run(["sh", "-c", DAEMONS[kind].format(pid=daemon_pid) + "; exec sleep 60"], time_limit=0.5)
    assert ended.timed_out
    assert time.monotonic() - began < 30, "it was waited for"


@pytest.mark.parametrize("kind", ["silent", "talking"])
def test_nor_does_it_hold_who_reads_its_data(daemon_pid, kind):
    seen: list[bytes] = []
    began = time.monotonic()
    ended = stream(["sh", "-c", DAEMONS[kind].format(pid=daemon_pid)], lambda data: seen.append(data.read()))
    assert ended.code == 0
    assert seen[0].startswith((b"said\n", b"more\n"))
    assert time.monotonic() - began < 30, "it was waited for"


def test_the_last_words_of_a_program_that_waits_are_heard_whole():
    """Also where they come in one piece that is larger than a pipe."""
    ended = run(python("import sys, time; time.sleep(0.3); print('x' * 300_000); print('end')"))
    assert ended.tail[-1] == "end"
    assert len(ended.tail[0]) == 4096


def test_however_slowly_we_listen_nothing_that_it_said_is_lost(daemon_pid, monkeypatch):
    monkeypatch.setattr(pipes, "_LAST_WORDS_SECONDS", 0.01)
    lines: list[str] = []

    def listen(line: str) -> None:
        lines.append(line)
        time.sleep(0.02)

    # Its words are a few pipes' fill; the last are still in the pipe when it has ended, and the daemon holds on.
    run(["sh", "-c", f"setsid sleep 60 & echo $! > '{daemon_pid}'; yes {'x' * 8000} | head -n 40"], on_line=listen)
    assert lines == ["x" * 8000] * 40


def test_lines_end_as_they_do_on_a_terminal_and_the_longest_comes_in_pieces(monkeypatch):
    lines: list[str] = []
    monkeypatch.setattr(pipes, "LONGEST_LINE", 10)
    run(["printf", "a\\rb\\r\\nc\\n\\n%015d\\nend", "7"], on_line=lines.append)
    assert lines == ["a", "b", "c", "", "0000000000", "00007", "end"]


def test_an_interrupt_that_was_kept_from_us_ends_the_program_that_runs():
    """Whatever is started to clean up runs to its end."""
    _arrived.append(signal.SIGTERM)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(["sleep", "20"])
        assert run(["sleep", "0.3"], cleans_up=True).code == 0
    finally:
        _arrived.clear()
