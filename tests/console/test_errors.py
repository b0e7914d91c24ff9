"""An error in one shape: what happened, why, where, next, code; nothing else, at any width."""

from __future__ import annotations

import io

import pytest

from rajee_deploy.console import Console
from rajee_deploy.console.documents import error_document
from rajee_deploy.console.errors import MOST_LINES, error_lines
from rajee_deploy.console.rows import plain
from rajee_deploy.errors import DeployError, FailedStep, Quote

LONG = "the stack was not updated because somebody else was quicker than this run of the tool was today"


def shown(error, width=80, **how):
    return "\n".join(plain(line).rstrip() for line in error_lines(error, width, **how))


def at_work(error, *, done=(), left=()):
    error.step = FailedStep("update", "AppStack", 221.4, "3m 41s", done, left)
    return error


CODE = "  code   a-code                rajee-deploy explain-error a-code"


SCREENS = [
    (DeployError("a-code", "it is not there"), 80, ["  ✗ it is not there", ""]),
    (
        DeployError("a-code", "no", where="a.toml:3", cause="it says x", hint="rajee-deploy plan"),
        80,
        ["  ✗ no", "", "  why    it says x", "  where  a.toml:3", "  next   rajee-deploy plan"],
    ),
    (
        DeployError("a-code", LONG, cause=LONG),
        50,
        [
            "  ✗ the stack was not updated because somebody",
            "    else was quicker than this run of the tool was",
            "    today",
            "",
            "  why    the stack was not updated because",
            "         somebody else was quicker than this run",
            "         of the tool was today",
        ],
    ),
    (
        at_work(DeployError("a-code", "rolled back: c-1 still serves")),
        80,
        ["  ✗ update  AppStack  3m 41s   rolled back: c-1 still serves", ""],
    ),
    (
        at_work(DeployError("a-code", "no", cause="it ended"), done=("build app",), left=("update B", "update C")),
        80,
        [
            "  ✗ update  AppStack  3m 41s   no",
            "",
            "  why    it ended",
            "         done before, and it stays: build app",
            "         not begun: update B, update C",
        ],
    ),
    (  # A command stands on one line whatever the width, and so does one inside a sentence.
        DeployError(
            "a-code", "no", hint="rajee-deploy up --repair-drift --wait 60 -e prod\nlook at it: aws ecs list-tasks"
        ),
        30,
        [
            "  ✗ no",
            "",
            "  next   rajee-deploy up --repair-drift --wait 60 -e prod",
            "         look at it:",
            "         aws ecs list-tasks",
        ],
    ),
    (  # What others wrote is no escape and no markup.
        DeployError("a-code", "\x1b[31mred", where="\x9b1m", quote=Quote(("::error::no", "\ta [b]tab"))),
        80,
        ["  ✗ \\x1b[31mred", "", "  why    │ ::error::no", "         │         a [b]tab", "  where  \\x9b1m"],
    ),
    (
        DeployError("a-code", "no", cause="envoy exited with 1", quote=Quote(("a", "  b"), 20, "its log")),
        80,
        [
            "  ✗ no",
            "",
            "  why    envoy exited with 1",
            "         │ a",
            "         │   b",
            "         the last 2 of 20 lines of its log",
        ],
    ),
]


@pytest.mark.parametrize(("error", "width", "screen"), SCREENS)
def test_the_screen(error, width, screen):
    code = [CODE] if width >= len(CODE) else ["  code   a-code", "         rajee-deploy explain-error a-code"]
    assert shown(error, width).split("\n") == [*screen, *code]


def test_digests_are_short_unless_all_is_wanted():
    tag = f"c-{'0123456789' * 4}"
    error = DeployError("a-code", f"no {tag}", cause=f"{tag} is not there", quote=Quote((tag,)))
    assert (shown(error).count(tag), shown(error, whole=True).count(tag)) == (1, 3), (
        "a program's words stay as they are"
    )


def test_a_long_code_has_its_command_below():
    assert shown(DeployError("a-code-with-many-words", "no"), 60).endswith(
        "  code   a-code-with-many-words\n         rajee-deploy explain-error a-code-with-many-words"
    )


def test_an_error_begins_anew_below_what_was_said_unless_it_ends_a_list_of_steps():
    for error, blank in ((DeployError("a-code", "no"), True), (at_work(DeployError("a-code", "no")), False)):
        stream = io.StringIO()
        console = Console(stderr=stream)
        console.error(error)
        assert not stream.getvalue().startswith("\n")
        console.say("something")
        console.error(error)
        assert ("something\n\n" in stream.getvalue()) is blank


def test_only_the_last_lines_of_a_program_are_shown_unless_all_are_wanted():
    error = DeployError("a-code", "no", quote=Quote(tuple(f"line {n}" for n in range(30)), 45))
    assert f"the last {MOST_LINES} of 45 lines of its output" in shown(error)
    assert ("line 9\n" in shown(error), "line 10\n" in shown(error)) == (False, True)
    assert "the last 30 of 45 lines" in shown(error, whole=True)


def test_the_document_has_all_of_it():
    error = at_work(DeployError("a-code", "no", cause="why", quote=Quote(("a", "b"), 9)), done=("x",), left=("y",))
    document = error_document(error)
    assert (document["cause"], document["quote"]) == ("why\na\nb", {"lines": ["a", "b"], "of": 9, "what": "its output"})
    assert document["step"] == {"verb": "update", "name": "AppStack", "seconds": 221.4}
    assert (document["done"], document["notBegun"]) == (["x"], ["y"])
    assert {"quote", "step", "done", "notBegun"}.isdisjoint(error_document(DeployError("a-code", "no")))


def test_in_a_log_it_is_as_wide_as_a_log(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    for columns, lines in ("", 3), ("70", 4):
        if columns:
            monkeypatch.setenv("COLUMNS", columns)
        stream = io.StringIO()
        Console(stderr=stream).error(DeployError("a-code", LONG))
        assert len(stream.getvalue().splitlines()) == lines
