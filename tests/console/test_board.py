"""What a terminal shows while several pieces of work go on: a line for each."""

from __future__ import annotations

import contextlib
import io
import re
import threading

import pytest

from rajee_deploy.console import Console
from rajee_deploy.model import Notice


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_for_each_threads_work(monkeypatch):
    for name, value in (("TERM", "xterm"), ("COLUMNS", "100"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    terminal = Terminal()
    console = Console(stderr=terminal)
    meet = threading.Barrier(2)

    def work(name: str) -> None:
        with console.spinner(f"build {name}"):
            console.working(f"step of {name} \x1b[2J")
            console.progress(f"1.0 of 2.0 MiB of {name}")
            meet.wait(10)
            console.detail(f"{name} is told")
            meet.wait(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("api", "web")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    for name in ("api", "web"):
        assert f"build {name}" in shown
        assert f"1.0 of 2.0 MiB of {name}" in shown
        assert f"    {name} is told" in shown
    assert "\x1b[2J" not in terminal.getvalue()
    assert console._live is None


class Rendezvous(Terminal):
    """Whoever asks what it is waits, once, for another who asks: both are then in the middle of the same thing."""

    def __init__(self) -> None:
        super().__init__()
        self.meet: threading.Barrier | None = None

    def isatty(self) -> bool:
        if self.meet is not None:
            with contextlib.suppress(threading.BrokenBarrierError):
                self.meet.wait(0.5)
        return True


def test_threads_that_begin_at_once_talk_through_one_console():
    """Lines told through a second one would be drawn over by the first one's moving rows."""
    terminal = Rendezvous()
    console = Console(stderr=terminal)
    terminal.meet = threading.Barrier(2)
    found = []
    threads = [threading.Thread(target=lambda: found.append(console._talk)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 2
    assert found[0] is found[1]


def test_without_a_terminal_progress_is_left_out_and_steps_are_told_when_asked_for():
    talk = io.StringIO()
    console = Console(stderr=talk, verbose=True)
    with console.spinner("build api"):
        console.working("a step")
        console.progress("1.0 of 2.0 MiB")
    assert talk.getvalue().splitlines() == ["… build api", "    a step"]


def test_a_board_below_the_work_shows_what_another_thread_sees(monkeypatch):
    for name, value in (("TERM", "xterm"), ("COLUMNS", "60"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    terminal = Terminal()
    console = Console(stderr=terminal)
    with console.spinner("deploy App"):
        watcher = threading.Thread(
            target=console.board, args=([f"Service \x1b[2J {'x' * 100}", "api: new 1/2 running"],)
        )
        watcher.start()
        watcher.join(20)
        console.detail("an event")
        console._live.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "    api: new 1/2 running" in shown
    assert "x" * 60 not in shown, "a line never wraps"
    assert "\x1b[2J" not in terminal.getvalue()


def test_without_a_terminal_nobody_can_be_asked():
    assert not Console(stderr=io.StringIO()).can_ask()


@pytest.mark.parametrize(
    ("typed", "place"),
    [("2\n", 1), (" 1 \n", 0), ("3\n0\n2\n", 1), ("x\n\n-1\n2\n", None), ("²\n", None), ("", None)],
)
def test_one_of_several_is_chosen_by_its_number(monkeypatch, typed, place):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    terminal = Terminal()
    assert Console(stderr=terminal).choose("Which?", ["a\x1b[1m", "b"]) == place
    assert terminal.getvalue().startswith("  1  a\\x1b[1m\n  2  b\nWhich? [1-2] ")


@pytest.mark.parametrize(
    ("texts", "most", "shown"),
    [
        ([], 1, []),
        (["a"], 1, ["a"]),
        (["a", "b"], 1, ["a … and 1 more reason, -v shows it"]),
        (["a", "b", "c", "d"], 2, ["a", "b … and 2 more reasons, -v shows them"]),
        (["a", "b"], 2, ["a", "b"]),
    ],
)
def test_of_many_texts_the_first_are_shown_and_all_where_they_are_asked_for(texts, most, shown):
    assert Console(stderr=io.StringIO()).first(texts, most) == shown
    assert Console(stderr=io.StringIO(), verbose=True).first(texts, most) == texts


@pytest.mark.parametrize("verbose", [False, True])
def test_of_each_kind_of_notice_one_is_shown_and_all_where_they_are_asked_for(verbose):
    talk = io.StringIO()
    notices = [Notice("one", "first", 3), Notice("two", "other", 0), Notice("one", "second", 5)]
    Console(stderr=talk, verbose=verbose).notices("app", notices)
    said = [" ".join(line.split()[2:]) for line in talk.getvalue().splitlines()]
    every = ["first (line 3) [one]", "other [two]", "second (line 5) [one]"]
    assert said == (every if verbose else ["first (line 3); and 1 more of these [one]", "other [two]"])
