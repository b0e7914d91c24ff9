"""What a template says of services."""

from __future__ import annotations

import pytest

from rajee_deploy.rollout.declared import (
    DeclaredFunction,
    DeclaredService,
    DeclaredServices,
    declared_services,
    known_end,
    pseudo_parameters,
)

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
    assert declared_services(template(properties)) == DeclaredServices((service,))


def test_a_resource_without_properties():
    assert declared_services({"Resources": {"Service": {"Type": "AWS::ECS::Service"}}}) == DeclaredServices(
        (DeclaredService("Service"),)
    )


@pytest.mark.parametrize("text", ["Resources: {}", None, {}, {"Resources": []}])
def test_what_is_no_template_says_nothing(text):
    found = declared_services(text)
    assert not found.is_readable
    assert not found.is_empty


def test_a_stack_without_services_surely_holds_none():
    assert declared_services({"Resources": {"Task": TASK}}).is_empty


def test_nested_stacks_may_hold_services():
    found = declared_services({"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack"}}})
    assert (found.nested, found.is_empty) == (True, False)


def test_functions_made_of_images():
    found = declared_services(
        {
            "Resources": {
                "Image": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ImageUri": {"Ref": "Uri"}}}},
                "Zip": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": "b"}}},
                "None": {"Type": "AWS::Lambda::Function"},
            }
        }
    )
    assert found == DeclaredServices(functions=(DeclaredFunction("Image", {"Ref": "Uri"}),))
    assert not found.is_empty


TAG = {"Ref": "ImageTag"}
HOST = {"Fn::Select": [4, {"Fn::Split": [":", {"Fn::GetAtt": ["Repository", "Arn"]}]}]}


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("host.test/app:1", "host.test/app:1"),
        (TAG, "c-1"),
        ({"Ref": "Repository"}, ""),
        ({"Fn::Join": ["", ["host/app:", TAG]]}, "host/app:c-1"),
        ({"Fn::Join": ["", [HOST, ".dkr.ecr.x/", {"Ref": "Repository"}, ":", TAG]]}, ":c-1"),
        ({"Fn::Join": ["", [HOST, ".dkr.ecr.x/app:", TAG]]}, ".dkr.ecr.x/app:c-1"),
        ({"Fn::Join": [":", [HOST, TAG]]}, ":c-1"),
        ({"Fn::Join": [":", ["app", {"Fn::Join": ["-", ["c", TAG]]}]]}, "c-c-1"),
        ({"Fn::Join": ["", [TAG, HOST]]}, ""),
        ({"Fn::Join": ["", {"Ref": "List"}]}, ""),
        ({"Fn::Join": [""]}, ""),
        ({"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/assets:abc"}, ".amazonaws.com/assets:abc"),
        ({"Fn::Sub": "${Repository}:${ImageTag}"}, ":c-1"),
        ({"Fn::Sub": "${ImageTag}"}, "c-1"),
        ({"Fn::Sub": "a:${Repository}"}, ""),
        ({"Fn::Sub": "a:{{resolve:ssm:/tag}}"}, ""),
        ({"Fn::Sub": ["a:${Tag}", {"Tag": "x"}]}, ""),
        ("a:{{resolve:ssm:/tag}}", ""),
        ({"Fn::ImportValue": "Uri"}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_end_of_an_address_as_far_as_it_is_known(text, end):
    assert known_end(text, {"ImageTag": "c-1"}) == end


ARN = "arn:{}:cloudformation:eu-west-1:123456789012:stack/App/1".format


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/assets:abc"),
        ("aws-us-gov", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/assets:abc"),
        ("aws-cn", "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn/assets:abc"),
        ("aws-iso", "/assets:abc"),
    ],
)
def test_what_cloudformation_itself_puts_into_an_address(partition, host):
    address = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/assets:abc"}
    assert known_end(address, pseudo_parameters(ARN(partition))) == host


@pytest.mark.parametrize("text", ["", "App", "arn:aws:s3:::bucket"])
def test_no_stack_tells_no_parameters(text):
    assert pseudo_parameters(text) == {}


@pytest.mark.parametrize(
    "resources",
    [
        {"Fn::ForEach::X": ["I", ["a"], {"S${I}": {"Type": "AWS::ECS::Service"}}]},
        {"Fn::Transform": {"Name": "AWS::Include"}},
    ],
)
def test_resources_that_cloudformation_makes_are_not_known(resources):
    assert not declared_services({"Resources": resources}).is_empty
    assert not declared_services({"Transform": "AWS::LanguageExtensions", "Resources": {}}).is_readable


def test_parameters_whose_value_the_stack_does_not_show():
    slots = {
        "Tag": {"Type": "String"},
        "Ssm": {"Type": "AWS::SSM::Parameter::Value<String>"},
        "Secret": {"Type": "String", "NoEcho": True},
        "Text": {"Type": "String", "NoEcho": "true"},
        "Odd": None,
    }
    assert declared_services({"Parameters": slots, "Resources": {}}).opaque == {"Ssm", "Secret", "Text"}


def test_the_cluster_as_the_template_names_it():
    for cluster, named in (
        ({"Ref": "Cluster"}, "Cluster"),
        ("main", "main"),
        (None, ""),
        ({"Fn::ImportValue": "c"}, ""),
    ):
        (service,) = declared_services(template({"Cluster": cluster} if cluster else {})).services
        assert service.cluster == named
