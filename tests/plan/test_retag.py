"""Which deployed templates CloudFormation can be given with other tags, and what they are then."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.carried import KEY
from rajee_deploy.plan.retag import MOST_BYTES, retag_obstacle, tag_changes, template_body
from rajee_deploy.plan.tagged_templates import (
    NESTED_KEY,
    RecordedImage,
    decode_images,
    encode_images,
    placeholder,
    succeed,
    with_tags,
)

ONE, TWO = f"c-{'1' * 40}", f"c-{'2' * 40}"
IMAGES = (RecordedImage("web", Repository("assets"), ONE), RecordedImage("job", Repository("assets"), TWO))


def neutral(**more):
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ImageUri": f"x:{placeholder('web')}"}}}
    version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}}
    names = {"F": function, f"FCurrentVersion{'0' * 32}": version, "J": {"Type": "T", "Image": placeholder("job")}}
    return {"Resources": names, **more}


def deployed(web=ONE, job=TWO, **more):
    return with_tags(neutral(**more), {"web": web, "job": job})


def test_what_is_given_is_what_the_cdk_cli_would_deploy():
    """With the ids of Lambda versions, which follow from the tags."""
    three = f"c-{'3' * 40}"
    found = json.loads(template_body(deployed(), {ONE: three}))
    assert found == deployed(web=three)
    assert set(found["Resources"]) != set(deployed()["Resources"])


def test_two_tags_change_places():
    assert json.loads(template_body(deployed(), {ONE: TWO, TWO: ONE})) == deployed(web=TWO, job=ONE)


def test_only_tags_that_change_are_put_in():
    three = f"c-{'3' * 40}"
    assert tag_changes(IMAGES, {"asset:web": three, "asset:job": TWO, "asset:other": ONE}) == {ONE: three}
    assert tag_changes(IMAGES, {}) == {}


NESTED = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}, "Metadata": {NESTED_KEY: "x y"}}


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("Resources: {}", "not JSON"),
        (deployed(Description="x" * MOST_BYTES), "uploaded"),
        ({**deployed(), "Resources": {**deployed()["Resources"], "Inner": NESTED}}, "nested stack Inner"),
        (deployed(Description="caf?"), "all characters"),
        (deployed(job="c-other"), "does not name the image job"),
    ],
)
def test_what_cannot_be_given_says_why(template, words):
    assert words in retag_obstacle(template, IMAGES, is_as_sent=False)


def test_a_nested_stack_that_names_no_image_stays_as_it_is():
    plain = {key: value for key, value in NESTED.items() if key != "Metadata"}
    template = {**deployed(), "Resources": {**deployed()["Resources"], "Inner": plain}}
    assert retag_obstacle(template, IMAGES, is_as_sent=False) == ""
    assert json.loads(template_body(template, {ONE: TWO}))["Resources"]["Inner"] == plain


def test_a_question_mark_is_one_where_the_record_says_what_was_sent():
    assert retag_obstacle(deployed(Description="caf?"), IMAGES, is_as_sent=True) == ""
    assert retag_obstacle(deployed(), IMAGES, is_as_sent=False) == ""


def test_one_tag_of_two_images_stands_for_neither():
    images = (IMAGES[0], replace(IMAGES[1], tag=ONE))
    assert ONE in retag_obstacle(deployed(job=ONE), images, is_as_sent=True)


def test_the_list_that_a_template_carries_stays_where_there_is_room():
    small, large = {KEY: "[]"}, {KEY: "x" * MOST_BYTES}
    assert json.loads(template_body(deployed(Metadata=small), {ONE: TWO}))["Metadata"] == small
    assert retag_obstacle(deployed(Metadata=large), IMAGES, is_as_sent=False) == ""
    assert json.loads(template_body(deployed(Metadata=large), {ONE: TWO})) == deployed(web=TWO)


@pytest.mark.parametrize("template", ["text", deployed(Description="x" * MOST_BYTES), deployed(web="c-other")])
def test_what_cannot_be_given_is_no_text(template):
    with pytest.raises(ValueError, match=r"JSON|uploaded|does not name"):
        template_body(template, {ONE: TWO})


def test_the_former_tag_is_recorded_with_the_image():
    first = succeed([IMAGES[0]], ())
    second = succeed([replace(IMAGES[0], tag=TWO)], first)
    assert [each.former for each in (*first, *second)] == ["", ONE]
    assert succeed([replace(IMAGES[0], tag=TWO)], second) == second  # the image stays, whatever else is deployed
    assert succeed([IMAGES[0]], second)[0].former == TWO
    assert decode_images(encode_images(second)) == second


def test_an_image_of_another_repository_has_no_former_tag():
    elsewhere = replace(IMAGES[0], repository=Repository("others"))
    assert succeed([elsewhere], IMAGES)[0].former == ""


@pytest.mark.parametrize("text", ["assets web=c-1,", "assets web=c-1,c-2,c-3", "assets web=,c-1", "assets web"])
def test_what_is_no_whole_record_is_none(text):
    assert decode_images(text) == ()


def test_former_tags_are_left_out_where_a_parameter_has_no_room():
    many = [RecordedImage(f"image{number:03}", Repository("assets"), ONE, TWO) for number in range(60)]
    found = decode_images(encode_images(many))
    assert [(each.tag, each.former) for each in found] == [(ONE, "")] * 60
