"""A status in words and as a document, word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.actions.status.rows import (
    LAMBDA,
    DeployedImage,
    DeployedParameter,
    DeployedStack,
    RunningService,
    Status,
    document,
    lines,
)
from rajee_deploy.plan.input_changes import InputChange

UNKNOWN = "which of them is not known on this machine: git diff --stat 0123456789ab shows it"
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


def told(*stacks, environment="dev"):
    return list(lines(Status("1", "eu-west-1", environment, stacks)))


def test_all_there_is_to_say():
    assert told(FULL, ABSENT, BARE) == [
        "account 1, region eu-west-1, environment dev",
        "App: UPDATE_COMPLETE since 2026-01-02 03:04:05 UTC (because)",
        "  revision         0123456789ab Say it, with changes that were not committed",
        "  image api        c-1, as this checkout makes it",
        "  parameter Size   large; here it is small",
        "  parameter Key    hidden; whether KEY has the same value is not known here",
        f"  infrastructure   its inputs changed here since it was deployed; {UNKNOWN}",
        "  service web      1/2 running, not stable: a:1, b:2",
        "  !                a doubt",
        "  !                another",
        "Gone: not deployed",
        "Bare: CREATE_COMPLETE",
        "  revision         none is recorded",
        "  infrastructure   whether it changed is not known here (the stack records no inputs): rajee-deploy plan says",
    ]
    assert told(environment="") == ["account 1, region eu-west-1"]


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (DeployedImage("a", "T", "c-1", "c-2", matches=False), "c-1; this checkout makes c-2"),
        (
            DeployedImage("a", "T", "c-1", "", matches=None, doubt="why"),
            "c-1; whether it is this checkout's is not known: why",
        ),
        (
            DeployedImage("a", "T", "", "", matches=None, doubt="why"),
            "none; whether it is this checkout's is not known: why",
        ),
        (
            DeployedImage("a", "", "c-1", "c-2", matches=False, doubt="why", repository="r", is_gone=True),
            "c-1; this checkout makes c-2; why; r does not have it any more",
        ),
    ],
)
def test_an_image_that_is_not_this_checkouts(image, text):
    stack = DeployedStack(
        "App",
        "S",
        revision=COMMIT,
        images=(image,),
        infrastructure_matches=True,
        services=(
            RunningService("w", 1, 1, (), is_stable=True),
            RunningService("v", 1, 1, ("a:1",), is_stable=True, drift="it drifts"),
        ),
    )
    assert told(stack)[2:] == [
        "  revision         0123456789ab",
        f"  image a          {text}",
        "  infrastructure   its inputs are those of this checkout",
        "  service w        1/1 running",
        "  service v        1/1 running: a:1; it drifts",
    ]


def test_what_moved_is_named_and_what_is_known_to_make_the_same_is_no_difference():
    moved = (InputChange("infra/app.py", "changed"), InputChange("infra/new.py", "new"))
    stack = DeployedStack("App", "S", infrastructure_matches=False, input_changes=moved)
    assert told(stack)[-1] == "  infrastructure   changed here since it was deployed: infra/app.py, infra/new.py (new)"
    found = document(Status("1", "r", "", (stack,)))["stacks"]["App"]["infrastructure"]
    assert found["changed_inputs"][1] == {"name": "infra/new.py", "change": "new"}
    proven = DeployedStack("App", "S", infrastructure_matches=True, is_proven=True, input_changes=moved)
    assert "this checkout makes the same as what is deployed" in told(proven)[-1]


def test_who_rolls_a_service_out_is_told_where_it_is_not_ecs():
    shifted = RunningService("w", 3, 2, ("a:1",), is_stable=True, controller="CODE_DEPLOY")
    empty = RunningService("e", 0, 0, (), is_stable=False, controller="EXTERNAL")
    assert told(DeployedStack("App", "S", services=(shifted, empty)))[-2:] == [
        "  service w        3/2 running, rolled out by CODE_DEPLOY: a:1",
        "  service e        0/0 running, not stable, rolled out by EXTERNAL",
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
            "doubts": [],
        },
    }


def test_what_is_not_known_is_null():
    image = DeployedImage("a", "T", "", "", matches=None, doubt="why")
    stack = DeployedStack("App", "S", revision=COMMIT, images=(image,))
    found = document(Status("1", "r", "", (stack,)))["stacks"]["App"]
    unknown = ("deployed", "here", "matches", "repository", "former", "digest", "gone")
    assert found["images"]["a"] == {"parameter": "T", "doubt": "why", **dict.fromkeys(unknown)}
    assert found["revision"] == {"commit": COMMIT, "dirty": False, "subject": None}


def test_a_function_says_its_image_and_no_tasks():
    found = RunningService("f", 1, 1, ("host/app:c-1",), is_stable=True, controller=LAMBDA, drift="it drifts")
    assert "  function f       host/app:c-1; it drifts" in told(replace(BARE, services=(found,)))
    gone = RunningService("f", 0, 0, (), is_stable=False, controller=LAMBDA, drift="it is gone")
    assert "  function f       it is gone" in told(replace(BARE, services=(gone,)))
