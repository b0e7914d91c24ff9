"""Where the time of a deployment went, read off what AWS says."""

from __future__ import annotations

import pytest

from rajee_deploy.rollout import Message, ResourceEvent, RolloutSettings
from rajee_deploy.rollout.advice import advice
from rajee_deploy.rollout.spans import TAKE_OVER, Span, first_failure, function_phases, resource_spans, rollout_phases

STACK = "AWS::CloudFormation::Stack"


def event(at, resource, status, reason="", kind="AWS::ECS::Service"):
    return ResourceEvent(f"{at}-{resource}-{status}", at, resource, kind, status, reason)


UPDATE = [
    event(0, "App", "UPDATE_IN_PROGRESS", "User Initiated", STACK),
    event(1, "Task", "UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical resource", "T"),
    event(2, "Task", "UPDATE_IN_PROGRESS", "Resource creation Initiated", "T"),
    event(3, "Task", "UPDATE_COMPLETE", "", "T"),
    event(4, "Service", "UPDATE_IN_PROGRESS"),
    event(134, "Service", "UPDATE_COMPLETE"),
    event(135, "App", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", STACK),
    event(136, "Task", "DELETE_IN_PROGRESS", "", "T"),
    event(137, "Task", "DELETE_COMPLETE", "", "T"),
    event(138, "App", "UPDATE_COMPLETE", "", STACK),
]


def test_each_resource_has_its_time_the_longest_first():
    assert resource_spans(reversed(UPDATE)) == (
        Span("Service", 4, 130),
        Span("Task", 1, 2),
        Span("Task (delete)", 136, 1),
    )


def test_a_resource_that_is_still_at_work_has_no_span_yet():
    assert resource_spans(UPDATE[:5]) == (Span("Task", 1, 2),)


@pytest.mark.parametrize(
    ("events", "resource"),
    [
        ([event(1, "A", "CREATE_FAILED", "Resource creation cancelled"), event(2, "B", "CREATE_FAILED", "no")], "B"),
        (
            [
                event(1, "App", "UPDATE_FAILED", "The following resource(s) failed", STACK),
                event(2, "B", "UPDATE_FAILED", "no"),
            ],
            "B",
        ),
        ([event(1, "App", "ROLLBACK_FAILED", "denied", STACK)], "App"),
    ],
)
def test_the_cause_of_a_failure_is_the_resource_that_failed_by_itself(events, resource):
    assert first_failure(events).resource == resource


def test_nothing_failed():
    assert first_failure(UPDATE) is None


def message(at, text):
    return Message(str(at), at, f"(service api) {text}")


ROLLOUT = [
    message(10, "has started 1 tasks: (task 0a)."),
    message(45, "registered 1 targets in (target-group arn:tg)."),
    message(47, "registered 1 targets in (target-group arn:tg)."),
    message(80, "has begun draining connections on 1 tasks."),
    message(80, "deregistered 1 targets in (target-group arn:tg)."),
    message(380, "has stopped 1 running tasks: (task 01)."),
    message(390, "(deployment ecs-svc/1) deployment completed."),
    message(391, "has reached a steady state."),
]


def test_the_phases_of_a_rollout_behind_a_load_balancer():
    assert rollout_phases(list(reversed(ROLLOUT)), start=5) == (
        Span("start tasks", 5, 42),
        Span("health checks", 47, 33),
        Span("draining", 80, 300),
        Span("settling", 380, 11),
    )


def test_a_service_without_a_load_balancer_has_fewer_phases():
    messages = [message(12, "has started 1 tasks"), message(60, "has stopped 1 running tasks"), ROLLOUT[-1]]
    assert [span.name for span in rollout_phases(messages, 5)] == ["draining", "settling"]


def test_what_was_before_the_rollout_does_not_count_and_an_unfinished_one_has_no_phases():
    assert rollout_phases(ROLLOUT, start=400) == ()
    assert rollout_phases(ROLLOUT[:-2], start=5) == ()


PHASES = (Span("start tasks", 0, 42), Span("health checks", 0, 33), Span("draining", 0, 300), Span("settling", 0, 11))
QUICK = RolloutSettings(5, 5, 2, 100, 200)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (QUICK, []),
        (RolloutSettings(30, 5, 2, 100, 200), ["saves up to 25 s"]),
        (RolloutSettings(5, 300, 2, 100, 200), ["saves up to 270 s"]),
        (RolloutSettings(5, 5, 120, 100, 200), ["stopTimeout is 120 s"]),
        (RolloutSettings(5, 5, 2, 0, 100), ["maximumPercent is 100"]),
        (RolloutSettings(), []),
    ],
)
def test_advice_names_the_setting_and_what_it_could_save(settings, words):
    found = advice(PHASES, settings)
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_a_short_phase_is_not_worth_a_word():
    assert advice([Span("draining", 0, 10)], RolloutSettings(deregistration_delay=300)) == ()


@pytest.mark.parametrize(
    ("phase", "seconds", "settings", "expected"),
    [
        ("start tasks", 15, RolloutSettings(maximum_percent=100), []),
        ("start tasks", 16, RolloutSettings(maximum_percent=101), []),
        (
            "start tasks",
            60,
            RolloutSettings(maximum_percent=100),
            ["maximumPercent is 100: ECS stops a task before it starts the next; 200 starts them at once"],
        ),
        (
            "start tasks",
            61,
            RolloutSettings(),
            ["tasks start slowly: a smaller image is pulled faster, since Fargate keeps none"],
        ),
        ("health checks", 20, RolloutSettings(health_check_interval=10), []),
        (
            "health checks",
            20,
            RolloutSettings(health_check_interval=11),
            [
                (
                    "the target group checks every 11 s, and a new target needs one passing check: "
                    "an interval of 5 s saves up to 6 s"
                )
            ],
        ),
        (
            "health checks",
            20,
            RolloutSettings(health_check_interval=60),
            [
                (
                    "the target group checks every 60 s, and a new target needs one passing check: "
                    "an interval of 5 s saves up to 20 s"
                )
            ],
        ),
        ("draining", 40, RolloutSettings(deregistration_delay=30, stop_timeout=30), []),
        (
            "draining",
            40,
            RolloutSettings(deregistration_delay=31, stop_timeout=31),
            [
                "deregistration_delay.timeout_seconds is 31: 30 saves up to 1 s, where no request takes longer",
                "stopTimeout is 31 s: a process that exits on SIGTERM needs less",
            ],
        ),
        (
            "draining",
            40,
            RolloutSettings(deregistration_delay=300),
            ["deregistration_delay.timeout_seconds is 300: 30 saves up to 40 s, where no request takes longer"],
        ),
        ("settling", 400, RolloutSettings(60, 300, 120, 100, 100), []),
    ],
)
def test_from_where_on_a_setting_is_worth_a_word(phase, seconds, settings, expected):
    assert list(advice([Span(phase, 0, seconds)], settings)) == expected


def test_spans_of_the_same_length_are_in_the_order_in_which_they_began():
    events = [event(5, "B", "CREATE_IN_PROGRESS"), event(1, "A", "CREATE_IN_PROGRESS")]
    events += [event(3, "A", "CREATE_COMPLETE"), event(7, "B", "CREATE_COMPLETE"), event(8, "C", "UPDATE_COMPLETE")]
    assert resource_spans(events) == (Span("A", 1, 2), Span("B", 5, 2))


def test_the_first_of_several_failures_is_the_cause():
    events = [event(2, "B", "CREATE_FAILED", "two"), event(1, "A", "UPDATE_FAILED", "one")]
    assert first_failure(events).resource == "A"
    cancelled = [event(1, "A", "UPDATE_FAILED", "Resource update cancelled"), event(2, "B", "DELETE_FAILED", "no")]
    assert first_failure(cancelled).resource == "B"
    assert first_failure(cancelled[:1]) is None


def test_a_mark_counts_from_the_phase_before_it_on():
    """Messages at the very moment at which the rollout or a phase begins belong to it."""
    messages = [
        message(5, "registered 1 targets"),
        message(5, "has begun draining connections"),
        message(4, "has stopped 1 running tasks"),
        message(9, "has reached a steady state"),
        message(12, "registered 1 targets"),
    ]
    assert rollout_phases(messages, 5) == (
        Span("start tasks", 5, 0),
        Span("health checks", 5, 0),
        Span("settling", 5, 4),
    )


def of_function(at, status, physical="fn"):
    return ResourceEvent(f"{at}", at, "F", "AWS::Lambda::Function", status, "", physical)


UPDATED = [
    of_function(10, "UPDATE_IN_PROGRESS"),
    of_function(11, "UPDATE_IN_PROGRESS"),
    of_function(95, "UPDATE_COMPLETE"),
]


@pytest.mark.parametrize(
    ("events", "changed", "spans"),
    [
        (UPDATED, 13.5, (Span("until Lambda is told", 10, 3.5), Span(TAKE_OVER, 13.5, 81.5))),
        (list(reversed(UPDATED)), 95, (Span("until Lambda is told", 10, 85), Span(TAKE_OVER, 95, 0))),
        (UPDATED, 9.9, ()),  # nothing was changed: its last update is older
        (UPDATED, 95.1, ()),  # somebody else changed it afterwards
        (UPDATED[:2], 13.5, ()),
        # A rollback: the last change was its own.
        (
            [*UPDATED, of_function(100, "UPDATE_IN_PROGRESS"), of_function(120, "UPDATE_COMPLETE")],
            102,
            (Span("until Lambda is told", 100, 2), Span(TAKE_OVER, 102, 18)),
        ),
        (
            [*UPDATED, of_function(100, "UPDATE_IN_PROGRESS"), of_function(120, "UPDATE_COMPLETE")],
            13.5,
            (Span("until Lambda is told", 10, 3.5), Span(TAKE_OVER, 13.5, 81.5)),
        ),
        ([of_function(10, "UPDATE_IN_PROGRESS", "other"), of_function(20, "UPDATE_COMPLETE", "other")], 13.5, ()),
    ],
)
def test_how_long_lambda_takes_an_image_over(events, changed, spans):
    assert function_phases(events, "fn", changed) == spans


def test_a_function_that_is_made():
    """Its name comes with the event that its creation began."""
    events = [
        of_function(1, "CREATE_IN_PROGRESS", ""),
        of_function(3, "CREATE_IN_PROGRESS"),
        of_function(50, "CREATE_COMPLETE"),
    ]
    assert function_phases(events, "fn", 3) == (Span("until Lambda is told", 3, 0), Span(TAKE_OVER, 3, 47))


@pytest.mark.parametrize(("seconds", "lines"), [(60, 0), (61, 1)])
def test_a_large_image_is_worth_a_word(seconds, lines):
    assert len(advice([Span(TAKE_OVER, 0, seconds)], RolloutSettings())) == lines
