"""What a log is told while nothing happens."""

from __future__ import annotations

import threading
import time

import pytest

from rajee_deploy.console import Console
from rajee_deploy.console.activities import Activities, Activity, ThreadActivity
from rajee_deploy.console.heartbeat import SECONDS, Heartbeat, line_of

BUSY = Activity("update App", began=-90.4, verb="update", subject="App", usual="usually 2m 05s")
TASKS, WAITS = "1 of 2 new tasks run", "waiting for new tasks to start"
SEEN = (("Service", TASKS), ("", WAITS))


@pytest.mark.parametrize(
    ("sight", "below", "line"),
    [
        (ThreadActivity(Activity("look", began=0.0), ""), (), "… look: still going on after 45s"),
        (
            ThreadActivity(Activity("build app", began=-90.4), "exporting"),
            (),
            "… build app: still going on after 2m 15s: exporting",
        ),
        (ThreadActivity(BUSY, "cdk says"), (), "… update App: still going on after 2m 15s, usually 2m 05s: cdk says"),
        (
            ThreadActivity(BUSY, "cdk says"),
            SEEN,
            f"… update App: still going on after 2m 15s, usually 2m 05s: Service {TASKS}; {WAITS}",
        ),
    ],
)
def test_a_line(sight, below, line):
    assert line_of(sight, below, 45.0) == line


def test_two_lines_are_no_minute_apart():
    assert SECONDS < 60


def test_it_beats_while_something_goes_on_and_ends_with_it():
    lines: list[str] = []
    twice = threading.Event()

    def say(line: str) -> None:
        lines.append(line)
        if len(lines) > 1:
            twice.set()

    activities = Activities()
    heart = Heartbeat(activities, say, lambda: 0.0, seconds=0.001)
    with activities.during(Activity("build api"), heart.start, heart.stop):
        assert twice.wait(20)
        (beating,) = [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
    beating.join(20)
    assert not beating.is_alive()
    assert {line.partition(":")[0] for line in lines} == {"… build api"}


@pytest.mark.parametrize(
    ("said_at", "left"),
    [(100.0, 45.0), (70.0, 15.0), (55.5, 1.0), (10.0, 1.0)],
)
def test_it_is_its_turn_once_nothing_was_said_for_long_whatever_has_begun_since(said_at, left):
    assert Heartbeat(Activities(), pytest.fail, lambda: said_at).left(100.0) == left


def test_where_something_was_said_meanwhile_it_says_nothing():
    activities, looks = Activities(), threading.Semaphore(0)

    def just_now() -> float:
        looks.release()
        return time.monotonic() + 60

    heart = Heartbeat(activities, pytest.fail, just_now, seconds=0.001)
    heart.left = lambda _now: looks.release() or 0.001
    with activities.during(Activity("build"), heart.start, heart.stop):
        for _ in range(4):
            assert looks.acquire(timeout=20)


def test_each_thread_has_a_line_of_what_people_know_of_its_work():
    activities = Activities()
    heart = Heartbeat(activities, pytest.fail, time.monotonic)

    def during(name: str, verb: str = ""):
        return activities.during(Activity(name, verb=verb), heart.start, heart.stop)

    begun, done = threading.Barrier(2), threading.Barrier(2)

    def work() -> None:
        with during("web", "build"):
            activities.note("step 2")
            begun.wait(20)
            done.wait(20)

    other = threading.Thread(target=work)
    other.start()
    begun.wait(20)
    with during("App", "update"), during("look at what App runs"):
        found = heart.lines(0.0)
    done.wait(20)
    other.join(20)
    assert [line.partition(" after")[0] for line in sorted(found)] == ["… App: still going on", "… web: still going on"]
    assert [line.rpartition(": ")[2] for line in sorted(found)] == ["look at what App runs", "step 2"]
    assert heart.lines(0.0) == []


def test_whoever_shows_what_goes_on_is_not_waited_for_while_it_looks():
    """It holds what the other would need, and looks here meanwhile."""
    activities = Activities()

    def end() -> None:
        looker = threading.Thread(target=activities.sights)
        looker.start()
        looker.join(20)
        assert not looker.is_alive()

    with activities.during(Activity("one"), end, end):
        pass


def test_an_interrupt_while_it_begins_leaves_nothing_behind():
    activities, ends = Activities(), []

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), activities.during(Activity("one"), interrupt, lambda: ends.append(1)):
        pass
    assert (activities.sights(), ends) == ([], [1])


def test_what_is_seen_too_late_is_not_shown_of_what_comes_next():
    activities = Activities()
    heart = Heartbeat(activities, pytest.fail, time.monotonic)
    with activities.during(Activity("one"), heart.start, heart.stop):
        watcher = threading.Thread(target=activities.show_below, args=([("Service", "starts")],))
        watcher.start()
        watcher.join(20)
        assert activities.below() == (("Service", "starts"),)
        activities.show_below([("Service", "runs")])
        assert activities.below() == (("Service", "runs"),), "whoever saw it last"
    activities.show_below([("Service", "runs")])
    with activities.during(Activity("two"), heart.start, heart.stop):
        assert activities.below() == ()


def test_a_machine_that_starts_no_more_threads_goes_on_in_silence(monkeypatch):
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    Heartbeat(Activities(), pytest.fail, time.monotonic).start()


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
    console._view._shown()._seconds = 0.001
    with console.spinner("push api"):
        assert not console.progress("1.0 of 2.0 MiB")
        assert log.got.wait(20)
    assert "\r" not in log.text


def test_what_has_no_line_beats_too():
    log = Log("… plan: still going on")
    console = Console(stderr=log)
    console._view._shown()._seconds = 0.001
    with console.waiting("plan"):
        assert log.got.wait(20)
    assert log.text.startswith("… plan: still going on")
