"""What DescribeStacks' answers are taken for."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.stub import Stubber

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.facts import StackAbsent, StackPresent
from rajee_deploy.stack.cloudformation import CloudFormation

RECORD = {"StackName": "App", "StackStatus": "UPDATE_COMPLETE", "CreationTime": "2026-01-01T00:00:00Z"}


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


def describe(answer=None, error=None):
    aws = StubbedAws()
    if error:
        aws.stub.add_client_error("describe_stacks", *error)
    else:
        aws.stub.add_response("describe_stacks", answer)
    return CloudFormation(aws).describe("App")


def test_a_stack():
    parameters = [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B"}]
    outputs = [{"OutputKey": "O", "OutputValue": "x"}]
    answer = {"Stacks": [{**RECORD, "Parameters": parameters, "Outputs": outputs, "StackStatusReason": "why"}]}
    assert describe(answer) == StackPresent("UPDATE_COMPLETE", {"A": "1", "B": ""}, {"O": "x"}, "why")


def test_absent_only_by_an_explicit_answer():
    assert describe(error=("ValidationError", "Stack with id App does not exist")) == StackAbsent()


@pytest.mark.parametrize("message", ["Stack with id Other does not exist", "App is bad", ""])
def test_another_validation_error_is_an_error(message):
    with pytest.raises(DeployError) as caught:
        describe(error=("ValidationError", message))
    assert caught.value.code == "aws-error"


@pytest.mark.parametrize("answer", [{}, {"Stacks": []}, {"Stacks": [{**RECORD, "StackName": "Other"}]}])
def test_an_answer_without_the_stack_is_unknown(answer):
    with pytest.raises(DeployError) as caught:
        describe(answer)
    assert caught.value.code == "unknown-answer"
