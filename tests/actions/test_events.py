"""What a program that follows a run is told: each line by the schema, in its order, and without secrets."""

from __future__ import annotations

import errno
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import rajee_deploy.report.events as stream
from rajee_deploy import console
from rajee_deploy.actions.events import follow, is_stdout, open_events, tell_of, warn_of_loss
from rajee_deploy.actions.json_documents import of_run
from rajee_deploy.actions.up import recorded_run
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.report.events import Events
from rajee_deploy.rollout import Deployment, ResourceEvent, Service, Targets

if TYPE_CHECKING:
    from run_worlds import World

SCHEMA = json.loads((Path(stream.__file__).parent / "event.schema.json").read_text())


def told(world: World, lines: list[str]) -> list[dict]:
    """The events of one `up`, each checked by the schema."""
    events = Events(lines.append)
    run = world.context()
    try:
        with tell_of(events, "up", None) as ending:
            follow(run, events)
            planned, record = recorded_run(run, 5)
            ending.document = of_run(planned, record, run.times_spent)
    except DeployError:
        pass
    found = [json.loads(line) for line in lines]
    for each in found:
        jsonschema.validate(each, SCHEMA)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert [each["seconds"] for each in found] == sorted(each["seconds"] for each in found)
    return found


def kinds(found: list[dict]) -> list[str]:
    return list(dict.fromkeys(each["event"] for each in found))


def test_a_run_from_its_beginning_to_its_document(world):
    found = told(world, [])
    assert kinds(found)[:1] == ["run-began"]
    assert {"plan", "phase-began", "phase-ended"} <= {*kinds(found)}
    assert [each["event"] for each in found].index("plan") < [each.get("phase") for each in found].index(
        "build and push app"
    )
    began = [each["phase"] for each in found if each["event"] == "phase-began"]
    assert sorted(began) == sorted(each["phase"] for each in found if each["event"] == "phase-ended")
    assert found[-1]["event"] == "run-ended"
    assert (found[-1]["outcome"], found[-1]["exit_code"]) == ("done", 0)
    assert found[-1]["document"]["schema"] == "rajee-deploy.up/1"


def test_steps_with_what_came_of_them(world):
    done = [each for each in told(world, []) if each["event"] == "step-done"]
    assert [(each["step"]["step"], each["outcome"]) for each in done] == [
        ("deploy", "done"),
        ("build-and-push", "done"),
        ("deploy", "done"),
    ]


def test_a_run_that_fails_says_why_and_still_has_an_end(world):
    world.stacks.ends_in = "ROLLBACK_COMPLETE"
    *_, failed, error, ended = told(world, [])
    assert (failed["event"], failed["outcome"]) == ("step-done", "failed")
    assert error["error"]["code"] == "deploy-not-confirmed"
    assert (ended["outcome"], ended["exit_code"], ended["document"]) == ("failed", 1, None)


@pytest.mark.parametrize(
    ("error", "code", "outcome", "exit_code"),
    [
        (KeyboardInterrupt(), "interrupted", "interrupted", 130),
        (ConfigurationError("bad-flag", "x"), "bad-flag", "refused", 64),
        (OSError("secret words"), "machine", "failed", 1),
        (ValueError("secret words"), "bug", "failed", 3),
    ],
)
def test_every_way_to_end(error, code, outcome, exit_code):
    lines: list[str] = []
    with pytest.raises(type(error)), tell_of(Events(lines.append), "rollback", "prod"):
        raise error
    began, why, ended = (json.loads(line) for line in lines)
    for each in (began, why, ended):
        jsonschema.validate(each, SCHEMA)
    assert (began["verb"], began["environment"], why["error"]["code"]) == ("rollback", "prod", code)
    assert (ended["outcome"], ended["exit_code"]) == (outcome, exit_code)
    assert "secret words" not in "".join(lines)


def test_warnings_and_secrets(world, monkeypatch):
    monkeypatch.setattr(console, "_secrets", [])
    console.hide(["hunter2"])
    lines: list[str] = []
    run = world.context()
    follow(run, Events(lines.append))
    run.console.warn("stack App", "the password is hunter2", "odd")
    (warning,) = (json.loads(line) for line in lines)
    jsonschema.validate(warning, SCHEMA)
    assert (warning["subject"], warning["code"]) == ("stack App", "odd")
    assert "hunter2" not in lines[0]


@pytest.mark.parametrize(("number", "problem"), [(errno.EPIPE, ""), (errno.ENOSPC, os.strerror(errno.ENOSPC))])
def test_who_does_not_read_any_more_ends_nothing(world, number, problem):
    lines: list[str] = []

    def write(line: str) -> None:
        if len(lines) == 3:
            raise OSError(number, os.strerror(number))
        lines.append(line)

    events, run = Events(write), world.context()
    with tell_of(events, "up", None):
        follow(run, events)
        recorded_run(run, 5)
    assert len(lines) == 3
    assert (events.problem, events.is_asked_for) == (problem, False)
    assert world.done() == (1, ["Registry", "App"])
    warn_of_loss(run, events, "e.jsonl")
    assert ("e.jsonl could not be written to its end" in world.talk.getvalue()) == bool(problem)


def test_nobody_who_asks_for_nothing_is_told(world):
    run = world.context()
    before = run.timings.on_begin
    follow(run, Events())
    assert run.timings.on_begin is before


def test_a_file_has_the_last_run_alone_and_a_pipe_that_is_read_each_line_at_once(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("old\n")
    open_events(str(path), prints_document=True).tell("error")
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["error"]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    events = open_events(str(pipe), prints_document=False)
    events.tell("plan")
    assert json.loads(os.read(reader, 1 << 16))["event"] == "plan"
    os.close(reader)
    events.tell("plan")
    assert (events.is_asked_for, events.problem) == (False, "")


def test_stdout_takes_events_or_a_document(capsys):
    assert [is_stdout(each) for each in (None, "-", "/dev/stdout", "/dev/stderr", "-.jsonl")] == [
        False, True, True, False, False,
    ]  # fmt: skip
    open_events("-", prints_document=False).tell("plan")
    assert json.loads(capsys.readouterr().out)["event"] == "plan"
    with pytest.raises(ConfigurationError) as caught:
        open_events("-", prints_document=True)
    assert caught.value.code == "bad-flag"


@pytest.mark.parametrize("name", ["", "unread", "a\0b"])
def test_what_cannot_be_written_is_refused_before_anything_happens(tmp_path, name):
    os.mkfifo(tmp_path / "unread")
    with pytest.raises(ConfigurationError) as caught:
        open_events(f"{tmp_path}/{name}", prints_document=False)
    assert caught.value.code == "bad-events-file"


def test_what_a_deployment_says_is_told_as_it_says_it(world):
    world.up()
    (world.root / "app").write_text("two")
    primary = Deployment("ecs-svc/2", "PRIMARY", "task:2", 2, 1, 1, state="IN_PROGRESS")
    world.watcher.held = {"arn": [Service("api", (primary,), targets=Targets(1, 1, 0, 2))]}
    lines: list[str] = []
    run = world.context()
    follow(run, Events(lines.append))
    stacks, deploy = world.stacks, world.stacks._apply

    def slowly(*given, **more):
        world.watcher.happened.append(
            ResourceEvent("e1", sys.maxsize, "Service", "AWS::ECS::Service", "UPDATE_IN_PROGRESS")
        )
        deploy(*given, **more)

    stacks._apply = slowly
    recorded_run(replace(run), 5)
    found = [json.loads(line) for line in lines]
    for each in found:
        jsonschema.validate(each, SCHEMA)
    (resource,) = (each for each in found if each["event"] == "resource")
    assert (resource["stack"], resource["resource"], resource["status"]) == ("App", "Service", "UPDATE_IN_PROGRESS")
