"""Which properties replace a resource, as the installed CDK CLI knows it, and what becomes of a list that is none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from rajee_deploy.plan.replacement import Replacement
from rajee_deploy.synth.resource_specification import read_specification

INFRA = Path(__file__).parents[2] / "infra"
QUEUE = {"$id": "1", "cloudFormationType": "A::Q", "properties": {"Name": {"causesReplacement": "yes"}, "Other": {}}}
TABLE = {"$id": "2", "cloudFormationType": "A::T", "properties": {"Key": {"causesReplacement": "maybe"}}}
PLAIN = {"$id": "3", "cloudFormationType": "A::P", "properties": {}}


def document(*entities):
    return {"schema": {"resource": {"type": "entities", "entities": [*entities]}, "region": {"type": "entities"}}}


def install(folder, text):
    package = folder / "node_modules" / "aws-cdk"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "2.1148.1"}')
    (package / "db.json.gz").write_bytes(text)


def packed(value):
    return gzip.compress(json.dumps(value, separators=(",", ":")).encode())


def test_types_are_found_wherever_they_stand_and_others_are_not_known(tmp_path):
    install(tmp_path, packed(document(QUEUE, PLAIN, TABLE)))
    found = read_specification(tmp_path, ["A::Q", "A::T", "A::P", "A::Z"])
    assert found.of("A::Q", "Name") is Replacement.YES
    assert found.of("A::Q", "Other") is Replacement.NO
    assert found.of("A::T", "Key") is Replacement.MAYBE
    assert found.of("A::P", "Any") is Replacement.NO
    assert found.of("A::Z", "Any") is Replacement.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no gzip",
        packed(document(QUEUE))[:-9],
        packed([]),
        gzip.compress(json.dumps(document(QUEUE)).encode()),  # with spaces: another form
        packed(document({**QUEUE, "properties": ["Name"]})),
        packed(document({**QUEUE, "properties": {"Name": "yes"}})),
    ],
)
def test_a_list_of_another_form_is_not_known(tmp_path, text):
    install(tmp_path, text)
    assert read_specification(tmp_path, ["A::Q"]).of("A::Q", "Name") is Replacement.UNKNOWN


def test_without_a_cli_or_its_list_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not read_specification(tmp_path, ["A::Q"]).types
    install(tmp_path, b"")
    (tmp_path / "node_modules/aws-cdk/db.json.gz").unlink()
    assert not read_specification(tmp_path, ["A::Q"]).types


def test_a_custom_resource_is_replaced_by_another_provider_alone(tmp_path):
    kind = "AWS::CloudFormation::CustomResource"
    found = read_specification(tmp_path, [kind])
    assert [found.of(kind, name) for name in ("ServiceToken", "Any")] == [Replacement.YES, Replacement.NO]


@pytest.mark.cdk
def test_of_the_installed_list_all_is_read_as_a_parser_would():
    entities = json.loads(gzip.decompress((INFRA / "node_modules/aws-cdk/db.json.gz").read_bytes()))["schema"]
    wanted = {
        each["cloudFormationType"]: {
            name: Replacement(part["causesReplacement"])
            for name, part in each["properties"].items()
            if part.get("causesReplacement", "no") != "no"
        }
        for each in entities["resource"]["entities"]
    }
    custom = "AWS::CloudFormation::CustomResource"
    found = read_specification(INFRA, wanted).types
    assert len(wanted) > 1000
    assert {**found, custom: {}} == {**wanted, custom: {}}
