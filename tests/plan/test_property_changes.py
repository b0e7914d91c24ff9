"""Which settings moved, in words: short values, and no secrets."""

from __future__ import annotations

import pytest
from templates import task

from rajee_deploy.plan.property_changes import property_changes, same

NAMES = {"Bucket1A": "Bucket"}
LONG = "x " * 40


def texts(before, after):
    return [each.text for each in property_changes(before, after, NAMES, lambda text: text.replace("hidden", "***"))]


def container(**changes):
    return task(**changes)["Properties"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"DesiredCount": 1}, {"DesiredCount": 2}, ["DesiredCount 1 → 2"]),
        ({}, {"Timeout": 30}, ["Timeout none → 30"]),
        ({"Timeout": 30}, {}, ["Timeout 30 → none"]),
        ({"Text": ""}, {"Text": "a"}, ['Text "" → a']),
        ({"Text": "a"}, {"Text": ""}, ['Text a → ""']),
        ({"On": False}, {"On": True}, ["On false → true"]),
        ({"A": 1, "B": 1}, {"A": 2, "B": 2}, ["A 1 → 2", "B 1 → 2"]),
        ({"Deep": {"Er": 1, "Same": 1}}, {"Deep": {"Er": 2, "Same": 1}}, ["Deep.Er 1 → 2"]),
        ({"List": ["a", "b"]}, {"List": ["a", "c"]}, ["List [a, b] → [a, c]"]),
        ({"Text": LONG}, {"Text": LONG + "y"}, ["Text"]),
        ({}, {"Text": LONG}, ["Text added"]),
        ({"Text": LONG}, {}, ["Text removed"]),
        ({"Arn": {"Fn::GetAtt": ["Bucket1A", "Arn"]}}, {"Arn": "arn:x"}, ["Arn ${Bucket} → arn:x"]),
        ({"Tags": [{"Key": "a", "Value": "1"}]}, {"Tags": [{"Key": "a", "Value": "2"}]}, ["Tags.a 1 → 2"]),
        (
            {"Tags": [{"Key": "a", "Value": "1"}]},
            {"Tags": [{"Key": "b", "Value": "1"}]},
            ["Tags.a removed", "Tags.b added"],
        ),
        ({"Rules": [{"Port": 1}]}, {"Rules": [{"Port": 2}]}, ["Rules.1.Port 1 → 2"]),
        ({"Digest": "a" * 64}, {"Digest": "b" * 64}, [f"Digest {'a' * 12} → {'b' * 12}"]),
        ({"Code": {"ImageUri": "r/a:c-1"}}, {"Code": {"ImageUri": "r/a:c-2"}}, ["image c-1 → c-2"]),
        ({"Text": "line\none"}, {"Text": "line\ntwo"}, ["Text line one → line two"]),
        # in another order, in another spelling, or as CloudFormation gives it back
        ({"Tags": [{"Key": "a"}, {"Key": "b"}]}, {"Tags": [{"Key": "b"}, {"Key": "a"}]}, []),
        ({"Port": "80", "On": "true", "Name": "f?r"}, {"Port": 80, "On": True, "Name": "für"}, []),
    ],
)
def test_a_setting_that_moved(before, after, said):
    assert texts(before, after) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"MasterUserPassword": "abc"}, {"MasterUserPassword": "def"}, "MasterUserPassword"),
        ({"Url": "https://user:pw@host"}, {"Url": "https://host"}, "Url"),
        ({"Value": "ghp_abcdef"}, {"Value": "x"}, "Value"),
        ({"Text": "hidden"}, {"Text": "x"}, "Text *** → x"),
        (
            {"Environment": {"Variables": {"A": "1"}}},
            {"Environment": {"Variables": {"A": "2"}}},
            "Environment.Variables.A",
        ),
        (
            {"EnvironmentVariables": [{"Name": "A", "Value": "1"}]},
            {"EnvironmentVariables": []},
            "EnvironmentVariables.A removed",
        ),
        ({"UserData": "a"}, {"UserData": "b"}, "UserData"),
        ({"Config": {"Fn::Join": ["", ["a"]]}}, {"Config": {"Password": "b"}}, "Config"),
        ({"Config": [{"Password": "a"}, 1]}, {"Config": []}, "Config"),
    ],
)
def test_what_may_be_a_secret_is_named_and_not_shown(before, after, said):
    assert texts(before, after) == [said]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Cpu": 512}, ["web: cpu none → 512"]),
        ({"Environment": [{"Name": "LOG_LEVEL", "Value": "debug"}]}, ["web: environment LOG_LEVEL"]),
        ({"Environment": []}, ["web: environment LOG_LEVEL removed"]),
        ({"Name": "api"}, ["web removed", "api added"]),
        ({"image": f"acct/app:c-{'2' * 40}"}, [f"web: image c-1 → c-{'2' * 12}"]),
        ({"image": "cdk-hnb659fds-container-assets-123456789012/app:c-2"}, ["web: image app:c-1 → app:c-2"]),
        ({"image": "other/app:c-2"}, ["web: image app:c-1 → app:c-2"]),
        ({"Command": ["a", "b"]}, ["web: command none → [a, b]"]),
    ],
)
def test_a_task_definition_beside_its_previous_revision(changes, said):
    assert texts(container(), container(**changes)) == said


@pytest.mark.parametrize(("one", "other"), [({"a": 1}, {"a": 1, "b": 1}), ([1], [1, 2]), ({}, []), (1, {}), ("a", "b")])
def test_what_is_not_the_same(one, other):
    assert not same(one, other)
    assert not same(other, one)
