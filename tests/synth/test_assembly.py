"""What of a cloud assembly is compared with what is deployed."""

from __future__ import annotations

import json

import pytest

from rajee_deploy.plan.template_differences import as_sent, given_back
from rajee_deploy.synth.assembly import synthesised_stacks

TEMPLATE = {"Parameters": {"Tag": {"Type": "String"}}, "Outputs": {"O": {"Value": {"Ref": "Tag"}}}, "Description": "ü"}


@pytest.fixture
def synthesised(tmp_path, monkeypatch):
    """One stack whose manifest has these properties, from an app with this cdk.json."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()

    def make(properties=None, configuration=None, **artifact):
        app, out = tmp_path / "app", tmp_path / "out"
        app.mkdir()
        out.mkdir()
        (app / "cdk.json").write_text(json.dumps(configuration or {}))
        (out / "App.json").write_text(json.dumps(TEMPLATE))
        (out / "more.json").write_text(json.dumps(artifact.pop("more", {})))
        artifact |= {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "App.json", **(properties or {})},
        }
        (out / "manifest.json").write_text(json.dumps({"artifacts": {"App": artifact, "Other": {"type": "cdk:tree"}}}))
        return synthesised_stacks(out, app)

    return make


def test_a_plain_stack(synthesised):
    (stack,) = synthesised().values()
    assert (stack.content.template, stack.sent) == (given_back(TEMPLATE), as_sent(TEMPLATE))
    assert (stack.parameters, stack.volatile, stack.leaves_topics) == (("Tag",), (), True)
    assert (stack.content.tags, stack.content.termination_protection) == ({}, False)


def test_what_lies_around_the_template(synthesised):
    stacks = synthesised(
        {"stackName": "named", "tags": {"a": "b"}, "notificationArns": ["arn"], "terminationProtection": True}
    )
    content = stacks["App"].content
    assert (content.tags, content.notification_arns, content.termination_protection) == ({"a": "b"}, ("arn",), True)
    assert not stacks["App"].leaves_topics


def test_no_topics_is_not_the_same_as_none_named(synthesised):
    assert not synthesised({"notificationArns": []})["App"].leaves_topics


def test_tags_of_cdk_json_go_before_the_stacks(synthesised):
    stacks = synthesised({"tags": {"a": "b"}}, {"tags": [{"Key": "c", "Value": "d"}]})
    assert stacks["App"].content.tags == {"c": "d"}


ENTRY = {"/App": [{"type": "aws:cdk:stack-tags", "data": [{"key": "a", "value": "b"}]}], "/App/X": [{"type": "x"}]}


@pytest.mark.parametrize("artifact", [{"metadata": ENTRY}, {"additionalMetadataFile": "more.json", "more": ENTRY}])
def test_tags_in_metadata(synthesised, artifact):
    assert synthesised(**artifact)["App"].content.tags == {"a": "b"}
