"""What is said of a deployment: a moment of it, where its time went, and advice."""

from __future__ import annotations

import io
import time

import pytest
from fakes import function_with
from one_stack import World, make_world, wanted

from rajee_deploy.actions.stack_images import StackImages
from rajee_deploy.actions.tell_deployment import Onlooker, board_lines, done_text, tell_time_spent, time_lines
from rajee_deploy.actions.watch import Moment, TimeSpent, Watch
from rajee_deploy.console import Console
from rajee_deploy.rollout import Deployment, Message, ResourceEvent, RolloutSettings, Service
from rajee_deploy.rollout.spans import Span


@pytest.fixture
def world(tmp_path) -> World:
    return make_world(tmp_path)


def test_what_is_seen_goes_below_the_step_and_what_is_amiss_is_said(world):
    """What goes well is for who asks for it."""
    busy = Service("api-x1", (Deployment("1", "PRIMARY", "task:1", 2, 0, 1, state="IN_PROGRESS"),))
    moment = Moment((("ApiService12AB34CD", 65.0),), (busy,), ("broken",), ("well",), {"api-x1": "ApiService12AB34CD"})
    for verbose, said in ((False, "    broken\n"), (True, "    broken\n    well\n")):
        talk = io.StringIO()
        world.run.console = Console(stderr=talk, verbose=verbose)
        Onlooker(world.run, "App").show(moment)
        assert talk.getvalue() == said


MOVING = Service("api-x1", (Deployment("1", "PRIMARY", "task:1", 2, 0, 1, state="IN_PROGRESS"),))
STABLE = Service("api-x1", (Deployment("1", "PRIMARY", "task:1", 2, 0, 2, state="COMPLETED"),))
TEXT = "1 of 2 new tasks run"
WAITS = ("", "waiting for new tasks to start")


@pytest.mark.parametrize(
    ("moment", "lines"),
    [
        (Moment((("Queue", 2.0), ("Task12AB34CD", 65.0)), (), ()), [("Queue", "2.00s"), ("Task", "1m 05s")]),
        (Moment((), (MOVING,), ()), [("api-x1", TEXT), WAITS]),
        (Moment((), (STABLE,), ()), []),
        (Moment((("Service", 3.0),), (STABLE,), (), (), {"api-x1": "Service"}), [("Service", "2 tasks run")]),
        (
            Moment((("Rule", 1.0), ("Service", 3.0)), (MOVING,), (), (), {"api-x1": "Service"}),
            [("Rule", "1.00s"), ("Service", TEXT), WAITS],
        ),
        (
            Moment(tuple((f"R{number}", 2.0) for number in range(20)), (), ()),
            [*((f"R{number}", "2.00s") for number in range(8)), ("", "and 12 more")],
        ),
        (Moment((), (function_with("fn", "host.test/team/app:c-2"),), ()), []),
        (
            Moment((), (function_with("fn", "host.test/team/app:c-2", state="IN_PROGRESS"),), ()),
            [("fn", "app:c-2, in progress")],
        ),
    ],
)
def test_what_is_seen_of_a_deployment(moment, lines):
    assert board_lines(moment) == lines


def test_where_the_time_went_is_told(world):
    """Eight resources at most, and nothing that took less than a second."""
    start = time.time()
    for number in range(10):
        name, took = f"R{number}", 20.0 - 2 * number
        world.watcher.happened += [
            ResourceEvent(f"{name}a", start + 50, name, "T", "UPDATE_IN_PROGRESS"),
            ResourceEvent(f"{name}b", start + 50 + took, name, "T", "UPDATE_COMPLETE"),
        ]
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    spent = world.run.times_spent["App"]
    assert [span.name for span in spent.resources] == [f"R{n}" for n in range(10)]
    assert time_lines(spent) == [(f"R{n}", f"{20 - 2 * n}.00s") for n in range(8)]


def test_the_phases_of_services_and_advice_are_told(world):
    start = time.time()
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
    spent = world.run.times_spent["App"]
    assert time_lines(spent) == [
        ("api: start tasks", "20.00s"),
        ("api: draining", "1m 10s"),
        ("api: settling", "1.00s"),
    ]
    assert ["stopTimeout is 60 s" in each for each in spent.advice] == [True]


ONE, TWO = (StackImages([wanted(name, letter, parameter)], {parameter: tag}) for name, letter, parameter, tag in (
    ("app", "a", "ImageTag", f"c-{'a' * 40}"),
    ("web", "b", "WebTag", f"sha256:{'b' * 64}"),
))  # fmt: skip
BOTH = StackImages([*ONE.images, *TWO.images], {**ONE.parameters, **TWO.parameters})
SPENT = TimeSpent((Span("A", 0, 1), Span("B", 0, 1), Span("A (delete)", 0, 1)), {}, ())


@pytest.mark.parametrize(
    ("images", "services", "spent", "text"),
    [
        (ONE, [STABLE], None, "c-aaaaaaaaaaaa on 2 of 2 tasks"),
        (TWO, [STABLE, STABLE], None, "sha256:bbbbbbbbbbbb on 2 services, 4 of 4 tasks"),
        (BOTH, [STABLE], SPENT, "2 of 2 tasks"),
        (ONE, [function_with("fn", "host.test/team/app:c-2")], None, "c-aaaaaaaaaaaa on fn"),
        (ONE, [], SPENT, "c-aaaaaaaaaaaa"),
        (StackImages([], {}), [], SPENT, "3 resources"),
        (StackImages([], {}), [], None, ""),
    ],
)
def test_what_came_of_a_deployment(images, services, spent, text):
    assert done_text(images, services, spent) == text


def test_a_time_that_is_not_told_is_no_failure(world):
    world.watcher.is_silent = True
    tell_time_spent(world.run, "App", Watch(world.watcher, "App", lambda _moment: None))
    said = "! where the time of App went is not known: AWS throttled the call [throttled]"
    assert " ".join(world.talk.getvalue().split()) == said
    assert world.run.times_spent == {}
