"""The words of a plan's rows: each kind of step, and each way in which a thing stands that needs nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from rajee_deploy.actions.plan_rows import Behind, rows_of, step_row
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.model import Digest
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.state import ImagePresent, StackPresent
from rajee_deploy.plan.steps import (
    ConfirmRollout,
    DeployStack,
    MoveTag,
    Plan,
    RepairService,
    Skip,
    StackChange,
    Via,
    WaitForStack,
)
from rajee_deploy.rollout import Deployment, Service
from rajee_deploy.rollout.standing import Running, StackService

OLD, NEW = "c-" + "a" * 40, "c-" + "b" * 40
IMAGE = SimpleNamespace(
    name="app", tag=NEW, stack="App", parameter="ImageTag", repository=Repository("team/app"), is_asset=False
)
STATE = StackPresent("UPDATE_COMPLETE", {"ImageTag": OLD}, {}, since="2020-03-01T12:00:00+00:00")


def planned(*steps, skipped=(), services=(), images=(IMAGE,), state=STATE):
    observed = SimpleNamespace(
        images={"app": ImagePresent(Digest("sha256", "d" * 64))}, stacks={"App": state}, services={"App": services}
    )
    return SimpleNamespace(
        plan=Plan(steps, skipped), observed=observed, wanted=SimpleNamespace(images=images), inputs={}
    )


def deploy(*why, **more) -> DeployStack:
    changes = tuple(dict.fromkeys(change for change, _ in why))
    return DeployStack("App", more.pop("parameters", ()), "because", changes, why=why, **more)


def only(step, behind=Behind()) -> Row:  # noqa: B008 -- a frozen value
    return step_row(step, planned(step), behind)


TAG, INFRA, PARAM = StackChange.TAG, StackChange.INFRASTRUCTURE, StackChange.PARAMETER
MOVED = Detail("~", "app", "c-aaaaaaaaaaaa → c-bbbbbbbbbbbb")
VALUE = (("Size", "Size: 1 → 2"),)
TAGS = (("ImageTag", NEW),)


@pytest.mark.parametrize(
    ("step", "row"),
    [
        (
            deploy((TAG, "the image changed"), parameters=TAGS),
            Row("~", "update", "App", "the image only", "", (MOVED,)),
        ),
        (
            deploy((TAG, "it"), parameters=TAGS, via=Via.CLOUDFORMATION),
            Row("~", "update", "App", "the image only: by parameter, no synth", "", (MOVED,)),
        ),
        (
            deploy(
                (TAG, "it"), (PARAM, "Size: 1 → 2"), parameters=TAGS, parameter_changes=VALUE, via=Via.CLOUDFORMATION
            ),
            Row(
                "~",
                "update",
                "App",
                "the image and the parameter only: by parameter, no synth",
                "",
                (MOVED, Detail("~", "Size", "1 → 2")),
            ),
        ),
        (
            deploy((INFRA, "the template differs"), (INFRA, "because app.py changed"), (TAG, "it"), parameters=TAGS),
            Row("~", "update", "App", "the template differs", "", (MOVED, Detail(name="because app.py changed"))),
        ),
        (
            deploy((TAG, f"the image app is gone: team/app has no {OLD}")),
            Row("~", "update", "App", "the image app is gone: team/app has no c-aaaaaaaaaaaa"),
        ),
        (
            deploy((StackChange.FIRST, "the stack does not exist"), parameters=TAGS, imports_existing=True),
            Row(
                "+",
                "create",
                "App",
                "the stack does not exist",
                "",
                (Detail(name="the repository exists already and is adopted"),),
            ),
        ),
        (
            MoveTag("app", Repository("r"), "live-App", NEW, "it shields what App is to run"),
            Row("+", "tag", "app", "live-App → c-bbbbbbbbbbbb: it shields what App is to run"),
        ),
        (WaitForStack("App", "somebody works"), Row("~", "wait", "App", "somebody works")),
        (ConfirmRollout("App", "it moves"), Row("~", "confirm", "App", "it moves")),
        (RepairService("App", "api", StackService("arn"), "a", "b", "why"), Row("~", "repair", "api", "why")),
    ],
)
def test_a_step(step, row):
    assert only(step) == row


def test_what_the_resources_say_is_not_said_twice():
    resources = (Detail("~", "Task", f"AWS::ECS::TaskDefinition  image {MOVED.text}"),)
    step = deploy((TAG, "it"), (PARAM, "Size: 1 → 2"), parameters=TAGS, parameter_changes=VALUE)
    assert only(step, Behind(stacks={"App": resources})).details == (Detail("~", "Size", "1 → 2"), *resources)
    others = (Detail("+", "Queue", "AWS::SQS::Queue  new"),)
    assert only(step, Behind(stacks={"App": others})).details == (MOVED, Detail("~", "Size", "1 → 2"), *others)


def test_of_many_reasons_the_first_and_all_where_they_are_asked_for():
    step = deploy(*((INFRA, f"reason {n}") for n in range(6)))
    assert [one.name for one in only(step).details] == [
        "reason 1",
        "reason 2",
        "reason 3",
        "and 2 more: --explain shows them",
    ]
    assert len(only(step, Behind(is_whole=True)).details) == 5


def service(running=2, desired=2, state="COMPLETED") -> Service:
    return Service("api", (Deployment("ecs-svc/1", "PRIMARY", "task:1", desired, 0, running, state=state),))


def running(own="task:1", **given) -> Running:
    return Running(StackService("arn", own), service(**given))


SKIPS = (Skip("image app", "there"), Skip("stack App", "its proof"))


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ((running(),), "c-bbbbbbbbbbbb runs on 2 of 2 tasks"),
        ((running(running=0, desired=1),), "c-bbbbbbbbbbbb runs on 0 of 1 task"),
        ((running(state="IN_PROGRESS"),), "c-bbbbbbbbbbbb is in team/app"),
        ((running(own="task:2"),), "c-bbbbbbbbbbbb is in team/app"),
        ((running(), running()), "c-bbbbbbbbbbbb is in App"),
        ((), "c-bbbbbbbbbbbb is in team/app"),
    ],
)
def test_where_an_image_is_that_needs_nothing(services, said):
    image, stack = rows_of(planned(skipped=SKIPS, services=services), Behind())
    assert (image.mark, image.verb, image.name, image.text) == ("=", "", "app", said)
    assert (stack.name, stack.text.partition(",")[0]) == ("App", "as deployed on 1 Mar 2020")
    assert (image.details, stack.details) == ((), ())


def test_two_images_of_a_stack_are_not_told_apart_by_its_tasks():
    both = (IMAGE, SimpleNamespace(**{**vars(IMAGE), "name": "other"}))
    assert rows_of(planned(skipped=SKIPS, services=(running(),), images=both), Behind())[0].text.endswith("is in App")


def test_an_image_of_the_app_s_own_is_in_a_repository_that_nobody_named():
    (one, *_) = rows_of(
        planned(skipped=SKIPS, images=(SimpleNamespace(**{**vars(IMAGE), "is_asset": True}),)), Behind()
    )
    assert one.text == "c-bbbbbbbbbbbb is in its repository"


def test_where_something_is_done_the_rest_is_kept_and_each_proof_is_there_for_who_asks():
    step = WaitForStack("Other", "it")
    rows = rows_of(planned(step, skipped=SKIPS), Behind(is_whole=True))
    assert [row.verb for row in rows] == ["wait", "keep", "keep"]
    assert [row.details for row in rows[1:]] == [(Detail(name="there"),), (Detail(name="its proof"),)]


def test_a_stack_of_which_no_time_is_told_has_its_proof_and_what_differs_all_the_same_is_said():
    skip = Skip("stack App", "its proof", but="for its Description")
    (row,) = rows_of(planned(skipped=(skip,), state=replace(STATE, since="")), Behind())
    assert (row.text, row.details) == ("its proof", (Detail(name="but for its Description"),))
