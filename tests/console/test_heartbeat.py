"""What a log is told while nothing happens."""

from __future__ import annotations

import threading

import pytest

from rajee_deploy.console import Console
from rajee_deploy.console.heartbeat import SECONDS, Heartbeat, Work, line_of


@pytest.mark.parametrize(
    ("work", "line"),
    [
        (Work("deploy App", began=0.0), "… deploy App: still going on after 45s"),
        (Work("deploy App", "exporting", began=-90.4), "… deploy App: still going on after 2m 15s: exporting"),
    ],
)
def test_a_line(work, line):
    assert line_of(work, 45.0) == line


def test_two_lines_are_no_minute_apart():
    assert SECONDS < 60


def test_it_beats_while_something_goes_on_and_ends_with_it():
    lines: list[str] = []
    twice = threading.Event()

    def say(line: str) -> None:
        lines.append(line)
        if len(lines) > 1:
            twice.set()

    heart = Heartbeat(say, seconds=0.001)
    with heart.during("build api"):
        assert twice.wait(20)
        (beating,) = [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
    beating.join(20)
    assert not beating.is_alive()
    assert {line.partition(":")[0] for line in lines} == {"… build api"}


def test_each_thread_has_a_line_of_its_innermost_work():
    heart = Heartbeat(pytest.fail)
    begun, done = threading.Barrier(2), threading.Barrier(2)

    def work() -> None:
        with heart.during("build web"):
            heart.note("step 2")
            begun.wait(20)
            done.wait(20)

    other = threading.Thread(target=work)
    other.start()
    begun.wait(20)
    with heart.during("deploy"), heart.during("look"):
        found = [line.partition(" after")[0] for line in heart.lines(0.0)]
    done.wait(20)
    other.join(20)
    assert sorted(found) == ["… build web: still going on", "… look: still going on"]
    assert heart.lines(0.0) == []


def test_a_machine_that_starts_no_more_threads_goes_on_in_silence(monkeypatch):
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Heartbeat(pytest.fail).during("build"):
        pass


class Log:
    """A log that says when it has got something."""

    def __init__(self, word: str) -> None:
        self.word, self.text, self.got = word, "", threading.Event()

    def write(self, text: str) -> int:
        self.text += text
        if self.word in self.text:
            self.got.set()
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize("colour", [True, False])
def test_the_console_of_a_log_beats_with_what_it_is_busy_with(monkeypatch, colour):
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    log = Log("still going on after 0s: 1.0 of 2.0 MiB")
    console = Console(stderr=log)
    console._heart()._seconds = 0.001
    with console.spinner("push api"):
        assert not console.progress("1.0 of 2.0 MiB")
        assert log.got.wait(20)
    assert console._live is None


def test_what_has_no_line_beats_too_but_not_on_a_terminal():
    log = Log("… plan: still going on")
    console = Console(stderr=log)
    console._heart()._seconds = 0.001
    with console.waiting("plan"):
        assert log.got.wait(20)
    assert log.text.startswith("… plan: still going on")

    terminal = Log("x")
    terminal.isatty = lambda: True
    console = Console(stderr=terminal)
    with console.waiting("plan"):
        assert console._heartbeat is None
