"""What is said of a deployment: a moment of it, where its time went, and advice."""

from __future__ import annotations

import time

import pytest
from fakes import function_with
from one_stack import World, make_world

from rajee_deploy.actions.tell_deployment import _service_line as service_line
from rajee_deploy.actions.tell_deployment import show_moment as show
from rajee_deploy.actions.tell_deployment import tell_time_spent
from rajee_deploy.actions.watch import Moment, Watch
from rajee_deploy.console import Console
from rajee_deploy.rollout import Deployment, Message, ResourceEvent, RolloutSettings, Service, Targets


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


def test_a_service_in_one_line():
    new = Deployment("2", "PRIMARY", "task:2", 3, 1, 2, failed=4)
    former = Deployment("1", "ACTIVE", "task:1", 3, 0, 1)
    assert service_line(Service("api", (new, former), targets=Targets(1, 2, 3, 4))) == (
        "api: new 2/3 running, 1 pending, 4 failed; former 1/3 running; targets 1 healthy, 2 starting, 4 draining"
    )
    assert service_line(Service("api", (former,))) == "api: former 1/3 running"
    theirs = Service("api", (new, former), controller="CODE_DEPLOY")
    assert service_line(theirs) == "api: primary 2/3 running, 1 pending, 4 failed; active 1/3 running"
    assert service_line(Service("api", (), controller="EXTERNAL")) == "api: nothing runs yet"


class Board(Console):
    """Remembers what is shown below the pieces of work, and tables."""

    def board(self, lines):
        self.lines = list(lines)

    def table(self, columns, rows, **_):
        self.rows = (tuple(columns), list(rows))


def test_a_moment_is_shown(world):
    world.run.console = board = Board(stderr=world.talk)
    former = Deployment("1", "ACTIVE", "task:1", 1, 0, 1)
    show(world.run, Moment((("Task", 2.0), ("Queue", 65.0)), (Service("api", (former,)),), ("one", "two")))
    assert board.lines == ["Task  2.00s", "Queue  1m 05s", "api: former 1/1 running"]
    assert world.talk.getvalue() == "    one\n    two\n"
    show(world.run, Moment(tuple((f"R{number}", 2.0) for number in range(20)), (Service("api", (former,)),), ()))
    assert board.lines[7:] == ["R7  2.00s", "… and 12 more", "api: former 1/1 running"]
    busy = function_with("fn", "host.test/team/app:c-2", state="IN_PROGRESS")
    show(world.run, Moment((), (function_with("fn", "host.test/team/app:c-2"), busy), ()))
    assert board.lines == ["fn: app:c-2", "fn: app:c-2, in progress"]


def test_where_the_time_went_is_told(world):
    """Eight resources at most, and nothing that took less than a second."""
    start = time.time()
    world.run.console = board = Board(stderr=world.talk)
    for number in range(10):
        name, took = f"R{number}", 20.0 - 2 * number
        world.watcher.happened += [
            ResourceEvent(f"{name}a", start + 50, name, "T", "UPDATE_IN_PROGRESS"),
            ResourceEvent(f"{name}b", start + 50 + took, name, "T", "UPDATE_COMPLETE"),
        ]
    watch = Watch(world.watcher, "App", lambda _moment: None)
    tell_time_spent(world.run, "App", watch)
    assert board.rows == (("where the time of App went", ">time"), [(f"R{n}", f"{20 - 2 * n}.00s") for n in range(8)])
    assert [span.name for span in world.run.times_spent["App"].resources] == [f"R{n}" for n in range(10)]


def test_the_phases_of_services_and_advice_are_told(world):
    start = time.time()
    world.run.console = board = Board(stderr=world.talk)
    world.watcher.happened = [ResourceEvent("a", start, "S", "T", "UPDATE_IN_PROGRESS")]
    texts = {
        20: ") registered 1 targets",
        20.5: "has begun draining connections",
        90: "has stopped 1",
        91: "deployment completed",
    }
    said = tuple(Message(text, start + after, text) for after, text in texts.items())
    primary = Deployment("ecs-svc/1", "PRIMARY", "task:1", 1, 0, 1, state="COMPLETED")
    world.watcher.held, world.watcher.set_to = (
        {"arn": [Service("api", (primary,), said)]},
        RolloutSettings(stop_timeout=60),
    )
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    assert board.rows[1] == [("api: start tasks", "20.00s"), ("api: draining", "1m 10s"), ("api: settling", "1.00s")]
    assert "→ faster" in world.talk.getvalue()
    assert "stopTimeout is 60 s" in world.talk.getvalue()


def test_nothing_to_tell_is_no_table(world):
    world.run.console = board = Board(stderr=world.talk)
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    assert not hasattr(board, "rows")


def test_a_time_that_is_not_told_is_no_failure(world):
    world.watcher.is_silent = True
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    assert world.talk.getvalue() == "where the time of App went is not known: AWS throttled the call [throttled]\n"
    assert world.run.times_spent == {}
