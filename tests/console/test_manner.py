"""How it is said, by the variables that say so: one table."""

from __future__ import annotations

import io
import sys

import pytest

from rajee_deploy.console import Console, manner
from rajee_deploy.console.agents import AGENTS, agent_variable
from rajee_deploy.console.bars import Bar
from rajee_deploy.console.manner import Manner, choose_quiet, manner_of, width_of
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.model import Notice


# By what it is short for: colour, moves, asks.
def said(how):
    return Manner(has_colour="c" in how, moves="m" in how, may_ask="a" in how)


# Variables → how it is said on a terminal, and in a log.
SAID = [
    ({}, "cma", ""),
    ({"TERM": "xterm"}, "cma", ""),
    ({"TERM": "dumb"}, "a", ""),
    ({"TERM": "dumb", "FORCE_COLOR": "1"}, "ca", "c"),
    ({"NO_COLOR": "1"}, "ma", ""),
    ({"NO_COLOR": "0"}, "ma", ""),
    ({"NO_COLOR": ""}, "cma", ""),
    ({"FORCE_COLOR": "1"}, "cma", "c"),
    ({"FORCE_COLOR": "yes"}, "cma", "c"),
    ({"FORCE_COLOR": ""}, "cma", ""),
    ({"FORCE_COLOR": "0"}, "ma", ""),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "ma", ""),
    ({"CLICOLOR": "0"}, "ma", ""),
    ({"CLICOLOR": "1"}, "cma", ""),
    ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, "cma", "c"),
    ({"CLICOLOR_FORCE": "0"}, "cma", ""),
    ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, "ma", ""),
    ({"TTY_COMPATIBLE": "1"}, "cma", "c"),
    ({"TTY_COMPATIBLE": "0"}, "cma", ""),
    ({"CI": "true"}, "c", ""),
    ({"CI": "1", "NO_COLOR": "1"}, "", ""),
    ({"CI": "true", "FORCE_COLOR": "1"}, "c", "c"),
    ({"CI": "false"}, "cma", ""),
    ({"CI": ""}, "cma", ""),
    ({"AI_AGENT": "some"}, "cm", ""),
]


@pytest.mark.parametrize(("environment", "terminal", "log"), SAID, ids=str)
def test_how_it_is_said(environment, terminal, log):
    assert manner_of(environment, is_terminal=True) == said(terminal)
    assert manner_of(environment, is_terminal=False) == said(log)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "terminal", "log"),
    [
        (None, 80, 160),
        ("100", 100, 100),
        ("5", 20, 20),
        ("0", 80, 160),
        ("-3", 80, 160),
        ("many", 80, 160),
        ("", 80, 160),
    ],
)
def test_how_wide_it_is(columns, terminal, log):
    environment = {} if columns is None else {"COLUMNS": columns}
    assert width_of(environment, Terminal()) == terminal
    assert width_of(environment, io.StringIO()) == log


@pytest.mark.parametrize("name", AGENTS)
def test_each_agent_is_known_by_its_variable(name):
    assert agent_variable({"PATH": "/bin", name: "1"}) == name
    assert agent_variable({name: ""}) == agent_variable({name: "0"}) == ""


@pytest.mark.parametrize("setting", ["CODEX_HOME", "GEMINI_API_KEY", "CURSOR_TRACE_ID", "CLINE_DIR"])
def test_what_people_set_shows_no_agent(setting):
    assert agent_variable({setting: "1"}) == ""


@pytest.mark.parametrize(
    ("agent", "asked", "verbose", "is_quiet"),
    [
        ("", None, False, False),
        ("", True, False, True),
        ("", False, False, False),
        ("1", None, False, True),
        ("1", False, False, False),
        ("1", None, True, False),
        ("", True, True, False),
    ],
)
def test_who_wants_little(monkeypatch, agent, asked, verbose, is_quiet):
    monkeypatch.setattr(manner, "_is_quiet", [False])
    monkeypatch.setenv("AI_AGENT", agent)
    choose_quiet(quiet=asked, verbose=verbose)
    assert Console(verbose=verbose).quiet == is_quiet
    assert not Console(stderr=io.StringIO()).quiet, "with streams of its own it speaks for itself alone"


def spoken(**how):
    talk = io.StringIO()
    console = Console(stderr=talk, **how)
    console.begin("plan")
    console.complete("1234 us-east-1", str)
    console.blank()
    with console.spinner("look"):
        console.working("a step")
        console.detail("a line")
    console.rows(
        [
            Row("=", "keep", "Registry"),
            Row("~", "update", "Api", "it differs", details=(Detail("~", "Role"), Detail(text="+ all", style="red"))),
        ]
    )
    console.item("=", "Stack", "unchanged")
    console.rows([Row("→", text="every 10 s saves 40 s")])
    console.bars([Bar("time", 3.0, "goal 3m: met"), Bar("build", 1.0, of=3.0)])
    console.item("+", "deploy Api", "it differs")
    console.table(("phase", ">time"), [("build", "1s")])
    console.say("in 1s")
    console.warn("", "something is odd")
    console.warn("api", "is odd")
    console.notices("api", [Notice("one", "first", 3)])
    console.tell("more permissions:")
    console.headline("Nothing to do.")
    return [" ".join(line.split()) for line in talk.getvalue().splitlines()]


def test_little_is_errors_warnings_a_line_for_each_step_and_how_it_ended():
    assert spoken(quiet=True) == [
        "~ update Api it differs",
        "+ all",
        "time 3.00s goal 3m: met",
        "+ deploy Api it differs",
        "! something is odd",
        "! api: is odd",
        "! api: first (line 3) [one]",
        "more permissions:",
        "Nothing to do.",
    ]
    assert spoken(quiet=True, verbose=True) == spoken(verbose=True)
    assert set(spoken(quiet=True)) < set(spoken())


def test_in_quiet_nothing_moves(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    console = Console(stderr=terminal, quiet=True)
    with console.spinner("look"):
        console.progress("1 of 2")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("name", ["CI", "AI_AGENT"])
def test_where_nobody_sits_nobody_is_asked(monkeypatch, name):
    monkeypatch.setattr("sys.stdin", Terminal())
    assert sys.stdin.isatty()
    assert (Console(stderr=Terminal()).can_ask(), Console(stderr=Terminal()).has_agent()) == (True, False)
    monkeypatch.setenv(name, "1")
    assert not Console(stderr=Terminal()).can_ask()
    assert Console(stderr=Terminal()).has_agent() == (name == "AI_AGENT")
    assert not Console(stderr=io.StringIO()).has_agent(), "a log asks nobody, whoever reads it"


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "0"}, {"CLICOLOR": "0"}])
def test_without_colour_there_is_none(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    console = Console(stderr=terminal)
    console.say("a", "bold red")
    console.rows([Row("✗", "update", "Api", "it failed")])
    console.table(("phase", ">time"), [("x" * 200, "1s")])
    assert "\x1b" not in terminal.getvalue()


def test_a_log_may_have_colours_and_stands_still(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    talk = io.StringIO()
    with Console(stderr=talk, verbose=True).spinner("look"):
        pass
    assert talk.getvalue() == "\x1b[2m… look\x1b[0m\n"
