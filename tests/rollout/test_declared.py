"""What a template says of services."""

from __future__ import annotations

import pytest

from rajee_deploy.rollout.declared import Declared, DeclaredService, declared

TASK = {"Type": "AWS::ECS::TaskDefinition"}


def template(properties=None, **more):
    return {
        "Resources": {"Service": {"Type": "AWS::ECS::Service", "Properties": properties or {}}, "Task": TASK, **more}
    }


@pytest.mark.parametrize(
    ("properties", "service"),
    [
        ({"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 2}, DeclaredService("Service", "Task", 2)),
        ({"TaskDefinition": {"Ref": "Task"}, "DesiredCount": "0"}, DeclaredService("Service", "Task", 0)),
        ({"TaskDefinition": {"Ref": "Parameter"}}, DeclaredService("Service")),
        ({"TaskDefinition": {"Fn::ImportValue": "Task"}}, DeclaredService("Service")),
        ({"TaskDefinition": "app:1", "DesiredCount": {"Ref": "Count"}}, DeclaredService("Service")),
        ({"DesiredCount": True}, DeclaredService("Service")),
        (None, DeclaredService("Service")),
    ],
)
def test_a_service_with_what_the_template_says_as_it_is(properties, service):
    assert declared(template(properties)) == Declared((service,))


def test_a_resource_without_properties():
    assert declared({"Resources": {"Service": {"Type": "AWS::ECS::Service"}}}) == Declared(
        (DeclaredService("Service"),)
    )


@pytest.mark.parametrize("text", ["Resources: {}", None, {}, {"Resources": []}])
def test_what_is_no_template_says_nothing(text):
    found = declared(text)
    assert not found.is_readable
    assert not found.is_empty


def test_a_stack_without_services_surely_holds_none():
    assert declared({"Resources": {"Task": TASK}}).is_empty


def test_nested_stacks_may_hold_services():
    found = declared({"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack"}}})
    assert (found.nested, found.is_empty) == (True, False)
