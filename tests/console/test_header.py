"""The first line of a screen: there at once, completed in its place, and never said twice."""

from __future__ import annotations

import io
import re

import pytest

from rajee_deploy.console import Console
from rajee_deploy.console.header import UP_AND_CLEAR


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name, value in (("TERM", "xterm"), ("COLUMNS", "60"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    for name in ("TTY_COMPATIBLE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def _characters(screen: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())


WHOLE = "plan · prod · 1234 us-east-1" + " " * 20 + "main@03fb9fa\n"
REST = "1234 us-east-1" + " " * 34 + "main@03fb9fa\n"


@pytest.mark.parametrize(
    ("stream", "between", "shown"),
    [
        (Terminal, "", f"plan · prod\n{UP_AND_CLEAR}{WHOLE}"),
        (Terminal, "said", f"plan · prod\nsaid\n{REST}"),
        (io.StringIO, "", WHOLE),
        (io.StringIO, "said", f"plan · prod\nsaid\n{REST}"),
    ],
)
def test_the_line_is_completed_in_its_place_where_nothing_else_was_written(stream, between, shown):
    screen = stream()
    console = Console(stderr=screen)
    console.begin("plan · prod")
    assert screen.getvalue() == ("plan · prod\n" if stream is Terminal else ""), "a terminal has it at once"
    if between:
        console.say(between)
    console.complete("1234 us-east-1", lambda: "main@03fb9fa")
    console.complete("1234 us-east-1", lambda: "main@03fb9fa")
    assert _characters(screen) == shown


def test_a_terminal_that_cannot_go_up_gets_the_whole_line_below(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    screen = Terminal()
    console = Console(stderr=screen)
    console.begin("plan")
    console.complete("1234 us-east-1", str)
    assert _characters(screen) == "plan\nplan · 1234 us-east-1\n"


def test_who_began_no_screen_completes_none():
    screen = io.StringIO()
    Console(stderr=screen).complete("1234 us-east-1", str)
    assert screen.getvalue() == ""


def test_a_log_has_each_first_line_though_nothing_followed_the_former():
    screen = io.StringIO()
    console = Console(stderr=screen)
    console.begin("init")
    console.begin("plan")
    console.complete("1234 us-east-1", str)
    assert screen.getvalue() == "init\nplan · 1234 us-east-1\n"
