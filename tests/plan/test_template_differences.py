"""What makes templates equal, and what a stack records of itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.plan.state import StackContent, Synthesised
from rajee_deploy.plan.template_differences import (
    as_sent,
    differences,
    differs_in_text_alone,
    effective,
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


def test_a_record_that_would_stay_is_written_anew_where_somebody_else_deployed_since():
    """Else CloudFormation would see no update in a template whose Description alone is another one."""
    by_hand = replace(CONTENT, template="sha256:by-hand")
    first = expected_record(MADE, None)
    assert expected_record(MADE, CONTENT, first) == first, "nobody touched it"
    again = expected_record(MADE, by_hand, first)
    assert again != first
    assert is_recorded(again, CONTENT)
    assert not is_recorded(again, by_hand)
    assert differences(MADE, CONTENT, again) == ()
    assert expected_record(MADE, by_hand, again) == first, "and back"
    assert expected_record(MADE, by_hand, "-") == expected_record(MADE, by_hand, "sha256:other") == first
    sent = replace(MADE, sent="sha256:ff")
    anew = expected_record(sent, by_hand, expected_record(sent, None))
    assert differences(sent, CONTENT, anew) == ()
    assert differences(MADE, CONTENT, anew) != ()


PLAIN = {"Description": "one", "Metadata": {"a": "b"}, "Resources": {"R": {"Type": "A"}}}
# What is edited of a stack that records nothing, and whether CloudFormation would leave it as it is.
EDITS = {
    "description": ({"Description": "two"}, True),
    "no description": ({"Description": None}, True),
    "metadata": ({"Metadata": {"a": "c"}}, True),
    "a resource's description": ({"Resources": {"R": {"Type": "A", "Description": "x"}}}, False),
    "a resource's metadata": ({"Resources": {"R": {"Type": "A", "Metadata": {"x": 1}}}}, False),
    "both": ({"Description": "two", "Resources": {"R": {"Type": "B"}}}, False),
    "outputs": ({"Outputs": {"O": {"Value": "1"}}}, False),
    "conditions": ({"Conditions": {"C": {}}}, False),
    "parameters": ({"Parameters": {"P": {"Type": "String", "Description": "x"}}}, False),
    "a macro": ({"Description": "two", "Transform": "Own"}, False),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_cloudformation_leaves_is_a_difference_of_a_stack_that_records_something(name):
    edit, stays = EDITS[name]
    for more in ({}, {"Parameters": {"RajeeRevision": {"Type": "String"}}}, {"Transform": "Own"}):
        one = {**PLAIN, **more}
        other = {key: part for key, part in {**one, **edit}.items() if part is not None}
        made, has = (StackContent(given_back(each), effective=effective(each)) for each in (one, other))
        is_alone = differs_in_text_alone(Synthesised(made), has)
        assert is_alone == (stays and not more)
        assert (differences(Synthesised(made), has, "") == ()) == is_alone


def test_of_what_is_no_document_everything_counts():
    assert effective("Resources: {}") == ""
    assert effective({"Resources": {"R": {"Fn::Transform": {"Name": "Own"}}}}) == ""
    assert not differs_in_text_alone(Synthesised(StackContent("a")), StackContent("b"))


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


SSM = "AWS::SSM::Parameter::"


def sha256(text):
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def test_what_is_hashed_word_for_word():
    """A change here makes every stack's record another one."""
    assert given_back({"b": [1, None], "a": "x"}) == sha256('{"a":"x","b":[1,null]}')
    assert given_back({"a": "f\u00fcr"}) == sha256('{"a":"f?r"}')
    assert as_sent({"a": "f\u00fcr"}) == sha256('{"a":"f\u00fcr"}')
    assert given_back("a: 1") == sha256("text:a: 1")
    assert as_sent("\ud800") == sha256("text:\ud800")
    content = StackContent("sha256:t", {"b": "2", "a": "1"}, ("arn:u", "arn:t", "arn:u"), termination_protection=True)
    parts = '["rajee-deploy.template/1", "sha256:t", [["a", "1"], ["b", "2"]], ["arn:t", "arn:u"], true]'
    assert record_of(content) == sha256(parts)
    assert record_of(content, "sha256:00ff") == sha256(parts) + "+00ff"
    plain = '["rajee-deploy.template/1", "sha256:t", [], [], false]'
    assert record_of(StackContent("sha256:t")) == sha256(plain)


def test_what_differs_in_words():
    made = replace(MADE, sent="sha256:00")
    other = StackContent("sha256:u", {}, (), termination_protection=False)
    assert differences(made, other, "") == (
        "the template differs",
        "the stack's tags differ",
        "the notification topics differ",
        "the termination protection differs",
    )
    beyond = "the template has characters that CloudFormation does not give back, and others were recorded"
    assert differences(made, CONTENT, "sha256:x+11") == (beyond,)
    assert differences(made, CONTENT, "sha256:x+00") == ()
    looked_up = "its parameter A, B is looked up in SSM at each deployment"
    assert differences(replace(made, volatile=("A", "B")), other, "") == (looked_up,)


@pytest.mark.parametrize(
    ("template", "volatile", "referenced"),
    [
        ({}, (), ()),
        ({"Parameters": None}, (), ()),
        ({"Parameters": {"B": {"Type": f"{SSM}Value<String>"}, "A": {"Type": f"{SSM}Name"}}}, ("A", "B"), ()),
        ({"Parameters": {"A": {}, "B": {"Type": None}, "C": {"Type": "XAWS::SSM::Parameter::X"}}}, (), ()),
        ({"Parameters": {"B": {}, "A": {}}, "Outputs": {"x": [{"Ref": "A"}, {"Ref": "B"}]}}, (), ("A", "B")),
        ({"Parameters": {"A": {}, "AB": {}}, "Resources": {"x": {"Ref": "AB"}, "y": {"Fn::GetAtt": "A"}}}, (), ("AB",)),
    ],
)
def test_parameters(template, volatile, referenced):
    assert (volatile_parameters(template), referenced_parameters(template)) == (volatile, referenced)


def test_topics_of_a_stack_that_is_not_there_yet():
    made = replace(MADE, leaves_topics=True)
    assert expected_record(made, None) == record_of(replace(CONTENT, notification_arns=()))
    assert expected_record(made, replace(CONTENT, notification_arns=("arn:o",), template="x")) == record_of(
        replace(CONTENT, notification_arns=("arn:o",))
    )
    assert expected_record(replace(MADE, sent="sha256:0a"), None) == record_of(CONTENT, "sha256:0a")


@pytest.mark.parametrize("told", [{"A": None}, {"A": []}, ["A"], "A", None])
def test_parameters_that_are_none_are_left_to_cloudformation(told):
    template = {"Parameters": told, "Resources": {"R": {"Type": "T", "Properties": {"P": {"Ref": "A"}}}}}
    assert volatile_parameters(template) == ()
    assert referenced_parameters(template) == (("A",) if isinstance(told, dict) else ())
    assert effective(template)
