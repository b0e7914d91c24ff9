"""What DescribeStacks' answers are taken for."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from rajee_deploy.aws import Aws
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.carried import SCHEMA, encode, with_carried
from rajee_deploy.plan.state import StackAbsent, StackContent, StackPresent
from rajee_deploy.plan.template_differences import given_back
from rajee_deploy.stack.describe import CloudFormation

RECORD = {"StackName": "App", "StackStatus": "UPDATE_COMPLETE", "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}


class StubbedAws(Aws):
    def __init__(self) -> None:
        super().__init__(region="us-east-1")
        session = botocore.session.get_session()
        session.set_credentials("a", "b")
        self.cloudformation = session.create_client("cloudformation", region_name="us-east-1")
        self.stub = Stubber(self.cloudformation)
        self.stub.activate()

    def refuse(self, code, message):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "GetTemplate")

    def client(self, service):
        assert service == "cloudformation"
        return self.cloudformation


def observe(template=None, error=None, **record):
    """Both answers, in whichever order they are asked for."""
    aws = StubbedAws()
    answers = {
        "describe_stacks": lambda: {"Stacks": [{**RECORD, **record}]},
        "get_template": lambda: template if error is None else aws.refuse(*error),
    }
    aws.cloudformation = Answering(answers, aws.cloudformation.meta)
    return CloudFormation(aws).observe("App")


class Answering:
    """A client that answers by name; what order two threads ask in does not matter to it."""

    def __init__(self, answers, meta) -> None:
        self.meta = meta
        for name, answer in answers.items():
            setattr(self, name, lambda answer=answer, **_arguments: answer())


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


SSM = {"Type": "AWS::SSM::Parameter::Value<String>", "Description": "x"}


def test_its_content_is_all_that_cdk_compares():
    template = {"Parameters": {"A": SSM, "B": {**SSM, "Description": "x [cdk:skip]"}, "C": {"Type": "String"}}}
    tags, topics = [{"Key": "a", "Value": "b"}], ["arn:aws:sns:us-east-1:1:t"]
    found = observe({"TemplateBody": template}, Tags=tags, NotificationARNs=topics, EnableTerminationProtection=True)
    assert found.content == StackContent(given_back(template), {"a": "b"}, tuple(topics), termination_protection=True)
    assert found.volatile == ("A",)


def test_a_template_that_is_no_json_is_compared_as_text():
    assert observe({"TemplateBody": "Resources: {}"}).content.template == given_back("Resources: {}")


def test_the_list_that_its_template_carries_is_read_and_no_part_of_its_content():
    document = {"schema": SCHEMA, "entries": [], "variables": [], "toolchain": {}, "obstacles": []}
    found = observe({"TemplateBody": with_carried({"Resources": {}}, encode(document))})
    assert found.carried == document
    assert found.content == observe({"TemplateBody": {"Resources": {}}}).content
    for body in ({"Metadata": {"rajee-deploy": "{"}, "Resources": {}}, "Resources: {}"):
        assert observe({"TemplateBody": body}).carried is None


@pytest.mark.parametrize("template", [{}, {"TemplateBody": ""}, {"TemplateBody": {}}, {"TemplateBody": []}])
def test_an_answer_without_the_template_is_unknown(template):
    with pytest.raises(DeployError) as caught:
        observe(template)
    assert caught.value.code == "unknown-answer"


def test_a_stack_without_a_template_yet_has_no_content():
    error = ("ValidationError", "Stack with id App does not exist")
    assert observe(error=error, StackStatus="REVIEW_IN_PROGRESS").content is None


def test_a_template_that_may_not_be_read_stops_the_run():
    with pytest.raises(DeployError) as caught:
        observe(error=("AccessDenied", "no"))
    assert caught.value.code == "access-denied"
