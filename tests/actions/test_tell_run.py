"""The screen of `up` from its steps on, as a log has it: each line once."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from past_runs import run_at

from rajee_deploy.actions.at_step import at_step
from rajee_deploy.actions.outputs import output_rows
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.console import Console
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.steps import BuildAndPush, DeployStack, MoveTag, StackChange
from rajee_deploy.report.history import History
from rajee_deploy.report.timings import Phase

if TYPE_CHECKING:
    from run_worlds import World


def said(world: World, **console: bool) -> list[str]:
    """The lines of an `up`, without their times."""
    run = replace(world.context(), console=Console(stderr=(talk := io.StringIO()), **console))
    recorded_run(run, 5)
    return [re.sub(r" +(\d+ms|\d+\.\d+s)", " T", line) for line in talk.getvalue().splitlines()]


def after_plan(lines: list[str]) -> list[str]:
    """From the first step on."""
    return lines[next(n for n, line in enumerate(lines) if line.startswith("  ✓")) :]


def test_the_steps_then_the_time(world):
    lines = after_plan(said(world))
    assert [line.split()[:3] for line in lines[:3]] == [
        ["✓", "create", "Registry"],
        ["✓", "build", "app"],
        ["✓", "create", "App"],
    ]
    assert re.fullmatch(r"  ✓ build   app T   sha256:[0-9a-f]{12}", lines[1])
    assert re.fullmatch(r"  ✓ create  App T   c-[0-9a-f]{12}", lines[2])
    assert (lines[3], lines[4]) == ("", "  time T")


def test_what_is_for_who_asks_for_it(world):
    quiet, lines = said(world), []
    (world.root / "app").write_text("two")
    lines = said(world, verbose=True)
    whole = re.compile(r"c-[0-9a-f]{40}|[0-9a-f]{64}|records|^… ")
    assert [line for line in after_plan(quiet) if whole.search(line)] == []
    assert len([line for line in lines if whole.search(line)]) > 3
    assert "… build app" in lines
    assert any(line.startswith("phase") for line in lines)


def test_nothing_to_do_ends_with_what_that_is_worth(world):
    world.up()
    lines = said(world)
    assert lines[-1] == "  goal 30s: met; saved about 4m against building and deploying each time"
    assert not any(line.startswith("  ✓") for line in lines)


def test_no_line_is_said_twice(world):
    lines = [line for line in said(world) if line]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("outputs", "whole", "rows"),
    [
        ({"App": {"Zone": "a", "Url": "http://a.test"}}, False, [("Url", "http://a.test"), ("Zone", "a")]),
        ({"App": {"ExportsOutputRefX": "a", "RajeeState": "b", "RajeeImageTags": "c"}}, False, []),
        ({"App": {"RajeeState": "b"}}, True, [("RajeeState", "b")]),
        ({"A": {"Url": "1"}, "B": {"Url": "2", "Name": "b"}}, False, [("A.Url", "1"), ("Name", "b"), ("B.Url", "2")]),
    ],
)
def test_outputs(outputs, whole, rows):
    assert [(row.name, row.text) for row in output_rows(outputs, whole=whole)] == rows


class Usual(Console):
    """Remembers what is said to be usual of a step."""

    def step(self, verb, name, usual=""):
        self.usual = usual
        return super().step(verb, name, usual)


BUILD, LOOK = "build and push app", "look at what App runs"
DEPLOY = DeployStack("App", (), "because", (StackChange.TAG,))


@pytest.mark.parametrize(
    ("step", "phases", "runs", "usual"),
    [
        (BuildAndPush("app", "c-1", ""), {BUILD: 72.4}, 3, "usually 1m 12s"),
        (BuildAndPush("app", "c-1", ""), {BUILD: 72.4}, 2, ""),
        (BuildAndPush("app", "c-1", ""), {BUILD: 0.4}, 3, ""),
        (DEPLOY, {"deploy App": 40.0, LOOK: 8.0}, 3, "usually 48s"),
        (DEPLOY, {LOOK: 8.0}, 3, ""),
        (MoveTag("app", None, "v1", "c-1", ""), {BUILD: 72.4}, 3, ""),
    ],
)
def test_how_long_a_step_takes_as_a_rule(world, step, phases, runs, usual):
    run = replace(world.context(), console=(console := Usual(stderr=io.StringIO())))
    made = tuple(Phase(name, 0.0, seconds) for name, seconds in phases.items())
    for day in range(runs):
        History().append(run_at(day, project=str(world.root), environment="", phases=made))
    with at_step(run, step):
        pass
    assert console.usual == usual


def test_a_history_that_cannot_be_read_is_no_reason_to_fail(world):
    history = History()
    history.path.mkdir(parents=True)
    with at_step(world.context(), DEPLOY) as shown:
        shown.text = "done"
    assert "✓ update  App" in world.talk.getvalue()


def test_of_a_step_that_fails_the_error_tells(world):
    def fail() -> None:
        with at_step(world.context(), DEPLOY):
            raise DeployError("x", "it broke")

    with pytest.raises(DeployError):
        fail()
    assert world.talk.getvalue() == ""
