"""What a template says of its parameters, and when two values are the same."""

from __future__ import annotations

import pytest

from rajee_deploy.plan.declared import declared_parameters
from rajee_deploy.plan.parameters import Declared, ParameterValue, is_alike, is_same, shorten

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "P"}}}


def declared(resources=None, **more) -> Declared:
    template = {"Parameters": {"P": {"Type": "String"}}, "Resources": resources or {}, **more}
    return declared_parameters(template)["P"]


@pytest.mark.parametrize(
    ("slot", "found"),
    [
        ({"Type": "String"}, ("String", False, False)),
        ({"Type": "Number", "Default": 0}, ("Number", True, False)),
        ({"Type": "String", "Default": "", "NoEcho": True}, ("String", True, True)),
        ({"Type": "String", "NoEcho": "TRUE"}, ("String", False, True)),
        ({"Type": "String", "NoEcho": "false"}, ("String", False, False)),
    ],
)
def test_what_is_declared(slot, found):
    (one,) = declared_parameters({"Parameters": {"P": slot}}).values()
    assert (one.kind, one.has_default, one.is_secret) == found


@pytest.mark.parametrize("slot", [None, [], ["x"], "String", 1])
def test_what_is_no_declaration_is_a_parameter_of_which_nothing_is_known(slot):
    found = declared_parameters({"Parameters": {"P": slot, "Q": {"Type": "Number"}}, "Resources": {"Q": QUEUE}})
    assert (found["P"], found["Q"].kind) == (Declared(may_permit=False), "Number")


@pytest.mark.parametrize(
    "template", ["text: yaml", None, {}, {"Parameters": None}, {"Parameters": ["A"]}, {"Parameters": "A"}]
)
def test_nothing_is_declared_where_nothing_can_be_read(template):
    assert declared_parameters(template) == {}


USED = {
    "nothing": ({}, {}, False),
    "a resource": ({"Q": QUEUE}, {}, True),
    "a text": ({"Q": {"Type": "A", "Properties": {"Name": {"Fn::Sub": "x-${P}"}}}}, {}, True),
    "its metadata": ({"Q": {"Type": "A", "Metadata": {"Init": {"Ref": "P"}}}}, {}, True),
    "an output": ({}, {"Outputs": {"O": {"Value": {"Ref": "P"}}}}, True),
    "a condition": ({}, {"Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}}}, True),
    "a rule": ({}, {"Rules": {"R": {"Assertions": [{"Assert": {"Ref": "P"}}]}}}, True),
    "a macro, perhaps": ({}, {"Transform": ["Mine"]}, True),
    "another parameter's name": ({"Q": {"Type": "A", "Properties": {"Name": {"Ref": "PP"}}}}, {}, False),
}


@pytest.mark.parametrize("name", USED)
def test_what_refers_to_it(name):
    resources, more, is_used = USED[name]
    assert declared(resources, **more).is_used is is_used


POLICY = {"PolicyDocument": {"Statement": [{"Principal": {"AWS": {"Ref": "P"}}}]}}
IF = {"Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}, "D": {"Fn::Not": [{"Condition": "C"}]}}}
PERMITS = {
    "a queue's name": ({"Q": QUEUE}, {}, False),
    "a queue's name, which its policy is about": (
        {"Q": QUEUE, "X": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Q"}]}}},
        {},
        True,
    ),
    "a role": ({"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "P"}}}}, {}, True),
    "a role, behind a condition of a condition": ({"R": {"Type": "AWS::IAM::Role", "Condition": "D"}}, IF, True),
    "a statement, behind a condition": (
        {"B": {"Type": "A", "Properties": {"KeyPolicy": {"Fn::If": ["C", "1", "2"]}}}},
        IF,
        True,
    ),
    "a name, behind a condition": ({"B": {"Type": "A", "Properties": {"N": {"Fn::If": ["C", "1", "2"]}}}}, IF, False),
    "the principal of another type": ({"B": {"Type": "A", "Properties": POLICY}}, {}, True),
    "the role of a task": ({"T": {"Type": "A", "Properties": {"TaskRoleArn": {"Ref": "P"}, "Cpu": "1"}}}, {}, True),
    "the size of a task that has a role": (
        {"T": {"Type": "A", "Properties": {"TaskRoleArn": "r", "Cpu": {"Ref": "P"}}}},
        {},
        False,
    ),
    "a range of addresses": ({"S": {"Type": "A", "Properties": {"CidrIp": {"Ref": "P"}}}}, {}, True),
    "a resource of the app's own": ({"S": {"Type": "Custom::Grants", "Properties": {"X": {"Ref": "P"}}}}, {}, True),
    "a nested stack": ({"S": {"Type": "AWS::CloudFormation::Stack", "Properties": {"X": {"Ref": "P"}}}}, {}, True),
    "a macro, perhaps": ({"Q": QUEUE}, {"Transform": "Mine"}, True),
    "an include, perhaps": ({"Q": {**QUEUE, "Fn::Transform": {"Name": "AWS::Include"}}}, {}, True),
    "a loop, perhaps": ({"Fn::ForEach::R": ["X", {"Ref": "P"}, {}]}, {}, True),
    "an order of resources alone": ({"Q": QUEUE, "R": {"Type": "AWS::IAM::Role", "DependsOn": "Q"}}, {}, False),
}


@pytest.mark.parametrize("name", PERMITS)
def test_whether_it_may_allow_something_to_somebody(name):
    resources, more, permits = PERMITS[name]
    assert declared(resources, **more).may_permit is permits


@pytest.mark.parametrize(
    ("kind", "one", "other", "same", "alike"),
    [
        ("String", "a", "a", True, True),
        ("String", "a", "b", False, False),
        ("String", "a, b", "a,b", False, True),
        ("CommaDelimitedList", "a, b", " a,b", True, True),
        ("CommaDelimitedList", "a,b", "b,a", False, False),
        ("List<Number>", "1, 2", "1,2", False, True),
        ("Number", "1", "1.0", False, False),
    ],
)
def test_which_values_are_the_same(kind, one, other, same, alike):
    assert (is_same(kind, one, other), is_alike(one, other)) == (same, alike)


def test_what_a_variable_has_is_never_shown():
    plain, hidden = ParameterValue("P", "canary"), ParameterValue("P", "canary", "V")
    assert (plain.shown, hidden.shown) == ("canary", "***")
    assert "canary" not in repr([plain, hidden])


def test_a_value_in_a_sentence():
    assert [shorten(""), shorten("a"), shorten("a" * 61)] == ['""', "a", "a" * 60 + "…"]
