"""Parameters of a stack, updated without its template."""

from __future__ import annotations

import json
from dataclasses import replace

import botocore.session
import pytest
from botocore.stub import Stubber

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.stack.update import Accepted, Updates

STATE = StackPresent("UPDATE_COMPLETE", {"ImageTag": "c-1", "RajeeInfraHash": "i", "BootstrapVersion": "x"}, {})


class StubbedAws(Aws):
    def __init__(self) -> None:
        super().__init__(region="us-east-1")
        session = botocore.session.get_session()
        session.set_credentials("a", "b")
        self.cloudformation = session.create_client("cloudformation", region_name="us-east-1")
        self.stub = Stubber(self.cloudformation)
        self.stub.activate()

    def client(self, service):
        assert service == "cloudformation"
        return self.cloudformation


def test_all_other_parameters_keep_their_values_and_rollback_stays_on():
    aws = StubbedAws()
    sent = {
        "StackName": "App",
        "UsePreviousTemplate": True,
        "ClientRequestToken": "run-1",
        "DisableRollback": False,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": "ImageTag", "ParameterValue": "c-2"},
            {"ParameterKey": "BootstrapVersion", "UsePreviousValue": True},
            {"ParameterKey": "RajeeInfraHash", "UsePreviousValue": True},
        ],
    }
    aws.stub.add_response("update_stack", {"StackId": "arn"}, sent)
    assert Updates(aws).update("App", STATE, {"ImageTag": "c-2"}, "run-1", {}) is Accepted.STARTED


def refused(message, code="ValidationError"):
    aws = StubbedAws()
    aws.stub.add_client_error("update_stack", code, message)
    return Updates(aws).update("App", STATE, {"ImageTag": "c-1"}, "run-1", {})


def test_nothing_to_update_is_no_error():
    assert refused("No updates are to be performed.") is Accepted.NOTHING


@pytest.mark.parametrize(
    ("message", "code", "problem"),
    [
        ("Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.", "ValidationError", "stack-busy"),
        ("Parameters: [ImageTag] do not exist in the template", "ValidationError", "deploy-failed"),
        ("no", "AccessDenied", "access-denied"),
    ],
)
def test_refusals_are_told_apart(message, code, problem):
    with pytest.raises(DeployError) as caught:
        refused(message, code)
    assert caught.value.code == problem


ONE, TWO = f"c-{'1' * 40}", f"c-{'2' * 40}"


def retag(answer):
    """An update with another tag in the template that CloudFormation gives back."""
    aws = StubbedAws()
    aws.stub.add_response("get_template", answer, {"StackName": "App", "TemplateStage": "Original"})
    sent = {
        "StackName": "App",
        "TemplateBody": '{"Resources":{"T":{"Image":"assets:' + TWO + '"}}}',
        "ClientRequestToken": "run-1",
        "DisableRollback": False,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": "RajeeImages", "ParameterValue": "x"},
            {"ParameterKey": "BootstrapVersion", "UsePreviousValue": True},
            {"ParameterKey": "ImageTag", "UsePreviousValue": True},
            {"ParameterKey": "RajeeInfraHash", "UsePreviousValue": True},
        ],
    }
    aws.stub.add_response("update_stack", {"StackId": "arn"}, sent)
    state = replace(STATE, parameters={**STATE.parameters, "asset:web": ONE})
    return Updates(aws).update("App", state, {"RajeeImages": "x"}, "run-1", {ONE: TWO})


def test_with_another_tag_the_whole_template_is_sent_and_no_private_name():
    template = {"Resources": {"T": {"Image": f"assets:{ONE}"}}}
    assert retag({"TemplateBody": json.dumps(template)}) is Accepted.STARTED


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({}, "unknown-answer"),
        ({"TemplateBody": "Resources: {}"}, "deploy-failed"),
        ({"TemplateBody": '{"Resources": {}}'}, "deploy-failed"),
    ],
)
def test_a_template_that_cannot_be_given_so_begins_nothing(answer, problem):
    with pytest.raises(DeployError) as caught:
        retag(answer)
    assert caught.value.code == problem
