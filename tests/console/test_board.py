"""What a terminal shows while several pieces of work go on: a line for each."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import struct
import termios
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_terminal import SmallTerminal

from rajee_deploy.at_work import note_resumed
from rajee_deploy.console import Console
from rajee_deploy.console.activities import Activities, Activity
from rajee_deploy.console.board import Board
from rajee_deploy.console.rows import plain
from rajee_deploy.model import Notice


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch) -> SmallTerminal:
    for name, value in (("TERM", "xterm"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    for name in ("COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return SmallTerminal()


def board_of(terminal: SmallTerminal, activities: Activities, before: float = 60.0) -> Board:
    """One that moves when it is told to, or after a moment."""
    size = lambda: (terminal.columns, terminal.rows)  # noqa: E731
    return Board(activities, terminal, size, plain, before)


def step(name: str, verb: str = "update", **more: str) -> Activity:
    return Activity(f"{verb} {name}", verb=verb, subject=name, **more)


def seen(terminal: SmallTerminal) -> list[str]:
    """The lines, with one sign for whatever turns."""
    return re.sub("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "*", terminal.text).splitlines()


def test_what_a_shell_wrote_while_we_were_stopped_stays(terminal):
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("App"), board.start, board.stop):
        board.refresh()
        terminal.write("^Z\n[1]+  Stopped\n% fg\nrajee-deploy up\n")
        note_resumed()
        board.refresh()
        board.refresh()
        shown = ["  * update  App", "^Z", "[1]+  Stopped", "% fg", "rajee-deploy up", "  * update  App"]
        assert [line.rstrip() for line in seen(terminal)] == shown


def test_what_goes_on_is_at_the_bottom_and_what_is_said_above_it(terminal):
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("App", usual="usually 2m 05s"), board.start, board.stop):
        board.refresh()
        assert seen(terminal) == ["  * update  App                          usually 2m 05s"]
        board.say("  ! a warning\n")
        activities.show_below([("Service", "2 new tasks run"), ("", "waiting")])
        board.refresh()
        board.say("another\nand another\n")
        assert seen(terminal) == [
            "  ! a warning",
            "another",
            "and another",
            "  * update  App                          usually 2m 05s",
            "            Service  2 new tasks run",
            "                     waiting",
        ]
    assert seen(terminal) == ["  ! a warning", "another", "and another"]


def test_half_a_line_stays_until_somebody_ends_it(terminal):
    """A question: nothing moves over it while somebody thinks."""
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("App"), board.start, board.stop):
        board.refresh()
        board.say("Really? [y/N] ")
        board.refresh()
        assert seen(terminal) == ["Really? [y/N]"]
        terminal.write("y\n")
        board.resume()
        board.refresh()
        assert seen(terminal) == ["Really? [y/N] y", "  * update  App"]
    assert seen(terminal) == ["Really? [y/N] y"]


SAID = st.one_of(
    st.tuples(st.just("say"), st.text("ab ", min_size=1, max_size=100)),
    st.tuples(st.just("resize"), st.integers(8, 120)),
    st.tuples(
        st.just("below"), st.lists(st.tuples(st.text("N", max_size=30), st.text("x ", max_size=90)), max_size=30)
    ),
    st.tuples(st.just("note"), st.text("t", max_size=90)),
)


@given(st.lists(SAID, max_size=25), st.integers(2, 12))
def test_nothing_of_it_is_left_whatever_is_said_and_however_the_terminal_is_resized(what, rows):
    """As long as the terminal is as high as what moves, once that is wrapped."""
    terminal, activities = SmallTerminal(80, 400), Activities()
    board = board_of(terminal, activities)
    board._size = lambda: (terminal.columns, rows)
    said = ["before"]
    terminal.write("before\n")
    with activities.during(step("Application"), board.start, board.stop):
        for kind, value in what:
            board.refresh()
            lines = [line for line, _ in terminal.lines[terminal.row - len(board._drawn) : terminal.row]]
            assert len(lines) <= max(rows - 2, 1)
            match kind:
                case "say":
                    board.say(f"{value}\n")
                    said.append(value)
                case "resize":
                    terminal.resize(value)
                case "below":
                    activities.show_below(value)
                case _:
                    activities.note(value)
        board.refresh()
    terminal.resize(1000)
    assert terminal.text.split("\n") == "\n".join(line.rstrip() for line in said).rstrip("\n").split("\n")


def test_each_frame_is_one_piece_that_clears_nothing_before_it_is_written_over(terminal):
    """So nothing flickers."""
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("App"), board.start, board.stop):
        board.refresh()
        before = len(terminal.written)
        activities.show_below([("", "busy")])
        board.refresh()
        (frame,) = terminal.written[before:]
        first, second, rest = frame.split("\x1b[K\n")
        assert (first[:6], second, rest) == ("\r\x1b[1A ", "              busy", "\x1b[J")


def test_more_than_there_is_room_for_is_counted(terminal):
    terminal.rows = 6
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("App"), board.start, board.stop):
        activities.show_below([(f"R{number}", "2s") for number in range(9)])
        board.refresh()
        assert seen(terminal)[1:] == ["            R0  2s", "            R1  2s", "            … and 7 more"]


def test_a_narrow_terminal_has_the_text_on_a_line_of_its_own(terminal):
    terminal.columns = 44
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("RajeeEnvoyStack"), board.start, board.stop):
        activities.note("a text that is longer than there is room for")
        board.refresh()
    assert "update" in "".join(terminal.written)
    with activities.during(step("RajeeEnvoyStack"), board.start, board.stop):
        activities.note("a text that is longer than there is room for")
        board.refresh()
        first, second = seen(terminal)
        assert first == "  * update  RajeeEnvoyStack"
        assert second == "            a text that is longer than the…"


def test_a_terminal_without_unicode_turns_something_else(terminal):
    terminal.encoding = "ascii"
    activities = Activities()
    board = board_of(terminal, activities)
    with activities.during(step("App"), board.start, board.stop):
        board.refresh()
        assert terminal.text.isascii()


def test_what_is_over_at_once_is_never_shown(terminal):
    activities = Activities()
    board = board_of(terminal, activities)
    for _ in range(3):
        with activities.during(step("App"), board.start, board.stop):
            pass
    assert terminal.written == []


def test_a_line_for_each_threads_work(terminal):
    console = Console(stderr=terminal)
    meet = threading.Barrier(3)

    def work(name: str) -> None:
        with console.step("build", name) as shown:
            console.working(f"step of {name} \x1b[2J")
            console.progress(f"1.0 of 2.0 MiB of {name}")
            meet.wait(10)
            console.detail(f"{name} is told")
            meet.wait(10)
            meet.wait(10)
            shown.text = f"sha256:{name}"

    threads = [threading.Thread(target=work, args=(name,)) for name in ("api", "web")]
    for thread in threads:
        thread.start()
    meet.wait(10)
    meet.wait(10)
    terminal.wait_for("1.0 of 2.0 MiB of api")  # it moves by itself
    shown = seen(terminal)
    meet.wait(10)
    for thread in threads:
        thread.join(20)
    assert sorted(shown[:2]) == ["    api is told", "    web is told"]
    moving = [" ".join(line.split()) for line in shown[2:]]
    assert sorted(zip(moving[::2], moving[1::2], strict=True)) == [
        (f"* build {name}", f"1.0 of 2.0 MiB of {name}") for name in ("api", "web")
    ]
    done = sorted(" ".join(re.sub(r"\d+ms|\d+\.\d+s", "T", line).split()) for line in seen(terminal)[2:])
    assert done == ["✓ build api T sha256:api", "✓ build web T sha256:web"]


def test_threads_that_begin_at_once_share_one_board(terminal):
    console = Console(stderr=terminal)
    console._view._all()
    meet, made = threading.Barrier(2), []
    make = console._view._board

    def board() -> Board:
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(0.5)  # another who makes one comes here, too
        made.append(make())
        return made[-1]

    console._view._board = board
    threads = [threading.Thread(target=console._view._shown) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(made) == 1


@pytest.mark.parametrize(("columns", "chosen", "width"), [(50, "", 50), (50, "40", 40), (50, "90", 50), (0, "", 80)])
def test_as_wide_as_the_terminal_unless_less_is_asked_for(monkeypatch, columns, chosen, width):
    """What moves must not wrap: COLUMNS may make it narrower, and not wider."""
    monkeypatch.setenv("COLUMNS", chosen)
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, columns, 0, 0))
    with os.fdopen(theirs, "w") as screen:
        assert Console(stderr=screen)._view.size() == (width, 10)
    os.close(ours)


def test_it_goes_on_moving(terminal):
    console = Console(stderr=terminal)
    with console.step("update", "App"):
        for frame in ("⠋", "⠙", "⠹", "⠸"):
            terminal.wait_for(f"  {frame} update")
    assert [line.split()[:3] for line in terminal.text.splitlines()] == [["✓", "update", "App"]]


def test_an_error_leaves_a_clean_screen(terminal):
    console = Console(stderr=terminal)

    def work() -> None:
        with console.step("update", "App"), console.spinner("look at what App runs"):
            terminal.wait_for("look at what App runs")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert terminal.text == ""


def test_a_machine_that_starts_no_more_threads_goes_on_without_moving_lines(terminal, monkeypatch):
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Console(stderr=terminal).spinner("look"):
        pass
    assert terminal.text == ""


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
