"""The list that a template carries: what counts as one, and that it is no part of the template."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.plan.carried import (
    KEY,
    SCHEMA,
    WITH_IMAGES,
    carried_of,
    decode,
    encode,
    with_carried,
    without_carried,
)
from rajee_deploy.plan.state import StackContent
from rajee_deploy.plan.template_differences import as_sent, given_back, record_of

DOCUMENT = {
    "schema": SCHEMA,
    "entries": [["file", "app.py"], ["list", "services"], ["outside:absent", "~/.apprc"], ["file", "größe.json"]],
    "variables": ["SIZE"],
    "toolchain": {"node": "20.1.0"},
    "obstacles": [],
}
IMAGE = {
    "name": "api",
    "source": "services/api",
    "dockerfile": "docker/Dockerfile",
    "target": "",
    "platform": "linux/amd64",
    "build-args": {"VERSION": "1"},
    "build-contexts": {"lib": "./lib", "base": "docker-image://base"},
}
WITH = {**DOCUMENT, "schema": WITH_IMAGES, "images": [IMAGE]}
EMPTY = {"schema": SCHEMA, "entries": [], "variables": [], "toolchain": {}, "obstacles": []}
names = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
metadata = st.dictionaries(names.filter(lambda name: name != KEY), values, max_size=3)
templates = st.dictionaries(names.filter(lambda name: name != "Metadata"), values, max_size=3) | st.builds(
    lambda rest, meta: {**rest, "Metadata": meta},
    st.dictionaries(names, values, max_size=3),
    metadata,
)


@given(templates)
def test_it_is_no_part_of_the_template(template):
    carrying = with_carried(template, encode(DOCUMENT))
    assert carried_of(carrying) == DOCUMENT
    for digest in (given_back, as_sent):
        assert digest(carrying) == digest(template)
    assert record_of(StackContent(given_back(carrying))) == record_of(StackContent(given_back(template)))
    assert without_carried(carrying) == without_carried(template)
    assert without_carried(without_carried(carrying)) == without_carried(carrying)


@given(templates, templates)
def test_it_hides_no_difference(one, other):
    assert (given_back(one) == given_back(with_carried(other, encode(DOCUMENT)))) == (
        given_back(one) == given_back(other)
    )


def test_all_other_metadata_counts():
    bare, other = {"Resources": {}}, {"Resources": {}, "Metadata": {"a": 1}}
    assert given_back(bare) == given_back({**bare, "Metadata": {}}) == given_back(with_carried(bare, "x"))
    assert given_back(bare) != given_back(other) != given_back({**bare, "Metadata": {"a": 2}})
    assert given_back({**bare, "Metadata": {KEY: 1, "a": 1}}) == given_back(other)
    assert given_back(bare) != given_back({"Resources": {"Metadata": {}}})
    assert given_back({"Resources": {"X": {"Metadata": {KEY: 1}}}}) != given_back({"Resources": {"X": {}}})


def test_what_is_given_back_of_it_is_what_was_sent():
    """CloudFormation gives back `?` for every character beyond ASCII."""
    text = encode(DOCUMENT)
    assert text.isascii()
    sent = json.loads(json.dumps(with_carried({}, text), ensure_ascii=False))
    returned = json.loads("".join(c if c < "\x80" else "?" for c in json.dumps(sent, ensure_ascii=False)))
    assert carried_of(returned) == DOCUMENT


def test_equal_lists_are_equal_texts():
    assert encode(dict(reversed(DOCUMENT.items()))) == encode(DOCUMENT)
    assert decode(encode(EMPTY)) == EMPTY
    assert decode(encode(WITH)) == WITH


def changed(**parts):
    return {**DOCUMENT, **parts}


def with_image(**parts):
    return {**WITH, "images": [IMAGE, {**IMAGE, **parts}]}


BAD = {
    "images, by a schema that has none": changed(images=[IMAGE]),
    "no images, by a schema that has them": {**DOCUMENT, "schema": WITH_IMAGES},
    "an empty list of images": {**WITH, "images": []},
    "images are a table": {**WITH, "images": {"api": IMAGE}},
    "an image is a text": {**WITH, "images": ["api"]},
    "an image has a key more": with_image(more=""),
    "an image has a key less": {**WITH, "images": [{key: value for key, value in IMAGE.items() if key != "target"}]},
    "a target is none": with_image(target=None),
    "a name has a NUL": with_image(name="a\0"),
    "a build context is absolute": with_image(source="/etc"),
    "a build context leads out": with_image(source="a/../.."),
    "a build context is somebody's": with_image(source="~/.ssh"),
    "a Dockerfile leads out": with_image(dockerfile="../Dockerfile"),
    "a Dockerfile is absolute": with_image(dockerfile="/etc/passwd"),
    "a named build context leads out": with_image(**{"build-contexts": {"lib": "../lib"}}),
    "a named build context is absolute": with_image(**{"build-contexts": {"lib": "/lib"}}),
    "arguments are a list": with_image(**{"build-args": ["A"]}),
    "an argument is a number": with_image(**{"build-args": {"A": 1}}),
    "another schema": changed(schema="rajee-deploy.list/2"),
    "no schema": {key: value for key, value in DOCUMENT.items() if key != "schema"},
    "a key more": changed(more=[]),
    "a key less": {key: value for key, value in DOCUMENT.items() if key != "obstacles"},
    "entries are no list": changed(entries={"file": "a"}),
    "an entry is a text": changed(entries=["file a"]),
    "an entry is a kind alone": changed(entries=[["file"]]),
    "an entry is empty": changed(entries=[[]]),
    "an entry is a number": changed(entries=[["file", 1]]),
    "an entry holds a list": changed(entries=[["file", ["a"]]]),
    "a path is absolute": changed(entries=[["file", "/etc/passwd"]]),
    "a path is somebody's": changed(entries=[["file", "~/.aws/credentials"]]),
    "a path leads out": changed(entries=[["file", "../secret"]]),
    "a path leads out by and by": changed(entries=[["list", "a/../../secret"]]),
    "a path has a NUL": changed(entries=[["file", "a\0b"]]),
    "variables are a text": changed(variables="SIZE"),
    "a variable is none": changed(variables=[None]),
    "a variable has a NUL": changed(variables=["A\0B"]),
    "the toolchain is a list": changed(toolchain=["node"]),
    "a part of the toolchain is a number": changed(toolchain={"node": 20}),
    "obstacles are numbers": changed(obstacles=[1]),
    "a list": [DOCUMENT],
    "null": None,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_wholly_a_list_is_none(name):
    bad = copy.deepcopy(BAD[name])
    assert decode(json.dumps(bad)) is None
    assert carried_of({"Metadata": {KEY: json.dumps(bad)}}) is None
    with pytest.raises(ValueError, match="no document"):
        encode(bad)


@pytest.mark.parametrize(
    "template",
    [
        None,
        [],
        "Metadata: {}",
        {},
        {"Metadata": None},
        {"Metadata": [KEY]},
        {"Metadata": {}},
        {"Metadata": {KEY: DOCUMENT}},
        {"Metadata": {KEY: None}},
        {"Metadata": {KEY: ""}},
        {"Metadata": {KEY: "{"}},
        {"Metadata": {KEY: "[" * 100_000}},
        {"Metadata": {KEY: "9" * 10_000}},
        {"Metadata": {KEY: "NaN"}},
    ],
)
def test_a_template_without_a_list_carries_none(template):
    assert carried_of(template) is None


@given(values)
def test_no_document_of_whomever_does_harm(value):
    assert decode(json.dumps(value)) is None
    assert carried_of({"Metadata": {KEY: value}}) is None
    without_carried({"Metadata": value})
