"""Whether a Lambda function is believed to run what was deployed, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.model import Platform
from rajee_deploy.rollout import Deployment, FunctionImage, Service
from rajee_deploy.rollout.function_images import ImageDigests, deployed_reference, digest_of
from rajee_deploy.rollout.standing import StackService, Standing, standing
from rajee_deploy.rollout.verdict import objection, verdict

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
DIGEST, OTHER = "sha256:" + "d" * 64, "sha256:" + "e" * 64
OWN = Deployment("r2", "PRIMARY", "/team/app:c-2", 1, 0, 1, state="COMPLETED")
IMAGE = FunctionImage(f"{HOST}/team/app:c-2", f"{HOST}/team/app@{DIGEST}", "x86_64")
FUNCTION = Service("f", (OWN,), image=IMAGE)
HELD = StackService("f", "/team/app:c-2", is_function=True)
WANTED = {"team/app": ("c-2",)}
AMD, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
DEPLOYED = ImageDigests(frozenset({DIGEST}), (AMD,))


def having(state="COMPLETED", **more):
    return replace(FUNCTION, deployments=(replace(OWN, state=state, **more),))


def judged(service=FUNCTION, deployed=DEPLOYED, held=HELD):
    return verdict(held, service, (), WANTED, deployed)


def running(**changes):
    return replace(FUNCTION, image=replace(IMAGE, **changes))


@pytest.mark.parametrize(
    ("service", "deployed"),
    [
        (FUNCTION, DEPLOYED),
        (FUNCTION, None),  # not given an image by this deployment, or one of others
        (running(resolved=f"{HOST}/team/app@{OTHER}"), replace(DEPLOYED, digests=frozenset({DIGEST, OTHER}))),
        (running(resolved=f"{HOST}/team/app@{OTHER}"), replace(DEPLOYED, digests=frozenset())),  # not known
        (running(resolved=""), DEPLOYED),  # Lambda does not say
        (running(architecture="arm64"), replace(DEPLOYED, platforms=(AMD, ARM))),
        (running(architecture=""), DEPLOYED),
        (running(architecture="riscv64"), DEPLOYED),  # a newer Lambda: nothing is concluded
    ],
)
def test_a_function_that_runs_what_was_deployed(service, deployed):
    assert judged(service, deployed).problem == ""


@pytest.mark.parametrize(
    ("service", "text"),
    [
        (running(resolved=f"{HOST}/team/app@{OTHER}"), f"the function f has {OTHER} as {IMAGE.address}, and the repo"),
        (running(architecture="arm64"), "runs on arm64 and its image is for linux/amd64, so it cannot start"),
        (having("FAILED", reason="no"), "Lambda could not update f: no"),
        (having("Deactivated"), "the function f is Deactivated, which this version does not know: a newer one may"),
        (having("SomethingNew"), "the function f is SomethingNew, which this version does not know"),
        (having(task_definition=f"{HOST}/team/app:c-1"), "the function f runs app:c-1, and its stack says app:c-2"),
        (replace(FUNCTION, deployments=(), status="MISSING"), "there is no function f any more"),
    ],
)
def test_what_is_not_waited_for(service, text):
    found = judged(service)
    assert text in found.problem
    assert not found.is_moving


def test_a_function_that_lambda_is_at_is_waited_for():
    assert judged(having("IN_PROGRESS")) == type(judged())("Lambda has not updated f yet", is_moving=True)


def test_a_failed_update_says_why_and_what_helps():
    failed = having("FAILED", code="ImageAccessDenied", reason="Lambda may not")
    text = objection(Standing.FAILED, HELD, failed)
    assert text.startswith("Lambda could not update f (ImageAccessDenied): Lambda may not; the repository's policy")


def test_where_the_stack_does_not_tell_another_image_of_ours_is_an_objection():
    held = replace(HELD, task_definition="")
    other = replace(running(address=f"{HOST}/team/app:c-1"))
    assert judged(other, None, held).problem == f"the function f runs {HOST}/team/app:c-1"
    assert judged(running(address=f"{HOST}/team/api:c-1"), None, held).problem == ""
    assert judged(FUNCTION, None, held).problem == ""
    assert judged(other, None).problem == ""  # the stack says that one


@pytest.mark.parametrize(
    ("address", "wanted", "found"),
    [
        (f"{HOST}/team/app:c-2", WANTED, ("team/app", "c-2")),
        (f"{HOST}/team/app@{DIGEST}", {"team/app": ("c-2", DIGEST)}, ("team/app", DIGEST)),
        (f"{HOST}/team/app:c-1", WANTED, None),
        (f"{HOST}/team/app", {"team/app": ("", "c-2")}, None),
        (f"{HOST}/app:c-2", WANTED, None),
    ],
)
def test_which_image_of_those_deployed_a_function_has(address, wanted, found):
    assert deployed_reference(running(address=address), wanted) == found


def test_a_service_has_no_such_image():
    assert deployed_reference(replace(FUNCTION, image=None), WANTED) is None


def test_the_digest_that_lambda_found():
    assert digest_of(IMAGE) == DIGEST
    assert digest_of(replace(IMAGE, resolved="")) == ""


def test_how_a_function_stands():
    assert standing(HELD, FUNCTION) is Standing.RUNS
    assert standing(HELD, having("IN_PROGRESS")) is Standing.MOVING
