"""How services stand, as one reads it."""

from __future__ import annotations

import pytest
from fakes import function_with

from rajee_deploy.rollout import Deployment, RolloutSettings, Service, Targets
from rajee_deploy.rollout.sentences import arrived_text, is_routine, own_name, resource_name, service_lines

SLOW = RolloutSettings(health_check_interval=30, deregistration_delay=300)


def new(running: int, desired: int = 2, state: str = "IN_PROGRESS", **more: int) -> Deployment:
    return Deployment("2", "PRIMARY", "task:2", desired, more.get("pending", 0), running, more.get("failed", 0), state)


FORMER = Deployment("1", "ACTIVE", "task:1", 2, 0, 2)
STOPS, CHECKS = "waiting for the former tasks to stop", "waiting for the load balancer's checks"


@pytest.mark.parametrize(
    ("service", "settings", "lines"),
    [
        (Service("api", ()), None, ["nothing runs yet"]),
        (Service("api", (new(2, state="COMPLETED"),)), None, ["2 tasks run"]),
        (Service("api", (new(1, 1, state="COMPLETED"),)), None, ["1 task runs"]),
        (
            Service("api", (new(0, pending=1, failed=3), FORMER)),
            None,
            ["0 of 2 new tasks run, 1 pending, 3 failed, and 2 former", "waiting for new tasks to start"],
        ),
        (
            Service("api", (new(2), FORMER), targets=Targets(1, 1)),
            SLOW,
            ["2 new tasks run, 1 of 2 healthy, and 2 former", f"{CHECKS} (every 30 s)"],
        ),
        (
            Service("api", (new(2),), targets=Targets(0, 2)),
            None,
            ["2 new tasks run, 0 of 2 healthy", CHECKS],
        ),
        (
            Service("api", (new(2), FORMER), targets=Targets(2, 0, 0, 1)),
            SLOW,
            ["2 new tasks run, and 2 former", "waiting for former connections to end (at most 300 s)"],
        ),
        (Service("api", (new(2), FORMER)), None, ["2 new tasks run, and 2 former", STOPS]),
        (Service("api", (new(2),)), None, ["2 new tasks run"]),
        (
            Service("api", (new(2), FORMER), controller="CODE_DEPLOY"),
            None,
            ["primary 2 of 2 tasks run; active 2 of 2 tasks run"],
        ),
        (Service("api", (), controller="EXTERNAL"), None, ["nothing runs yet"]),
        (function_with("api", "host.test/team/app:c-2"), None, ["app:c-2"]),
        (function_with("api", "host.test/team/app:c-2", state="IN_PROGRESS"), None, ["app:c-2, in progress"]),
    ],
)
def test_a_service(service, settings, lines):
    found = service_lines(service, settings)
    assert [text for _, text in found] == lines
    assert [name for name, _ in found] == ["api", *[""] * (len(lines) - 1)]


FUNCTION = function_with("fn", "host.test/team/app:c-2")


@pytest.mark.parametrize(
    ("services", "text"),
    [
        ([], ""),
        ([Service("api", (new(2),))], "2 of 2 tasks"),
        ([Service("api", (new(1, 1),))], "1 of 1 task"),
        ([Service("api", (new(2),)), Service("web", (new(3, 4),))], "2 services, 5 of 6 tasks"),
        ([FUNCTION], "fn"),
        ([FUNCTION, FUNCTION], "2 functions"),
        ([Service("api", (new(2),)), FUNCTION], "2 of 2 tasks and fn"),
        ([Service("api", (new(2),), controller="EXTERNAL"), Service("web", ())], ""),
    ],
)
def test_what_arrived(services, text):
    assert arrived_text(services) == text


@pytest.mark.parametrize(
    ("logical", "name"),
    [("ServiceD69D759B", "Service"), ("Service", "Service"), ("D69D759B", "D69D759B"), ("ABCD12345678", "ABCD")],
)
def test_a_resource_is_called_as_its_app_does(logical, name):
    assert resource_name(logical) == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("RajeeEnvoyStack-ServiceD69D759B-O45K8YY1LQLG", "Service"),
        ("my-stack-Worker-aB3dEfGh1234", "Worker"),
        ("orders-api", "orders-api"),
        ("orders-api-production1", "orders-api-production1"),
        ("orders-Api-frankfurtone", "orders-Api-frankfurtone"),
    ],
)
def test_a_service_is_called_as_its_app_does(given, name):
    assert own_name(Service(given, ())) == name


@pytest.mark.parametrize(
    ("message", "routine"),
    [
        ("(service api) has started 2 tasks: (task 1).", True),
        ("(service api) registered 1 targets in (target-group x)", True),
        ("(service api) (deployment ecs-svc/1) deployment completed.", True),
        ("(service api) has reached a steady state.", True),
        ("(service api) was unable to place a task because no container instance met all of its requirements.", False),
        ("(service api) (task 1) failed container health checks.", False),
    ],
)
def test_what_every_rollout_says_is_no_news(message, routine):
    assert is_routine(message) == routine
