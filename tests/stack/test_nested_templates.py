"""The deployed template of a nested stack, by the logical ids that lead to it."""

from __future__ import annotations

import json

import pytest
from scripted_aws import ScriptedAws, resource

from rajee_deploy.errors import DeployError
from rajee_deploy.stack.nested_templates import find_nested_template

OUTER = "arn:aws:cloudformation:us-east-1:123456789012:stack/App-Outer/1"
INNER = "arn:aws:cloudformation:us-east-1:123456789012:stack/App-Outer-Inner/2"
KIND = "AWS::CloudFormation::Stack"


def lists(aws, stack, **physical):
    found = [{**resource(KIND, each, "CREATE_COMPLETE"), "LogicalResourceId": name} for name, each in physical.items()]
    aws.answers("cloudformation", "list_stack_resources", {"StackResourceSummaries": found}, {"StackName": stack})


def has(aws, stack, body):
    expected = {"StackName": stack, "TemplateStage": "Original"}
    aws.answers("cloudformation", "get_template", {"TemplateBody": body}, expected)


def test_level_by_level():
    aws, template = ScriptedAws(), {"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}
    lists(aws, "App", Other=INNER, Outer=OUTER)
    lists(aws, OUTER, Inner=INNER)
    has(aws, INNER, json.dumps(template))
    assert find_nested_template(aws, "App", ("Outer", "Inner")) == template


def test_one_without_a_template():
    aws = ScriptedAws()
    lists(aws, "App", Outer=OUTER)
    has(aws, OUTER, "{}")
    assert find_nested_template(aws, "App", ("Outer",)) is None


def test_none_of_this_name():
    aws = ScriptedAws()
    lists(aws, "App", Outer=OUTER)
    assert find_nested_template(aws, "App", ("Inner",)) is None


def test_a_refusal_is_an_error():
    aws = ScriptedAws()
    aws.stubs["cloudformation"].add_client_error("list_stack_resources", "AccessDenied", "no")
    with pytest.raises(DeployError):
        find_nested_template(aws, "App", ("Inner",))
