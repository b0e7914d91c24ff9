"""What makes templates equal, and what a stack records of itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.facts import StackContent, Synthesised
from rajee_deploy.template import (
    as_sent,
    differences,
    expected_record,
    given_back,
    is_recorded,
    record_of,
    referenced_parameters,
    volatile_parameters,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
CONTENT = StackContent("sha256:t", {"a": "1"}, ("arn:t",), termination_protection=True)
MADE = Synthesised(CONTENT, leaves_topics=False)


def mangled(value):
    """What CloudFormation gives back of a value."""
    return json.loads("".join(c if c < "\x80" else "?" for c in json.dumps(value, ensure_ascii=False)))


@given(st.dictionaries(st.text(), values))
def test_order_and_layout_do_not_matter(template):
    again = json.loads(json.dumps(dict(reversed(template.items())), indent=2))
    assert given_back(template) == given_back(again)
    assert as_sent(template) == as_sent(again)


@given(values, values)
def test_different_values_differ(one, other):
    if json.dumps(one, sort_keys=True).isascii() and json.dumps(other, sort_keys=True).isascii() and not as_sent(one):
        same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
        assert (given_back(one) == given_back(other) and as_sent(one) == as_sent(other)) == same


@given(st.lists(st.text(max_size=4), max_size=3))
def test_what_is_sent_equals_what_is_read_back(texts):
    assert given_back({"texts": texts}) == given_back(mangled({"texts": texts}))


def test_characters_that_are_not_given_back_are_in_the_second_digest():
    one, other = {"Description": "für"}, {"Description": "fär"}
    assert given_back(one) == given_back(other) == given_back({"Description": "f?r"})
    assert as_sent(one) != as_sent(other)
    assert as_sent({"Description": "fur"}) == ""


def test_a_change_of_such_a_character_alone_is_a_difference():
    made = [
        Synthesised(StackContent(given_back(template)), sent=as_sent(template))
        for template in ({"Description": "für"}, {"Description": "fär"})
    ]
    recorded = expected_record(made[0], None)
    assert is_recorded(recorded, made[0].content)
    assert differences(made[0], made[0].content, recorded) == ()
    assert "does not give back" in differences(made[1], made[1].content, recorded)[0]
    assert differences(made[0], made[0].content, "-") != (), "without a record nothing is proven"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"template": "sha256:u"}, "template"),
        ({"tags": {}}, "tags"),
        ({"tags": {"a": "1", "b": "2"}}, "tags"),
        ({"notification_arns": ()}, "topics"),
        ({"termination_protection": False}, "protection"),
    ],
)
def test_every_part_counts_in_the_record_and_in_the_comparison(change, words):
    other = replace(CONTENT, **change)
    assert record_of(other) != record_of(CONTENT)
    assert not is_recorded(record_of(CONTENT), other)
    (difference,) = differences(MADE, other, record_of(other))
    assert words in difference


def test_order_of_tags_and_topics_does_not_count():
    one = StackContent("t", {"a": "1", "b": "2"}, ("x", "y"))
    other = StackContent("t", {"b": "2", "a": "1"}, ("y", "x", "x"))
    assert record_of(one) == record_of(other)
    assert differences(Synthesised(one, leaves_topics=False), other, "") == ()


def test_a_template_without_topics_leaves_the_stacks():
    made = Synthesised(replace(CONTENT, notification_arns=()), leaves_topics=True)
    assert differences(made, CONTENT, "") == ()
    assert is_recorded(expected_record(made, CONTENT), CONTENT)
    assert is_recorded(expected_record(made, None), replace(CONTENT, notification_arns=()))


def test_a_parameter_that_is_looked_up_at_each_deployment_always_differs():
    template = {
        "Parameters": {
            "Ami": {"Type": "AWS::SSM::Parameter::Value<String>"},
            "Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Description": "bootstrap [cdk:skip]"},
            "Tag": {"Type": "String"},
        }
    }
    assert volatile_parameters(template) == ("Ami",)
    assert volatile_parameters("text") == ()
    assert "Ami" in differences(replace(MADE, volatile=("Ami",)), CONTENT, "")[0]


def test_parameters_count_as_referenced_where_they_can_update_something():
    template = {
        "Parameters": {"A": {}, "B": {}, "C": {}},
        "Resources": {"R": {"Ref": "A"}},
        "Outputs": {"O": {"Value": {"Ref": "B"}}},
        "Conditions": {"X": {"Ref": "C"}},
    }
    assert referenced_parameters(template) == ("A", "B")
