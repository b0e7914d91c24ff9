"""Watching a deployment: what is told while it goes on, and what is told afterwards."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from fakes import FakeWatcher, function_with

from rajee_deploy.actions.watch import Watch
from rajee_deploy.rollout import Deployment, Message, ResourceEvent, RolloutSettings, Service, StoppedTask
from rajee_deploy.rollout.spans import TAKE_OVER

PRIMARY = Deployment("ecs-svc/2", "PRIMARY", "task:2", 1, 0, 1, state="COMPLETED")
SERVICE = Service("api", (PRIMARY,))


def event(resource, status, reason="", after=0.0):
    at = time.time() + after
    return ResourceEvent(f"{resource}-{status}", at, resource, "AWS::ECS::Service", status, reason)


def watched(watcher, moments, happen):
    """Watch while `happen` changes the world, until a later look has seen it; returns the account of it."""
    seen = threading.Semaphore(0)

    def note(moment):
        moments.append(moment)
        seen.release()

    with Watch(watcher, "App", note, poll=0.01) as watch:
        happen()
        for _ in range(3):
            assert seen.acquire(timeout=20)
    return watch.time_spent()


def test_what_happens_is_told_once_and_what_was_before_is_not():
    watcher = FakeWatcher([event("Old", "UPDATE_COMPLETE")], {"arn": [SERVICE]})
    said = Message("m1", time.time(), "(service api) has started 1 tasks")
    watcher.held["arn"] = [replace(SERVICE, messages=(Message("m0", 1.0, "before"),))]

    def happen():
        watcher.happened += [event("Service", "UPDATE_IN_PROGRESS"), event("Task", "CREATE_FAILED", "denied")]
        watcher.held["arn"] = [
            replace(SERVICE, messages=(said,), stopped=(StoppedTask("t1", "ecs-svc/2", "", ("out of memory",)),))
        ]

    moments = []
    account = watched(watcher, moments, happen)
    news = [text for moment in moments for text in moment.news]
    assert news == ["CREATE_FAILED Task: denied", "task stopped: out of memory"]
    assert [text for moment in moments for text in moment.details] == [said.text]
    assert [resource for resource, _ in moments[-1].at_work] == ["Service"]
    assert account.failure == "Task (AWS::ECS::Service) CREATE_FAILED: denied"


STACK = "AWS::CloudFormation::Stack"
INNER = "EcrStack (AWS::CloudFormation::Stack) CREATE_FAILED: Embedded stack was not created"
LEFT = "no stack has it, so it may be what a creation that failed left: delete it, or name it otherwise"


@pytest.mark.parametrize(
    ("nested", "failure", "remedy"),
    [
        ({}, INNER, ""),  # nobody may ask
        ({"arn:inner": []}, INNER, ""),
        ({"arn:inner": [("App-Ecr", STACK, "failed", "arn:inner")]}, INNER, ""),
        (
            {"arn:inner": [("Web", "AWS::ECR::Repository", "web already exists", "web")]},
            "in the nested stack EcrStack: Web (AWS::ECR::Repository) CREATE_FAILED: web already exists",
            LEFT,
        ),
        (
            {
                "arn:inner": [("Deep", STACK, "Embedded stack", "arn:deep")],
                "arn:deep": [("Web", "AWS::ECR::Repository", "no", "web")],
            },
            "in the nested stack EcrStack / Deep: Web (AWS::ECR::Repository) CREATE_FAILED: no",
            "",
        ),
    ],
)
def test_what_failed_in_a_nested_stack_is_the_reason(nested, failure, remedy):
    def failed(resource, kind, reason, physical):
        return ResourceEvent(resource, time.time(), resource, kind, "CREATE_FAILED", reason, physical)

    watcher = FakeWatcher(nested={arn: [failed(*each) for each in events] for arn, events in nested.items()})
    embedded = failed("EcrStack", STACK, "Embedded stack was not created", "arn:inner")
    account = watched(watcher, [], lambda: watcher.happened.append(embedded))
    assert (account.failure, account.remedy) == (failure, remedy)


def test_the_account_says_where_the_time_went_and_what_would_be_faster():
    start = time.time()
    texts = (
        "registered 1 targets in (tg)",
        "has begun draining connections on 1 tasks",
        "has stopped 1 running tasks",
        "has reached a steady state.",
    )
    messages = tuple(
        Message(str(number), start + 40 * number + 40, f"(service api) {text}") for number, text in enumerate(texts)
    )
    watcher = FakeWatcher([], {"arn": [SERVICE]}, set_to=RolloutSettings(deregistration_delay=300))

    def happen():
        watcher.happened += [event("S", "UPDATE_IN_PROGRESS"), event("S", "UPDATE_COMPLETE", after=160)]
        watcher.held["arn"] = [replace(SERVICE, messages=messages)]

    account = watched(watcher, [], happen)
    assert [span.name for span in account.resources] == ["S"]
    assert [span.name for span in account.phases["api"]] == ["start tasks", "health checks", "draining", "settling"]
    assert len(account.advice) == 1
    assert "deregistration_delay" in account.advice[0]


def test_a_watch_that_gets_no_answer_says_so_once_and_goes_on():
    watcher = FakeWatcher(is_silent=True)
    moments = []
    with Watch(watcher, "App", moments.append, poll=0.01):
        deadline = time.monotonic() + 20
        while not moments and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
    assert [moment.news for moment in moments] == [("cannot watch App: AWS throttled the call",)]


THEIRS = replace(SERVICE, name="theirs", controller="CODE_DEPLOY")


@pytest.mark.parametrize("theirs", [THEIRS, replace(THEIRS, deployments=())])
def test_what_another_controller_rolls_out_is_told(theirs):
    watcher = FakeWatcher([], {"arn": [SERVICE], "other": [theirs]}, {"task:2": ("host.test/team/api:c-2",)})
    assert Watch(watcher, "App", lambda _: None).time_spent().elsewhere == (("theirs", "CODE_DEPLOY"),)


ADDRESS = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:c-2"


def of_function(status, after=0.0, physical="fn", reason=""):
    at = time.time() + after
    return ResourceEvent(f"{status}-{physical}", at, "Function", "AWS::Lambda::Function", status, reason, physical)


def test_functions_that_are_worked_on_are_watched_and_their_time_is_told():
    took = function_with("fn", ADDRESS, began=time.time() + 2)
    busy = replace(took, deployments=(replace(took.deployments[0], state="IN_PROGRESS"),))
    watcher = FakeWatcher(functions={"fn": [busy, took], "zip": [None, replace(took, name="zip")], "untouched": [took]})

    def happen():
        watcher.happened += [of_function("UPDATE_IN_PROGRESS"), of_function("UPDATE_IN_PROGRESS", physical="zip")]
        watcher.happened += [of_function("UPDATE_IN_PROGRESS", physical="")]

    moments = []
    watched(watcher, moments, happen)
    assert {service.name for moment in moments for service in moment.services} == {"fn"}
    watcher.happened.append(of_function("UPDATE_COMPLETE", after=90))
    account = watched(watcher, [], happen)
    assert account.phases == {}  # what was before the watch began is none of it

    def ends():
        watcher.happened += [
            of_function("UPDATE_IN_PROGRESS", physical="new"),
            of_function("UPDATE_COMPLETE", 90, "new"),
        ]
        watcher.functions["new"] = [replace(took, name="new")]

    account = watched(watcher, [], ends)
    assert [span.name for span in account.phases["new"]] == ["until Lambda is told", TAKE_OVER]
    assert account.phases["new"][1].seconds > 80
    assert len(account.advice) == 1


def test_a_role_that_may_not_see_functions_sees_all_the_rest():
    watcher = FakeWatcher([], {"arn": [SERVICE]}, denies_functions=True)
    moments = []
    account = watched(watcher, moments, lambda: watcher.happened.append(of_function("UPDATE_IN_PROGRESS")))
    assert not any(moment.news for moment in moments)
    assert {service.name for moment in moments for service in moment.services} == {"api"}
    assert account.phases == {}


@pytest.mark.parametrize(("status", "name"), [("CREATE_FAILED", "gone"), ("CREATE_IN_PROGRESS", "gone")])
def test_a_function_that_is_not_there_is_not_shown(status, name):
    watcher, moments = FakeWatcher(), []
    watched(watcher, moments, lambda: watcher.happened.append(of_function(status, physical=name)))
    assert not any(moment.services for moment in moments)


def test_why_lambda_does_not_take_an_image_comes_with_what_helps():
    said = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
    watcher = FakeWatcher()
    account = watched(watcher, [], lambda: watcher.happened.append(of_function("UPDATE_FAILED", reason=said)))
    assert said in account.failure
    assert "lambda.amazonaws.com" in account.remedy
    watcher = FakeWatcher()
    account = watched(watcher, [], lambda: watcher.happened.append(event("Task", "UPDATE_FAILED", said)))
    assert account.remedy == ""
