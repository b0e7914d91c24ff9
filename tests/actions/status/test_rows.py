"""A status in words and as a document, word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from status_screens import lines

from rajee_deploy.actions.status.rows import (
    LAMBDA,
    DeployedImage,
    DeployedParameter,
    DeployedStack,
    RunningService,
    Status,
    document,
)
from rajee_deploy.actions.status.screen import result
from rajee_deploy.plan.input_changes import InputChange

COMMIT = "0123456789abcdef" + "0" * 24
IMAGE = DeployedImage("api", "ApiTag", "c-1", "c-1", matches=True)
SERVICE = RunningService("web", 1, 2, ("a:1", "b:2"), is_stable=False)
FULL = DeployedStack(
    "App",
    "UPDATE_COMPLETE",
    "2026-01-02T03:04:05+00:00",
    "because",
    COMMIT,
    is_dirty=True,
    subject="Say it",
    images=(IMAGE,),
    infrastructure="sha256:a",
    infrastructure_here="sha256:b",
    infrastructure_matches=False,
    services=(SERVICE,),
    doubts=("a doubt", "another"),
    parameters=(
        DeployedParameter("Size", "large", "small", matches=False),
        DeployedParameter("Key", "", "", None, "KEY"),
    ),
)
BARE = DeployedStack("Bare", "CREATE_COMPLETE")
ABSENT = DeployedStack("Gone", "")


def told(*stacks, environment="dev", **how):
    return lines(Status("1", "eu-west-1", environment, stacks), **how)


SCREEN = """
  App               UPDATE_COMPLETE  2 Jan, 03:04, 0123456 "Say it" with
                    uncommitted changes
  ! because
  = api             c-1                                      this checkout: same
  ~ parameter Size  large                                   this checkout: small
  ? parameter Key   hidden; whether KEY has the same value is not known here
  ~ infrastructure  this checkout: differs (which of them is not known on this
                    machine: git diff --stat 0123456789ab shows it)
    web             1 of 2 tasks; a:1, b:2; not stable
    Url             https://x
    Name            n
  ! a doubt
  ! another
  Gone              not deployed
  Bare              CREATE_COMPLETE  no revision is recorded
  ? infrastructure  this checkout: unknown, since the stack records no inputs;
                    rajee-deploy plan says
"""


def test_all_there_is_to_say():
    outputs = (("ExportsOutputA", "x"), ("Name", "n"), ("RajeeState", "y"), ("Url", "https://x"))
    found = told(replace(FULL, outputs=outputs), ABSENT, BARE, width=80)
    assert "\n".join(found) == SCREEN.strip("\n")


RESULTS = {
    (): "Nothing is deployed.",
    (True,): "What is deployed is what this checkout makes.",
    (True, False): "Not all is as this checkout makes it: 1 stack differs from it.",
    (
        None,
        False,
        False,
    ): "Not all is as this checkout makes it: 2 stacks differ from it, of 1 stack that is not known.",
    (True, None): "Of 1 stack it is not known whether this checkout makes the same.",
    (True, "gone"): "Not all is as this checkout makes it: 1 stack is not deployed.",
}


@pytest.mark.parametrize("kinds", RESULTS)
def test_the_result(kinds):
    stacks = tuple(
        ABSENT if kind == "gone" else replace(BARE, stack=str(number), infrastructure_matches=kind)
        for number, kind in enumerate(kinds)
    )
    assert result(Status("1", "r", "", stacks)) == RESULTS[kinds]


LONG = f"c-{'0123456789' * 4}"
ADDRESS = f"1.dkr.ecr.us-east-1.amazonaws.com/r:{LONG}"
KEPT = DeployedImage("a", "T", LONG, LONG, matches=True, repository="r")


@pytest.mark.parametrize(
    ("image", "line"),
    [
        (KEPT, "= a               c-012345678901 on 2 of 3 tasks           this checkout: same"),
        (
            replace(KEPT, here=f"c-{'ab' * 20}", matches=False),
            "~ a               c-012345678901 on 2 of 3 tasks this checkout: c-abababababab",
        ),
        (
            replace(KEPT, matches=None, doubt="why"),
            "? a               c-012345678901 on 2 of 3 tasks; this checkout: unknown, why",
        ),
        (
            DeployedImage("a", "T", "", "", matches=None, doubt="why"),
            "? a               none; this checkout: unknown, why",
        ),
        (
            DeployedImage("a", "", "c-1", "c-1", matches=True, doubt="why", repository="q", is_gone=True),
            "= a               c-1; q does not have it any more; why  this checkout: same",
        ),
    ],
)
def test_an_image(image, line):
    services = (RunningService("w", 2, 3, (ADDRESS,), is_stable=True),)
    shown = told(replace(BARE, images=(image,), services=services), width=82)[1]
    assert shown.split() == line.split()


def test_a_service_that_its_image_tells_of_has_no_line_unless_all_is_wanted():
    service = RunningService("Bare-ServiceD69D759B-M44ESV665KB3", 2, 3, (ADDRESS,), is_stable=True)
    stack = replace(BARE, images=(KEPT,), services=(service,))
    assert not any("tasks;" in line or "Service" in line for line in told(stack))
    assert any(service.name in line for line in told(stack, whole=True))
    drifting = replace(stack, services=(replace(service, drift="it drifts"),))
    assert "  ! Service         2 of 3 tasks; r:c-012345678901; it drifts" in told(drifting)


def test_an_address_that_does_not_fit_has_its_own_line():
    address = "http://a-rather-long-name-of-a-load-balancer-1234567890.us-east-1.elb.test"
    assert f"      {address}" in told(replace(BARE, outputs=(("ServiceUrl", address),)), width=80)


def test_what_moved_is_named_and_what_is_known_to_make_the_same_is_no_difference():
    moved = (InputChange("infra/app.py", "changed"), InputChange("infra/new.py", "new"))
    stack = DeployedStack("App", "S", infrastructure_matches=False, input_changes=moved)
    assert told(stack)[-1] == "  ~ infrastructure  this checkout: differs (infra/app.py, infra/new.py (new))"
    found = document(Status("1", "r", "", (stack,)))["stacks"]["App"]["infrastructure"]
    assert found["changed_inputs"][1] == {"name": "infra/new.py", "change": "new"}
    proven = DeployedStack("App", "S", infrastructure_matches=True, is_proven=True, input_changes=moved)
    assert told(proven)[-1] == "  = infrastructure  this checkout: same, though the stack records no inputs"


def test_who_rolls_a_service_out_is_told_where_it_is_not_ecs():
    shifted = RunningService("w", 3, 2, ("a:1",), is_stable=True, controller="CODE_DEPLOY")
    empty = RunningService("e", 0, 0, (), is_stable=False, controller="EXTERNAL")
    assert told(DeployedStack("App", "S", services=(shifted, empty)))[-2:] == [
        "    w               3 of 2 tasks; a:1; rolled out by CODE_DEPLOY",
        "    e               0 of 0 tasks; not stable; rolled out by EXTERNAL",
    ]


def test_the_document():
    found = document(Status("1", "eu-west-1", "dev", (FULL, ABSENT, BARE)))
    assert {key: value for key, value in found.items() if key != "stacks"} == {
        "schema": "rajee-deploy.status/1",
        "account": "1",
        "region": "eu-west-1",
        "environment": "dev",
    }
    assert found["stacks"] == {
        "App": {
            "present": True,
            "status": "UPDATE_COMPLETE",
            "reason": "because",
            "since": "2026-01-02T03:04:05+00:00",
            "revision": {"commit": COMMIT, "dirty": True, "subject": "Say it"},
            "images": {
                "api": {
                    "parameter": "ApiTag",
                    "deployed": "c-1",
                    "here": "c-1",
                    "matches": True,
                    "doubt": None,
                    "repository": None,
                    "former": None,
                    "digest": None,
                    "gone": None,
                    "tasks": None,
                },
            },
            "parameters": {
                "Size": {"deployed": "large", "here": "small", "matches": False},
                "Key": {"deployed": None, "here": None, "matches": None},
            },
            "infrastructure": {
                "deployed": "sha256:a",
                "here": "sha256:b",
                "matches": False,
                "proven": False,
                "changed_inputs": None,
            },
            "services": [
                {
                    "name": "web",
                    "kind": "service",
                    "running": 1,
                    "desired": 2,
                    "images": ["a:1", "b:2"],
                    "stable": False,
                    "controller": "ECS",
                    "drift": None,
                }
            ],
            "outputs": {},
            "doubts": ["a doubt", "another"],
        },
        "Gone": {"present": False, "doubts": []},
        "Bare": {
            "present": True,
            "status": "CREATE_COMPLETE",
            "reason": "",
            "since": None,
            "revision": None,
            "images": {},
            "parameters": {},
            "infrastructure": {
                "deployed": None,
                "here": None,
                "matches": None,
                "proven": False,
                "changed_inputs": None,
            },
            "services": [],
            "outputs": {},
            "doubts": [],
        },
    }


def test_what_is_not_known_is_null():
    image = DeployedImage("a", "T", "", "", matches=None, doubt="why")
    stack = DeployedStack("App", "S", revision=COMMIT, images=(image,))
    found = document(Status("1", "r", "", (stack,)))["stacks"]["App"]
    unknown = ("deployed", "here", "matches", "repository", "former", "digest", "gone", "tasks")
    assert found["images"]["a"] == {"parameter": "T", "doubt": "why", **dict.fromkeys(unknown)}
    assert found["revision"] == {"commit": COMMIT, "dirty": False, "subject": None}


def test_a_function_says_its_image_and_no_tasks():
    found = RunningService("f", 1, 1, ("host/app:c-1",), is_stable=True, controller=LAMBDA, drift="it drifts")
    assert "  ! f               Lambda runs app:c-1; it drifts" in told(replace(BARE, services=(found,)))
    gone = RunningService("f", 0, 0, (), is_stable=False, controller=LAMBDA, drift="it is gone")
    assert "  ! f               it is gone" in told(replace(BARE, services=(gone,)))


def test_tasks_of_an_image_are_in_the_document():
    services = (RunningService("w", 2, 3, (ADDRESS,), is_stable=True),)
    found = document(Status("1", "r", "", (replace(BARE, images=(KEPT,), services=services),)))
    assert found["stacks"]["Bare"]["images"]["a"]["tasks"] == {"running": 2, "desired": 3}
