"""Templates that name images of the app's own: neutral and with tags, there and back; and what a stack records."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.tagged_templates import (
    NESTED_KEY,
    RecordedImage,
    content_digest,
    decode_images,
    encode_images,
    has_placeholder,
    nested_placeholder,
    placeholder,
    placeholder_name,
    renamed_versions,
    replace_texts,
    retag,
    with_tags,
    without_tags,
)
from rajee_deploy.plan.template_differences import given_back

REPOSITORY = Repository("cdk-hnb659fds-container-assets-123456789012-us-east-1")
ADDRESS = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/cdk-hnb659fds-container-assets:"
A, B, C = ("c-" + each * 40 for each in "abc")
NEUTRAL_ID = "FnCurrentVersion17A89ABB"
CDK_HASH = "0b9fe156d76a1f32b0912c38e00f2d938b0e5fb7f4bd7d174d0f8fd03fc2ac47"

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
repositories = st.builds(
    Repository,
    st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8})?", fullmatch=True),
    st.sampled_from(["", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"]),
)
tags = st.from_regex(r"c-[0-9a-f]{40}", fullmatch=True)
plain_texts = st.text(max_size=8).filter(lambda text: "rajee-" not in text)


def recorded(**own: str) -> list[RecordedImage]:
    return [RecordedImage(name, REPOSITORY, tag) for name, tag in own.items()]


# --- what a stack records


@given(st.dictionaries(names, st.tuples(repositories, tags), max_size=6))
def test_a_record_is_read_as_it_was_written(own):
    images = [RecordedImage(name, repository, tag) for name, (repository, tag) in own.items()]
    assert set(decode_images(encode_images(images))) == set(images)


@given(st.lists(st.tuples(names, repositories, tags), max_size=4, unique_by=lambda one: one[0]), st.randoms())
def test_the_order_of_the_images_does_not_matter(own, random):
    images = [RecordedImage(*each) for each in own]
    shuffled = random.sample(images, len(images))
    assert encode_images(shuffled) == encode_images(images)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "team/app",
        "team/app ",
        "team/app web",
        "team/app web=",
        "team/app =c-1",
        "team/app web=c-1 ",
        "team/app  web=c-1",
        " team/app web=c-1",
        "team/app web=c-1;",
        "team/app web=c-1;other",
        ";team/app web=c-1",
        "team/app web=c-1\n",
        "team/app web=c-1=c-2",
        "team/app web=.c",
        "team/app .web=c-1",
        "Team/App web=c-1",
        "team/app wéb=c-1",
        "team/app web=c-1,",
        "web=c-1",
        "team/app web=" + "c" * 129,
        "team/b web=c-1;team/a web2=c-1",
        "team/app web=c-1 api=c-2",
    ],
)
def test_whatever_is_no_such_record_records_nothing(text):
    assert decode_images(text) == ()


@pytest.mark.parametrize(
    "text", ["team/app web=c-1 web=c-2", "team/a web=c-1;team/b web=c-2", "team/a web=c;team/b web=c"]
)
def test_a_name_that_stands_there_twice_makes_it_no_record(text):
    """Of two tags of one name, the last would be compared, and what runs under the first be taken for it."""
    assert decode_images(text) == ()


@given(st.text(max_size=60))
def test_what_is_read_is_what_would_be_written(text):
    images = decode_images(text)
    assert not images or encode_images(images) == text


# --- with tags and without


def function(tag: str, **environment: str) -> dict:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": {"ImageUri": {"Fn::Sub": ADDRESS + tag}}, "Environment": {"Variables": environment}},
    }


def with_version(tag: str, digits: str = "a" * 32, **environment: str) -> dict:
    version = NEUTRAL_ID + digits
    return {
        "Resources": {
            "Fn": function(tag, **environment),
            version: {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}}},
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionVersion": {"Fn::GetAtt": [version, "Version"]}},
            },
        },
        "Outputs": {"Version": {"Value": {"Ref": version}}},
    }


def neutral_version(**environment: str) -> dict:
    """As `neutral_assembly` makes it, whatever the CDK's digits were."""
    template = with_version(placeholder("web"), **environment)
    return replace_texts(template, renamed_versions(template, [placeholder("web")]))


def test_a_tag_stands_wherever_the_placeholder_stood():
    mark = placeholder("web")
    neutral = {
        "Resources": {
            "Task": {"Properties": {"Image": {"Fn::Sub": f"{ADDRESS}{mark}"}}},
            "Joined": {"Properties": {"Uri": {"Fn::Join": ["", [{"Ref": "Registry"}, f"/assets:{mark}"]]}}},
            "Bare": {"Properties": {"Tag": mark, "Both": f"{mark} {mark}"}},
        },
        "Outputs": {mark: {"Value": mark}},
    }
    told = with_tags(neutral, {"web": A})
    assert json.dumps(told) == json.dumps(neutral).replace(mark, A)
    assert without_tags(told, recorded(web=A)) == neutral


def test_of_two_names_of_which_one_begins_with_the_other_each_has_its_own_tag():
    neutral = {"Resources": {"One": placeholder("web"), "Two": placeholder("web.api")}}
    told = with_tags(neutral, {"web": A, "web.api": B})
    assert told == {"Resources": {"One": A, "Two": B}}
    assert without_tags(told, [RecordedImage("web.api", REPOSITORY, B), *recorded(web=A)]) == neutral


def test_images_that_changed_places_make_another_template():
    neutral = {"Resources": {"One": placeholder("web"), "Two": placeholder("api")}}
    told = with_tags(neutral, {"web": B, "api": A})
    assert without_tags(told, recorded(web=A, api=B)) != neutral


@pytest.mark.parametrize(
    "edited", [{"Image": ADDRESS + C}, {"Image": ADDRESS + A + "x"}, {"Image": "x" + ADDRESS + A}, {"Image": ADDRESS}]
)
def test_a_template_that_was_edited_is_another_one(edited):
    neutral = {"Image": ADDRESS + placeholder("web")}
    assert without_tags({"Image": ADDRESS + A}, recorded(web=A)) == neutral
    assert without_tags(edited, recorded(web=A)) != neutral


def test_a_template_whose_record_names_another_tag_is_another_one():
    neutral = neutral_version()
    assert without_tags(with_tags(neutral, {"web": A}), recorded(web=B)) != neutral


def test_a_tag_that_is_part_of_another_text_comes_back():
    neutral = {"Image": f"x{placeholder('web')}y", "Other": f"{placeholder('web')}.tar"}
    assert without_tags(with_tags(neutral, {"web": A}), recorded(web=A)) == neutral


def test_an_image_with_another_tag_has_another_version_published():
    neutral = neutral_version(SIZE="1")
    one, two = (with_tags(neutral, {"web": tag}) for tag in (A, B))
    ids = [next(name for name in each["Resources"] if name.startswith(NEUTRAL_ID)) for each in (neutral, one, two)]
    assert len(set(ids)) == 3
    assert all(name.startswith(NEUTRAL_ID) and len(name) == len(NEUTRAL_ID) + 32 for name in ids)
    for template, name in zip((neutral, one, two), ids, strict=True):
        assert template["Outputs"]["Version"]["Value"] == {"Ref": name}
        assert template["Resources"]["Live"]["Properties"]["FunctionVersion"] == {"Fn::GetAtt": [name, "Version"]}
    assert retag(one, {A: B}) == two


def test_a_function_with_other_settings_has_another_version_published():
    assert neutral_version(SIZE="1") != neutral_version(SIZE="2")
    ids = [{*with_tags(neutral_version(SIZE=size), {"web": A})["Resources"]} for size in "12"]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("key", "value"),
    [("Tags", [{"Key": "a", "Value": "b"}]), ("ReservedConcurrentExecutions", 5), ("CodeSigningConfigArn", "arn:x")],
)
def test_what_a_version_does_not_have_publishes_none(key, value):
    """Lambda makes no second version of the same, and CloudFormation fails then."""
    mark, made = placeholder("web"), []
    for more in ({}, {key: value}):
        template = with_version(mark)
        template["Resources"]["Fn"]["Properties"] |= more
        made.append({*replace_texts(template, renamed_versions(template, [mark]))["Resources"]})
    assert made[0] == made[1]


def test_the_neutral_form_is_the_same_whatever_the_cdks_digits_are():
    mark = placeholder("web")
    made = [with_version(mark, digits=digits * 32) for digits in "0f"]
    one, two = (replace_texts(each, renamed_versions(each, [mark])) for each in made)
    assert made[0] != made[1]
    assert one == two


@pytest.mark.parametrize(
    "version",
    [
        {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": "fixed"}},
        {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Elsewhere"}}},
        {"Type": "AWS::Lambda::Version"},
        {"Type": "AWS::SNS::Topic", "Properties": {"FunctionName": {"Ref": "Fn"}}},
    ],
)
def test_what_is_no_version_of_such_a_function_keeps_its_id(version):
    template = {"Resources": {"Fn": function(A), NEUTRAL_ID + "a" * 32: version}}
    assert renamed_versions(template, [A]) == {}


def test_a_version_by_hand_and_one_of_another_function_keep_their_ids():
    version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}}}
    other = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Fn::GetAtt": ["Zip", "Arn"]}}}
    zipped = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "x"}}}
    template = {"Resources": {"Fn": function(A), "V1": version, "Zip": zipped, NEUTRAL_ID + "b" * 32: other}}
    assert renamed_versions(template, [A]) == {}


@pytest.mark.parametrize("template", ["a text", None, [], {"Resources": []}, {"Resources": {"A": "text"}}, {}])
def test_what_is_no_template_stays_as_it_is(template):
    assert with_tags(template, {"web": A}) == template
    assert without_tags(template, recorded(web=A)) == template


# --- nested templates


def nested_parent(digest: str, key: str, *, told: str = "") -> dict:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3/", f"{key}.json"]]}},
        "Metadata": {"rajee-deploy:template": digest, **({NESTED_KEY: told} if told else {})},
    }
    return {"Resources": {"Inner": nested, "Other": {"Type": "AWS::CloudFormation::Stack"}}}


def test_the_key_of_a_nested_template_is_no_part_of_the_neutral_form():
    mark, key = nested_placeholder("Inner.nested.template.json"), "d" * 64
    deployed = nested_parent("digest", key, told=f"{key} {mark}")
    assert without_tags(deployed, recorded(web=A)) == nested_parent("digest", mark)


@pytest.mark.parametrize(
    "told", ["", "e" * 64 + " " + nested_placeholder("Inner.nested.template.json"), nested_placeholder("Inner")]
)
def test_a_nested_template_that_somebody_put_there_differs(told):
    mark, key = nested_placeholder("Inner.nested.template.json"), "d" * 64
    assert without_tags(nested_parent("digest", key, told=told), recorded(web=A)) != nested_parent("digest", mark)


def test_another_content_of_a_nested_template_differs():
    mark, key = nested_placeholder("Inner.nested.template.json"), "d" * 64
    deployed = nested_parent("other", key, told=f"{key} {mark}")
    assert without_tags(deployed, recorded(web=A)) != nested_parent("digest", mark)


def test_a_content_is_digested_as_cloudformation_gives_it_back():
    assert content_digest({"a": "für", "b": 1}) == content_digest({"b": 1, "a": "f?r"})
    assert content_digest({"a": "für"}) != content_digest({"a": "fur"})
    assert content_digest({"é": 1, "z": 2}) == content_digest({"?": 1, "z": 2})


# --- properties


images = st.dictionaries(st.sampled_from(["web", "web.api", "web-2", "Fn", "a"]), tags, max_size=4).filter(
    lambda own: len({*own.values()}) == len(own)
)


@st.composite
def neutral_templates(draw):
    """A neutral template that names some images in many ways, and the images' tags."""
    own = draw(images)
    marks = [placeholder(name) for name in own]
    leaf = plain_texts
    if marks:
        mark = st.sampled_from(marks)
        leaf = st.one_of(plain_texts, mark, st.builds("{}:{} {}".format, plain_texts, mark, plain_texts))
    value = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(leaf.filter(str.isascii), inner, max_size=3),  # two keys may be given back as one
            st.builds(lambda text: {"Fn::Sub": text}, leaf),
            st.builds(lambda parts: {"Fn::Join": ["", parts]}, st.lists(inner, max_size=3)),
        ),
        max_leaves=8,
    )
    resources = {
        f"R{number}": {"Type": "A::B::C", "Properties": {"P": each}}
        for number, each in enumerate(draw(st.lists(value, max_size=4)))
    }
    for number, mark in enumerate(marks):
        if draw(st.booleans()):
            resources[f"Fn{number}"] = {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Code": {"ImageUri": mark}, "Description": draw(plain_texts)},
            }
            resources[f"Fn{number}Version{'0' * 32}"] = {
                "Type": "AWS::Lambda::Version",
                "Properties": {"FunctionName": {"Ref": f"Fn{number}"}},
            }
    template = {"Resources": resources, "Outputs": draw(value)}
    return replace_texts(template, renamed_versions(template, marks)), own


@given(neutral_templates())
def test_there_and_back(made):
    template, own = made
    told = with_tags(template, own)
    assert not has_placeholder(told)
    assert without_tags(told, [RecordedImage(name, REPOSITORY, tag) for name, tag in own.items()]) == template


@given(neutral_templates())
def test_there_and_back_as_cloudformation_gives_it_back(made):
    """It gives back a question mark for each character beyond ASCII."""
    template, own = made
    deployed = json.loads(
        "".join(each if each.isascii() else "?" for each in json.dumps(with_tags(template, own), ensure_ascii=False))
    )
    back = without_tags(deployed, [RecordedImage(name, REPOSITORY, tag) for name, tag in own.items()])
    assert given_back(back) == given_back(template)


@given(neutral_templates(), st.data())
def test_another_tag_makes_another_template_exactly_where_the_image_is_named(made, data):
    template, own = made
    if not own:
        return
    name = data.draw(st.sampled_from(sorted(own)))
    other = data.draw(tags.filter(lambda tag: tag not in own.values()))
    told = with_tags(template, own)
    marks = {placeholder(each) for each in own if each.startswith(name) and each != name}
    text = json.dumps(template)
    for mark in marks:
        text = text.replace(mark, "")
    is_named = placeholder(name) in text
    assert (with_tags(template, {**own, name: other}) != told) == is_named
    wrong = [RecordedImage(each, REPOSITORY, other if each == name else tag) for each, tag in own.items()]
    assert (without_tags(told, wrong) != template) == is_named


@pytest.mark.parametrize(
    ("text", "name"), [("rajee-image.web", "web"), ("x rajee-image.web", ""), ("c-1", ""), ("", "")]
)
def test_what_a_text_is_the_placeholder_of(text, name):
    assert placeholder_name(text) == name
