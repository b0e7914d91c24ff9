"""The contract of StackUpdater: the fake, and the adapter against the sandbox, answer alike."""

from __future__ import annotations

import json

import pytest
from fakes import FakeStacks

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.tagged_templates import decode_images
from rajee_deploy.stack.describe import CloudFormation
from rajee_deploy.stack.update import Accepted, Updates

ONE, TWO = f"c-{'1' * 40}", f"c-{'2' * 40}"  # of an image that the app declares
GIVEN = {"ImageTag": "c-1", "RajeeRevision": "-", "RajeeImages": f"assets web={ONE}"}
NO_TAGS: dict[str, str] = {}
TEMPLATE = {
    "Parameters": {name: {"Type": "String"} for name in GIVEN},
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "ImageTag"}}},
        "Other": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": f"assets:{ONE}"}},
    },
    "Outputs": {"RajeeState": {"Value": {"Fn::Join": ["/", [{"Ref": name} for name in GIVEN]]}}},
}


SHOWN = {**GIVEN, "asset:web": ONE}


@pytest.fixture(params=["fake", "sandbox"])
def world(request, monkeypatch):
    """An updater, a reader, and the name of a stack that both know."""
    if request.param == "fake":
        state = StackPresent("CREATE_COMPLETE", SHOWN, {}, images=decode_images(GIVEN["RajeeImages"]))
        stacks = FakeStacks({"App": state}, named={"App": (ONE,)})
        return stacks, stacks, "App"
    cloud = request.getfixturevalue("cloud")
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud.port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in GIVEN.items()]
    cloud.client("cloudformation").create_stack(
        StackName=cloud.name, TemplateBody=json.dumps(TEMPLATE), Parameters=parameters
    )
    aws = Aws(region="us-east-1")
    return Updates(aws), CloudFormation(aws), cloud.name


def update(world, parameters, tags=NO_TAGS):
    updater, reader, stack = world
    return updater.update(stack, reader.describe(stack), parameters, "token-1", tags)


def test_one_parameter_changes_and_all_others_stay(world):
    assert update(world, {"ImageTag": "c-2"}) is Accepted.STARTED
    state = world[1].describe(world[2])
    assert (state.status, state.parameters) == ("UPDATE_COMPLETE", {**SHOWN, "ImageTag": "c-2"})


def test_what_differs_in_nothing_begins_nothing(world):
    assert update(world, {"ImageTag": "c-1"}) is Accepted.NOTHING
    assert world[1].describe(world[2]).status == "CREATE_COMPLETE"


def test_a_parameter_that_the_template_lacks_is_refused(world):
    with pytest.raises(DeployError) as caught:
        update(world, {"Another": "c-2"})
    assert caught.value.code == "deploy-failed"


def test_a_stack_that_is_gone_is_refused(world):
    updater, reader, stack = world
    state = reader.describe(stack)
    with pytest.raises(DeployError) as caught:
        updater.update(f"{stack}-gone", state, {"ImageTag": "c-2"}, "token-2", {})
    assert caught.value.code == "deploy-failed"


def test_another_tag_goes_into_the_template_and_the_record(world):
    """Twice: what the first put there is what the second finds."""
    for before, now in ((ONE, TWO), (TWO, ONE)):
        assert update(world, {"RajeeImages": f"assets web={now},{before}"}, {before: now}) is Accepted.STARTED
        state = world[1].observe(world[2])
        assert (state.parameters["asset:web"], state.images[0].former) == (now, before)
        assert (state.status, state.retag_obstacle) == ("UPDATE_COMPLETE", "")


def test_a_tag_that_the_template_does_not_name_is_refused(world):
    with pytest.raises(DeployError) as caught:
        update(world, {"RajeeImages": f"assets web={TWO}"}, {f"c-{'3' * 40}": TWO})
    assert caught.value.code == "deploy-failed"
    assert world[1].describe(world[2]).parameters["asset:web"] == ONE
