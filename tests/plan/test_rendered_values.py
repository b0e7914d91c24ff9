"""Values of templates: filled in as far as they are known, and in a line for people."""

from __future__ import annotations

import pytest
from templates import at, resource

from rajee_deploy.plan.rendered_values import fill_in, names_of, references, render

NAMES = {"Data1": "Data"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (None, "null"),
        (True, "true"),
        ({"Ref": "Data1"}, "${Data}"),
        ({"Ref": "AWS::Region"}, "${AWS::Region}"),
        ({"Fn::GetAtt": ["Data1", "Arn"]}, "${Data}"),
        ({"Fn::GetAtt": ["Data1", "Url"]}, "${Data.Url}"),
        ({"Fn::Join": ["/", [{"Fn::GetAtt": ["Data1", "Arn"]}, "*"]]}, "${Data}/*"),
        ({"Fn::Sub": "${Data1.Arn}/${AWS::Region}/${!Literal}"}, "${Data}/${AWS::Region}/${!Literal}"),
        ({"Fn::Sub": ["${A}-${Data1}", {"A": {"Ref": "Data1"}}]}, "${Data}-${Data}"),
        ({"Fn::ImportValue": "Other:Arn"}, "${ImportValue Other:Arn}"),
        ({"Fn::Select": [0, ["a", "b"]]}, "${Select [0, [a, b]]}"),
        (["a", {"b": 1}], "[a, {b: 1}]"),
    ],
)
def test_a_line_for_people(value, text):
    assert render(value, NAMES) == text


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ({"Ref": "P"}, "x"),
        ({"Ref": "L"}, ["a", "b"]),
        ({"Ref": "Other"}, {"Ref": "Other"}),
        ({"Fn::Sub": "${P}"}, "x"),
        ({"Fn::Sub": "${P}-${Q}-${!P}"}, {"Fn::Sub": "x-${Q}-${!P}"}),
        ({"Fn::Sub": ["${P}-${L}", {"P": {"Ref": "P"}}]}, {"Fn::Sub": ["${P}-a, b", {"P": "x"}]}),
        ({"A": [{"Ref": "P"}]}, {"A": ["x"]}),
    ],
)
def test_parameters_have_their_values(value, filled):
    assert fill_in(value, {"P": "x", "L": "a, b"}, {"L": "List<String>"}) == filled


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "A"},
        {"Fn::GetAtt": ["A", "Arn"]},
        {"Fn::GetAtt": "A.Arn"},
        {"Fn::Sub": "${A.Arn}"},
        {"Fn::Sub": ["${B}", {"B": {"Ref": "A"}}]},
        {"x": [{"Ref": "A"}]},
    ],
)
def test_what_is_referred_to(value):
    assert "A" in [*references(value)]


@pytest.mark.parametrize(
    ("logical", "path", "name"),
    [
        ("ServiceD69D759B", "Stack/Service/Service", "Service"),
        ("TaskRoleDefaultPolicy12AB34CD", "Stack/Task/TaskRole/DefaultPolicy/Resource", "Task/TaskRole/DefaultPolicy"),
        ("Data666C94C7", "Stage/Stack/Data/Resource", "Data"),
        ("Data666C94C7", "Other/Stack/Data/Resource", "Stack/Data"),
        ("Data666C94C7", "", "Data"),
        ("666C94C7", "", "666C94C7"),
        ("Plain", "Stack", "Plain"),
    ],
)
def test_what_people_call_it(logical, path, name):
    assert names_of("Stage/Stack", {logical: at(path, resource("S3::Bucket"))}) == {logical: name}


def test_the_policy_of_a_role_goes_by_the_role():
    policy = at("Stack/Task/TaskRole/DefaultPolicy/Resource", resource("IAM::Policy"))
    assert names_of("Stack", {"It": policy}) == {"It": "Task/TaskRole"}
